/**
 * Hosts around one director, for the traffic tests: a client and two servers for direct routing on one segment, two
 * servers for NAT behind the director on another one. This process itself enters the director's network, so that the
 * backend under test runs in it like a daemon would; other hosts are reached by nsenter.
 */

import { closeSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { address, silentLog } from '../../src/base/index.ts'
import { type EbpfOptions, openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import {
  type Destination,
  type ForwardingBackend,
  type Service,
  serviceKey,
  type TableOp,
} from '../../src/forwarding/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { type Host, type Lab, openLab, until } from '../lab/library/index.ts'

export const VIP = address('192.0.2.240')
export const VIP6 = address('2001:db8::240')
const home = openSync('/proc/thread-self/ns/net', 'r')
let made = 0

export type Cluster = {
  readonly lab: Lab
  readonly client: Host
  readonly director: Host
  /** dr1, dr2, nat1, nat2. */
  readonly servers: readonly Host[]
  readonly pinDirectory: string
  open(options?: Partial<EbpfOptions>): Promise<ForwardingBackend>
  /** Leaves the director's network and removes everything. */
  close(): void
}

export async function openCluster(): Promise<Cluster> {
  const lab = openLab()
  const front = lab.segment('front')
  const back = lab.segment('back')
  const client = lab.host('client', {
    eth0: {
      segment: front,
      addresses: ['192.0.2.100/24', '192.0.2.101/24', '192.0.2.102/24', '2001:db8::100/64', '2001:db8::101/64'],
    },
  })
  const director = lab.host('director', {
    eth0: { segment: front, addresses: ['192.0.2.1/24', `${VIP}/24`, '2001:db8::1/64', `${VIP6}/64`] },
    eth1: { segment: back, addresses: ['198.51.100.1/24', '2001:db8:2::1/64'] },
  })
  const program = join(import.meta.dirname, 'echo-server.mjs')
  const servers: Host[] = []
  const processes = []
  for (const [name, last] of [
    ['dr1', 11],
    ['dr2', 12],
  ] as const) {
    const host = lab.host(name, { eth0: { segment: front, addresses: [`192.0.2.${last}/24`, `2001:db8::${last}/64`] } })
    host.takeVirtualAddress(VIP)
    // Nobody asks for a neighbour by an address of the loopback.
    host.ip('addr', 'add', `${VIP6}/128`, 'dev', 'lo', 'nodad')
    servers.push(host)
    processes.push(host.spawn('echo', [process.execPath, program, name, '80', '443']))
  }
  for (const [name, last] of [
    ['nat1', 11],
    ['nat2', 12],
  ] as const) {
    const host = lab.host(name, {
      eth0: { segment: back, addresses: [`198.51.100.${last}/24`, `2001:db8:2::${last}/64`] },
    })
    host.ip('route', 'add', 'default', 'via', '198.51.100.1')
    host.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:2::1')
    servers.push(host)
    processes.push(host.spawn('echo', [process.execPath, program, name, '8080']))
  }
  for (const server of processes) await until('servers answer', () => server.output.includes('ready'))
  const pinDirectory = `/sys/fs/bpf/holdfast-h2-${process.pid}-${made++}`
  enter(`/run/netns/${director.namespace}`)
  return {
    lab,
    client,
    director,
    servers,
    pinDirectory,
    async open(options = {}) {
      const backend = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 16_384, ...options })
      if (!backend.ok) throw new Error(backend.error.message)
      return backend.value
    },
    close() {
      enter(`/proc/self/fd/${home}`)
      lab.close()
      rmSync(pinDirectory, { recursive: true, force: true })
    },
  }
}

function enter(which: string): void {
  const entered = enterNetworkNamespace(which)
  if (!entered.ok) throw new Error(entered.error.message)
}

export const closeHome = (): void => closeSync(home)

export const service = (
  port: number,
  more: Partial<Service> & { readonly protocol?: 'tcp' | 'udp' | 'sctp' } = {},
): Service => {
  const { protocol = 'tcp', ...rest } = more
  return {
    address: { kind: 'address', protocol, address: VIP, port },
    scheduler: 'rr',
    onePacket: false,
    ...rest,
  }
}

export const keyOf = (port: number, protocol = 'tcp'): string => `${protocol}/${VIP}:${port}`

export const destination = (
  to: string,
  port: number,
  method: 'nat' | 'dr',
  more: Partial<Destination> = {},
): Destination => ({
  address: address(to),
  port,
  weight: 1,
  method,
  upperThreshold: 0,
  lowerThreshold: 0,
  ...more,
})

/** The ops that put a service with its destinations. */
export const put = (of: Service, destinations: readonly Destination[]): TableOp[] => {
  const key = serviceKey(of.address)
  return [
    { type: 'put-service', service: of },
    ...destinations.map((one) => ({ type: 'put-destination', serviceKey: key, destination: one }) as const),
  ]
}

/** Applies and expects success. */
export async function applied(backend: ForwardingBackend, ops: readonly TableOp[]): Promise<void> {
  for (const result of await backend.apply(ops)) if (!result.ok) throw new Error(result.error.message)
}
