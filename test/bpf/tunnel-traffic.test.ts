/**
 * Real traffic through tunnels, with the offloads that veth has by default and without. The server's end of the tunnels is
 * test/bpf/decap.bpf.c; that of the kernel is in test/kernel.
 */
import { closeSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address, silentLog } from '../../src/base/index.ts'
import { openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import { type ForwardingBackend, type Service, serviceKey, type TableOp } from '../../src/forwarding/index.ts'
import type { Tunnel } from '../../src/model/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { type Host, type Lab, openLab, until } from '../lab/library/index.ts'

const VIP = { 4: '192.0.2.240', 6: '2001:db8:1::240' } as const
const SERVER = { 4: '198.51.100.11', 6: '2001:db8:2::11' } as const
const DIRECTOR = { 4: '198.51.100.1', 6: '2001:db8:2::1' } as const
/** Behind a router whose way there carries 1400 bytes. */
const FAR = { 4: '203.0.113.11', 6: '2001:db8:3::11' } as const
const BULK_MB = 64

const pinDirectory = `/sys/fs/bpf/holdfast-tunnels-${process.pid}`
const home = openSync('/proc/thread-self/ns/net', 'r')
let lab: Lab
let client: Host
let director: Host
let server: Host
let far: Host
let backend: ForwardingBackend
let bulk: string
let bulkSum: string

const enter = (path: string): void => {
  const entered = enterNetworkNamespace(path)
  if (!entered.ok) throw new Error(entered.error.message)
}

beforeAll(async () => {
  lab = openLab()
  const front = lab.segment('front')
  const back = lab.segment('back')
  client = lab.host('client', { eth0: { segment: front, addresses: ['192.0.2.100/24', '2001:db8:1::100/64'] } })
  director = lab.host('director', {
    eth0: { segment: front, addresses: ['192.0.2.1/24', `${VIP[4]}/24`, '2001:db8:1::1/64', `${VIP[6]}/64`] },
    eth1: { segment: back, addresses: [`${DIRECTOR[4]}/24`, `${DIRECTOR[6]}/64`] },
  })
  server = lab.host('server', {
    eth0: { segment: back, addresses: [`${SERVER[4]}/24`, `${SERVER[6]}/64`] },
    eth1: { segment: front, addresses: ['192.0.2.11/24', '2001:db8:1::11/64'] },
  })
  const beyond = lab.segment('beyond')
  const router = lab.host('router', {
    eth0: { segment: back, addresses: ['198.51.100.254/24', '2001:db8:2::fe/64'] },
    eth1: { segment: beyond, addresses: ['203.0.113.1/24', '2001:db8:3::1/64'] },
  })
  router.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  router.ip('link', 'set', 'eth1', 'mtu', '1400')
  director.ip('route', 'add', '203.0.113.0/24', 'via', '198.51.100.254')
  director.ip('route', 'add', '2001:db8:3::/64', 'via', '2001:db8:2::fe')
  far = lab.host('far', {
    eth0: { segment: beyond, addresses: [`${FAR[4]}/24`, `${FAR[6]}/64`] },
    eth1: { segment: front, addresses: ['192.0.2.12/24', '2001:db8:1::12/64'] },
  })
  far.ip('route', 'add', '198.51.100.0/24', 'via', '203.0.113.1')
  far.ip('route', 'add', '2001:db8:2::/64', 'via', '2001:db8:3::1')
  for (const host of [server, far]) await atTheOtherEnd(host)
  bulk = client.file('bulk', '')
  await client.exec('sh', '-c', `head -c ${BULK_MB * 1024 * 1024 + 12345} /dev/urandom > ${bulk}`)
  bulkSum = (await client.exec('sha256sum', bulk)).stdout.split(' ')[0] ?? ''
  enter(`/run/netns/${director.namespace}`)
  const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 16_384 })
  if (!opened.ok) throw new Error(opened.error.message)
  backend = opened.value
}, 60_000)

/** A server that takes packets out of tunnels and has the virtual addresses. */
async function atTheOtherEnd(host: Host): Promise<void> {
  host.takeVirtualAddress(VIP[4])
  host.ip('addr', 'add', `${VIP[6]}/128`, 'dev', 'lo')
  const object = join(import.meta.dirname, '../../build/test/decap.bpf.o')
  for (const words of [
    ['qdisc', 'add', 'dev', 'eth0', 'clsact'],
    ['filter', 'add', 'dev', 'eth0', 'ingress', 'bpf', 'da', 'obj', object, 'sec', 'tc'],
  ]) {
    const { stderr, status } = await host.exec('tc', ...words)
    if (status !== 0) throw new Error(stderr)
  }
  await host.nginx({ listen: ['80', '[::]:80'], body: 'server $remote_addr $remote_port' })
  const program = join(import.meta.dirname, 'echo-server.mjs')
  const echo = host.spawn('echo', [process.execPath, program, 'echo', '8080'])
  await until('the server answers', () => echo.output.includes('ready'), { detail: () => echo.output })
}

