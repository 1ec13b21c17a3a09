/**
 * What one decision of the forwarding program costs, alone (BPF_PROG_TEST_RUN): an established packet and the first packet of a
 * connection, for each method, with few and many real servers, few and many connections. Outside the guest in nanoseconds;
 * under `scripts/kernel-vm` with KVM_ICOUNT=1 a nanosecond is an instruction, and the figures are the same in every run.
 *
 *   node build/tools/bench/decisions.js             nanoseconds, all cases
 *   node build/tools/bench/decisions.js --json      instructions of the recorded cases, as one line of JSON
 */

import { argv, stdout } from 'node:process'
import { address } from '../src/base/index.ts'
import * as layout from '../src/forwarding/ebpf/layout.ts'
import type { Destination, Service } from '../src/forwarding/index.ts'
import { type ForwardingMethod, serviceKey } from '../src/model/index.ts'
import { Bench } from '../test/bpf/bench.ts'
import { ACK, frame, SYN } from '../test/bpf/frames.ts'

const VIP = '192.0.2.240'
const CLIENT = '198.51.100.7'
const METHODS = ['dr', 'nat', 'tun'] as const

const brief = argv.includes('--json')
const runs = brief ? 15 : 2000

/** The middle one: a run now and then is interrupted. */
const middle = (figures: number[]): number => figures.sort((a, b) => a - b)[figures.length >> 1] as number

class Scene {
  readonly bench: Bench
  #port = 1024
  constructor(method: ForwardingMethod, servers: number, scheduler: Service['scheduler'], tableSize: number) {
    this.bench = new Bench(tableSize)
    const service: Service = {
      address: { kind: 'address', protocol: 'tcp', address: address(VIP), port: 80 },
      scheduler,
      onePacket: false,
      ...(method === 'fullnat' && { localAddresses: [address('10.255.0.1')] }),
    }
    const destination = (i: number): Destination => ({
      address: address(`10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`),
      port: 80,
      weight: 1,
      method,
      upperThreshold: 0,
      lowerThreshold: 0,
    })
    this.bench.apply([
      { type: 'put-service', service },
      ...Array.from({ length: servers }, (_, i) => ({
        type: 'put-destination' as const,
        serviceKey: serviceKey(service.address),
        destination: destination(i + 1),
      })),
    ])
  }

  #frame(sourcePort: number, flags: number): Uint8Array {
    return frame({ source: CLIENT, target: VIP, sourcePort, targetPort: 80, flags })
  }

  #run(bytes: Uint8Array): number {
    const { error, verdict, nanoseconds } = this.bench.director.programs.director.run(bytes)
    if (error < 0) throw new Error(`BPF_PROG_TEST_RUN: ${error}`)
    if (verdict !== 7) throw new Error(`the packet was not forwarded but had the verdict ${verdict}`)
    return nanoseconds
  }

  /** One connection, then its packets. */
  established(): number {
    const port = this.#port++
    this.#run(this.#frame(port, SYN))
    this.#run(this.#frame(port, ACK))
    const packet = this.#frame(port, ACK)
    return middle(Array.from({ length: runs }, () => this.#run(packet)))
  }

  first(): number {
    return middle(Array.from({ length: runs }, () => this.#run(this.#frame(this.#port++, SYN))))
  }

  /** Fills the table with so many more connections, copies of one. */
  fill(count: number): void {
    const port = this.#port++
    this.#run(this.#frame(port, SYN))
    this.#run(this.#frame(port, ACK))
    const { connections } = this.bench.director.maps
    const slice = [...connections.slices(16)][0]
    if (slice === undefined) throw new Error('no connection to copy')
    const one = {
      key: slice.keys.slice(0, layout.ipv4.flow.size),
      value: slice.values.slice(0, connections.info.valueSize),
    }
    const BATCH = 50_000
    for (let from = 0; from < count; from += BATCH) {
      const size = Math.min(BATCH, count - from)
      const keys = new Uint8Array(size * one.key.length)
      const values = new Uint8Array(size * one.value.length)
      const view = new DataView(keys.buffer)
      for (let i = 0; i < size; i++) {
        keys.set(one.key, i * one.key.length)
        view.setUint32(i * one.key.length, 0x0b000000 + from + i)
        values.set(one.value, i * one.value.length)
      }
      const done = connections.updateBatch(keys, values, size)
      if (!done.ok) throw new Error(done.error.message)
    }
  }
}

function within<T>(scene: Scene, use: (scene: Scene) => T): T {
  try {
    return use(scene)
  } finally {
    scene.bench.close()
  }
}

if (brief) {
  const figures: Record<string, number> = {}
  for (const method of METHODS) {
    within(new Scene(method, 10, 'rr', 4096), (scene) => {
      figures[`${method} established`] = scene.established()
      figures[`${method} first packet, rr`] = scene.first()
    })
  }
  within(new Scene('dr', 10, 'wlc', 4096), (scene) => {
    figures['dr first packet, wlc of 10'] = scene.first()
  })
  stdout.write(`${JSON.stringify(figures)}\n`)
} else {
  stdout.write('Nanoseconds of the program alone, a packet (median; scheduler wlc)\n')
  stdout.write(
    `${'method'.padEnd(10)}${'servers'.padStart(9)}${'connections'.padStart(13)}${'established'.padStart(13)}${'first'.padStart(9)}\n`,
  )
  for (const method of METHODS) {
    for (const [servers, connections] of [
      [10, 1],
      [100, 1],
      [1000, 1],
      [10, 1_000_000],
    ] as const) {
      within(new Scene(method, servers, 'wlc', connections > 1 ? 2_100_000 : 65_536), (scene) => {
        if (connections > 1) scene.fill(connections)
        const row = [method.padEnd(10), String(servers).padStart(9), String(connections).padStart(13)]
        stdout.write(`${row.join('')}${String(scene.established()).padStart(13)}${String(scene.first()).padStart(9)}\n`)
      })
    }
  }
}
