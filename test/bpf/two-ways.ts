/**
 * A director between a client and servers of both families, some near and some behind a router whose way is narrower, and the
 * embedded core in it. The caller puts up the servers.
 */
import { closeSync, openSync, rmSync } from 'node:fs'
import { address, silentLog } from '../../src/base/index.ts'
import { openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import { type Destination, type ForwardingBackend, type Service, serviceKey } from '../../src/forwarding/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { type Host, type InterfacePlan, type Lab, openLab } from '../lab/library/index.ts'

export const VIP = { 4: '192.0.2.240', 6: '2001:db8:1::240' } as const
export const DIRECTOR = { 4: '198.51.100.1', 6: '2001:db8:2::1' } as const
export const SERVER = { 4: '198.51.100.11', 6: '2001:db8:2::11' } as const
/** Behind the router. */
export const FAR = { 4: '203.0.113.11', 6: '2001:db8:3::11' } as const

export const families = [4, 6] as const
export const url = (family: 4 | 6, port = 80): string => `http://${family === 6 ? `[${VIP[6]}]` : VIP[4]}:${port}/`

/** Interfaces of servers: towards the director, or the router, and past both to the client. */
export type Places = Readonly<Record<'near' | 'far' | 'front' | 'otherFront', InterfacePlan>>

export type TwoWays = {
  readonly lab: Lab
  readonly client: Host
  readonly director: Host
  readonly places: Places
  /** This process enters the director. */
  open(connectionTableSize: number): Promise<ForwardingBackend>
  readonly pinDirectory: string
  /** What curl says at the client, or complains of. */
  curl(seconds: number, ...words: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** @param farMtu  of the way behind the router */
export function openTwoWays(name: string, farMtu: number): TwoWays {
  const pinDirectory = `/sys/fs/bpf/holdfast-${name}-${process.pid}`
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const enter = (path: string): void => {
    const entered = enterNetworkNamespace(path)
    if (!entered.ok) throw new Error(entered.error.message)
  }
  const lab = openLab()
  const front = lab.segment('front')
  const back = lab.segment('back')
  const beyond = lab.segment('beyond')
  const client = lab.host('client', { eth0: { segment: front, addresses: ['192.0.2.100/24', '2001:db8:1::100/64'] } })
  const director = lab.host('director', {
    eth0: { segment: front, addresses: ['192.0.2.1/24', `${VIP[4]}/24`, '2001:db8:1::1/64', `${VIP[6]}/64`] },
    eth1: { segment: back, addresses: [`${DIRECTOR[4]}/24`, `${DIRECTOR[6]}/64`] },
  })
  const router = lab.host('router', {
    eth0: { segment: back, addresses: ['198.51.100.254/24', '2001:db8:2::fe/64'] },
    eth1: { segment: beyond, addresses: ['203.0.113.1/24', '2001:db8:3::1/64'] },
  })
  router.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  router.ip('link', 'set', 'eth1', 'mtu', String(farMtu))
  director.ip('route', 'add', '203.0.113.0/24', 'via', '198.51.100.254')
  director.ip('route', 'add', '2001:db8:3::/64', 'via', '2001:db8:2::fe')
  let backend: ForwardingBackend | undefined
  return {
    lab,
    client,
    director,
    places: {
      near: { segment: back, addresses: [`${SERVER[4]}/24`, `${SERVER[6]}/64`] },
      far: { segment: beyond, addresses: [`${FAR[4]}/24`, `${FAR[6]}/64`] },
      front: { segment: front, addresses: ['192.0.2.11/24', '2001:db8:1::11/64'] },
      otherFront: { segment: front, addresses: ['192.0.2.12/24', '2001:db8:1::12/64'] },
    },
    pinDirectory,
    async open(connectionTableSize) {
      enter(`/run/netns/${director.namespace}`)
      const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize })
      if (!opened.ok) throw new Error(opened.error.message)
      backend = opened.value
      return backend
    },
    async curl(seconds, ...words) {
      const { stdout, stderr } = await client.exec('curl', '-s', '-S', '-g', '--max-time', String(seconds), ...words)
      return stdout.trim() || stderr.trim()
    },
    async close() {
      await backend?.close('nothing')
      enter(`/proc/self/fd/${home}`)
      closeSync(home)
      lab.close()
      rmSync(pinDirectory, { recursive: true, force: true })
    },
  }
}

/** Two hosts: one near, one behind the router, which goes back that way; both reach the client past the director. */
export function nearAndFar({ lab, places }: TwoWays): readonly [server: Host, far: Host] {
  const server = lab.host('server', { eth0: places.near, eth1: places.front })
  const far = lab.host('far', { eth0: places.far, eth1: places.otherFront })
  far.ip('route', 'add', '198.51.100.0/24', 'via', '203.0.113.1')
  far.ip('route', 'add', '2001:db8:2::/64', 'via', '2001:db8:3::1')
  return [server, far]
}

/** So many random bytes in a file of the client, and their SHA-256. */
export async function randomFile(
  client: Host,
  bytes: number,
): Promise<{ readonly path: string; readonly sum: string }> {
  const path = client.file('bulk', '')
  await client.exec('sh', '-c', `head -c ${bytes} /dev/urandom > ${path}`)
  const { stdout } = await client.exec('sha256sum', path)
  return { path, sum: stdout.split(' ')[0] ?? '' }
}

/** The one server of a service of this port, which is put anew. */
export async function serveBy(
  backend: ForwardingBackend,
  family: 4 | 6,
  port: number,
  to: Pick<Destination, 'method' | 'tunnel'> & { readonly address: string },
  more: Partial<Service> & { readonly protocol?: 'tcp' | 'udp' } = {},
): Promise<void> {
  const { protocol = 'tcp', ...rest } = more
  const service: Service = {
    address: { kind: 'address', protocol, address: address(VIP[family]), port },
    scheduler: 'rr',
    onePacket: false,
    ...rest,
  }
  const key = serviceKey(service.address)
  const limits = { weight: 1, upperThreshold: 0, lowerThreshold: 0 }
  const results = await backend.apply([
    { type: 'remove-service', serviceKey: key },
    { type: 'put-service', service },
    { type: 'put-destination', serviceKey: key, destination: { ...limits, ...to, address: address(to.address), port } },
  ])
  for (const result of results) if (!result.ok) throw new Error(result.error.message)
}