afterAll(async () => {
  await backend?.close('nothing')
  enter(`/proc/self/fd/${home}`)
  closeSync(home)
  lab?.close()
  rmSync(pinDirectory, { recursive: true, force: true })
})

const key = (family: 4 | 6, port: number): string =>
  serviceKey({ kind: 'address', protocol: 'tcp', address: address(VIP[family]), port })

async function serve(
  family: 4 | 6,
  port: number,
  to: { readonly address: string; readonly tunnel: Tunnel },
): Promise<void> {
  const service: Service = {
    address: { kind: 'address', protocol: 'tcp', address: address(VIP[family]), port },
    scheduler: 'rr',
    onePacket: false,
  }
  const destination = {
    ...to,
    address: address(to.address),
    port,
    method: 'tun',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
  } as const
  const ops: TableOp[] = [
    { type: 'remove-service', serviceKey: key(family, port) },
    { type: 'put-service', service },
    { type: 'put-destination', serviceKey: key(family, port), destination },
  ]
  for (const result of await backend.apply(ops)) if (!result.ok) throw new Error(result.error.message)
}

const curl = async (...words: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await client.exec('curl', '-s', '-S', '-g', '--max-time', '30', ...words)
  return stdout.trim() || stderr.trim()
}
const url = (family: 4 | 6, port: number): string => `http://${family === 6 ? `[${VIP[6]}]` : VIP[4]}:${port}/`
const upload = (family: 4 | 6): Promise<string> =>
  curl('-X', 'POST', '-H', 'Expect:', '--data-binary', `@${bulk}`, url(family, 8080))
const offloads = async (state: 'on' | 'off'): Promise<void> => {
  const { stderr, status } = await director.exec('ethtool', '-K', 'eth1', 'tso', state, 'gso', state, 'tx', state)
  if (status !== 0) throw new Error(stderr)
}

const types = [
  { type: 'ipip', port: 0, checksum: 'none' },
  { type: 'gre', port: 0, checksum: 'none' },
  { type: 'gue', port: 6080, checksum: 'none' },
] as const satisfies readonly Tunnel[]

const families = [4, 6] as const
describe.each(families)('TUN, a service of IPv%i', (inner) => {
  describe.each(families)('servers of IPv%i', (outer) => {
    test.each(types)('$type: HTTP, and an upload that arrives unchanged, with and without offloads', async (tunnel) => {
      for (const port of [80, 8080]) await serve(inner, port, { address: SERVER[outer], tunnel })
      expect(await curl(url(inner, 80))).toMatch(inner === 4 ? /^server 192\.0\.2\.100 / : /^server 2001:db8:1::100 /)
      expect(await upload(inner)).toBe(bulkSum)
      await offloads('off')
      const again = await upload(inner)
      await offloads('on')
      expect(again).toBe(bulkSum)
      expect((await backend.exits())['encapsulation-failed']).toBe(0)
    })
  })
})

describe('a way that gets narrower behind a router', () => {
  const BYTES = 2_000_000
  const sent = (): Promise<string> =>
    client.exec('sh', '-c', `head -c ${BYTES} ${bulk} | sha256sum`).then(({ stdout }) => stdout.split(' ')[0] ?? '')
  const send = (family: 4 | 6): Promise<string> => {
    const upload = `head -c ${BYTES} ${bulk} | curl -s -S -g --max-time 20 -H Expect: --data-binary @- '${url(family, 8080)}'`
    return client.exec('sh', '-c', upload).then(({ stdout, stderr }) => stdout.trim() || stderr.trim())
  }
  const forget = (): void => {
    for (const family of ['-4', '-6']) client.ip(family, 'route', 'flush', 'cache')
  }

  // IPv6 in IPv4 has no DF outside: the router cuts it, and the server's kernel puts it together (test/kernel).
  const rows = [
    [4, 4],
    [4, 6],
    [6, 6],
  ] as const
  describe.each(rows)('a service of IPv%i, servers of IPv%i', (inner, outer) => {
    test.each(types)('$type: the client learns what it carries', async (tunnel) => {
      forget()
      await serve(inner, 8080, { address: FAR[outer], tunnel })
      const before = await backend.exits()
      expect(await send(inner)).toBe(await sent())
      const after = await backend.exits()
      const more = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
      expect(more('path-mtu') + more('too-big')).toBeGreaterThan(0)
      expect(more('checksum')).toBe(0)
    })
  })
})
