/** A service with its destinations around the program alone, and packets for it. */
import { address } from '../src/base/index.ts'
import { ipv4 } from '../src/forwarding/ebpf/layout.ts'
import type { Destination, Service } from '../src/forwarding/index.ts'
import { type ForwardingMethod, serviceKey } from '../src/model/index.ts'
import { Bench } from '../test/bpf/bench.ts'
import { ACK, frame, SYN } from '../test/bpf/frames.ts'

export const METHODS = ['dr', 'nat', 'tun', 'fullnat'] as const

const ADDRESSES = {
  4: { vip: '192.0.2.240', client: '198.51.100.7', local: '10.255.0.1' },
  6: { vip: '2001:db8::240', client: '2001:db8:1::7', local: '2001:db8:ff::1' },
} as const

/** Where struct connection has the time of its latest packet. */
const SEEN = ipv4.connection.fields.find(([name]) => name === 'seen')?.[1] ?? Number.NaN

/** TC_ACT_REDIRECT of linux/pkt_cls.h. */
const REDIRECT = 7

/** The middle one: a run now and then is interrupted. */
const middle = (figures: number[]): number => figures.sort((a, b) => a - b)[figures.length >> 1] as number

export type Plan = {
  readonly method: ForwardingMethod
  readonly servers?: number
  readonly scheduler?: Service['scheduler']
  readonly family?: 4 | 6
  readonly tableSize: number
}

export class Scene {
  readonly bench: Bench
  readonly #family: 4 | 6
  #port = 1024

  constructor({ method, servers = 10, scheduler = 'rr', family = 4, tableSize }: Plan) {
    this.#family = family
    const { vip, local } = ADDRESSES[family]
    this.bench = new Bench(tableSize)
    const service: Service = {
      address: { kind: 'address', protocol: 'tcp', address: address(vip), port: 80 },
      scheduler,
      onePacket: false,
      ...(method === 'fullnat' && { localAddresses: [address(local)] }),
    }
    const destination = (i: number): Destination => ({
      address: address(family === 4 ? `10.1.${i >> 8}.${i & 255}` : `2001:db8:2::${i.toString(16)}`),
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
    const { client, vip } = ADDRESSES[this.#family]
    return frame({ source: client, target: vip, sourcePort, targetPort: 80, flags })
  }

  #run(bytes: Uint8Array): number {
    const { error, verdict, nanoseconds } = this.bench.director.programs.director.run(bytes)
    if (error < 0) throw new Error(`BPF_PROG_TEST_RUN: ${error}`)
    if (verdict !== REDIRECT) throw new Error(`the packet was not forwarded but had the verdict ${verdict}`)
    return nanoseconds
  }

  /** A connection that has been acknowledged; its port. */
  #open(): number {
    const port = this.#port++
    this.#run(this.#frame(port, SYN))
    this.#run(this.#frame(port, ACK))
    return port
  }

  /** One connection, then its packets. */
  established(runs: number): number {
    const packet = this.#frame(this.#open(), ACK)
    return middle(Array.from({ length: runs }, () => this.#run(packet)))
  }

  /** The same from the server. */
  reply(runs: number): number {
    const port = this.#open()
    const { client } = ADDRESSES[this.#family]
    const chosen = this.bench.connections().find((one) => one.clientPort === port)
    if (chosen === undefined) throw new Error('the connection is not there')
    const packet = frame({ source: chosen.destination, target: client, sourcePort: 80, targetPort: port, flags: ACK })
    return middle(Array.from({ length: runs }, () => this.#run(packet)))
  }

  /** Each of another connection. */
  first(runs: number): number {
    return middle(Array.from({ length: runs }, () => this.#run(this.#frame(this.#port++, SYN))))
  }

  /**
   * Fills the table with so many connections, copies of one; the same ones each time. IPv4.
   * @param ago  seconds since their latest packet
   */
  fill(count: number, ago = 0): void {
    this.#open()
    const { connections } = this.bench.director.maps
    const { keySize, valueSize } = connections.info
    const slice = [...connections.slices(16)][0]
    if (slice === undefined) throw new Error('no connection to copy')
    const key = slice.keys.slice(0, keySize)
    const value = slice.values.slice(0, valueSize)
    const old = new DataView(value.buffer)
    old.setUint32(SEEN, old.getUint32(SEEN, true) - ago, true)
    const BATCH = 50_000
    for (let from = 0; from < count; from += BATCH) {
      const size = Math.min(BATCH, count - from)
      const keys = new Uint8Array(size * keySize)
      const values = new Uint8Array(size * valueSize)
      const view = new DataView(keys.buffer)
      for (let i = 0; i < size; i++) {
        keys.set(key, i * keySize)
        view.setUint32(i * keySize, 0x0b000000 + from + i)
        values.set(value, i * valueSize)
      }
      const done = connections.updateBatch(keys, values, size)
      if (!done.ok) throw new Error(done.error.message)
    }
  }
}

export function within<T>(scene: Scene, use: (scene: Scene) => T): T {
  try {
    return use(scene)
  } finally {
    scene.bench.close()
  }
}
