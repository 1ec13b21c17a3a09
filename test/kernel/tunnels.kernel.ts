/** The embedded core's tunnels, taken apart by the kernel's own devices: ipip, sit, ip6tnl, gre, ip6gre and fou. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { address, silentLog } from '../../src/base/index.ts'
import { openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import { type ForwardingBackend, type Service, serviceKey } from '../../src/forwarding/index.ts'
import type { Tunnel } from '../../src/model/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { type Host, type Lab, openLab } from '../lab/library/index.ts'

const VIP = { 4: '192.0.2.240', 6: '2001:db8:1::240' } as const
const DIRECTOR = { 4: '198.51.100.1', 6: '2001:db8:2::1' } as const
const SERVER = { 4: '198.51.100.11', 6: '2001:db8:2::11' } as const
/** The same server, behind a router. */
const FAR = { 4: '203.0.113.11', 6: '2001:db8:3::11' } as const
const GUE_PORT = 6080
/** Bytes; only the way up goes through the tunnel. */
const DOWN = 64 << 20
const UP = (4 << 20) + 12_345
const SLOW = { timeout: 400_000 }

const pinDirectory = '/sys/fs/bpf/holdfast-tunnels'
const home = openSync('/proc/thread-self/ns/net', 'r')
let lab: Lab
let client: Host
let director: Host
let server: Host
let backend: ForwardingBackend
let upload: string
let bulk: string

const enter = (path: string): void => {
  const entered = enterNetworkNamespace(path)
  if (!entered.ok) throw new Error(entered.error.message)
}

beforeAll(async () => {
  execFileSync('modprobe', ['-a', 'ipip', 'sit', 'ip6_tunnel', 'ip_gre', 'ip6_gre', 'fou', 'fou6'])
  lab = openLab()
  const front = lab.segment('front')
  const back = lab.segment('back')
  client = lab.host('client', { eth0: { segment: front, addresses: ['192.0.2.100/24', '2001:db8:1::100/64'] } })
  director = lab.host('director', {
    eth0: { segment: front, addresses: ['192.0.2.1/24', `${VIP[4]}/24`, '2001:db8:1::1/64', `${VIP[6]}/64`] },
    eth1: { segment: back, addresses: [`${DIRECTOR[4]}/24`, `${DIRECTOR[6]}/64`] },
  })
  // On the way to the far addresses there is less room.
  const beyond = lab.segment('beyond')
  const router = lab.host('router', {
    eth0: { segment: back, addresses: ['198.51.100.254/24', '2001:db8:2::fe/64'] },
    eth1: { segment: beyond, addresses: ['203.0.113.1/24', '2001:db8:3::1/64'] },
  })
  router.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  router.ip('link', 'set', 'eth1', 'mtu', '1400')
  director.ip('route', 'add', '203.0.113.0/24', 'via', '198.51.100.254')
  director.ip('route', 'add', '2001:db8:3::/64', 'via', '2001:db8:2::fe')
  server = lab.host('server', {
    eth0: { segment: back, addresses: [`${SERVER[4]}/24`, `${SERVER[6]}/64`] },
    eth1: { segment: front, addresses: ['192.0.2.11/24', '2001:db8:1::11/64'] },
    eth2: { segment: beyond, addresses: [`${FAR[4]}/24`, `${FAR[6]}/64`] },
  })
  server.takeVirtualAddress(VIP[4])
  server.ip('addr', 'add', `${VIP[6]}/128`, 'dev', 'lo')
  // Those that take what no other device is for; of IPv6 there is none for both inner families.
  for (const device of ['tunl0', 'sit0']) server.ip('link', 'set', device, 'up')
  for (const [name, local] of Object.entries({ near6: SERVER[6], far6: FAR[6] })) {
    server.ip('link', 'add', name, 'type', 'ip6tnl', 'mode', 'any', 'local', local, 'remote', DIRECTOR[6])
    server.ip('link', 'set', name, 'up')
  }
  server.ip('fou', 'add', 'port', String(GUE_PORT), 'gue')
  server.ip('-6', 'fou', 'add', 'port', String(GUE_PORT), 'gue')
  await server.nginx({
    listen: ['80', '[::]:80'],
    body: 'server $remote_addr',
    locations: `location /files/ { root ${server.directory}; dav_methods PUT; create_full_put_path on; client_max_body_size 0; dav_access user:rw group:rw all:rw; }`,
  })
  for (const name of ['files', 'files/up']) mkdirSync(`${server.directory}/${name}`)
  execFileSync('chmod', ['-R', 'a+rwx', server.directory])
  bulk = server.file('files/bulk', '')
  execFileSync('sh', ['-c', `head -c ${DOWN} /dev/urandom > ${bulk}`])
  upload = client.file('upload', '')
  execFileSync('sh', ['-c', `head -c ${UP} /dev/urandom > ${upload}`])
  enter(`/run/netns/${director.namespace}`)
  const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 4096 })
  if (!opened.ok) throw new Error(opened.error.message)
  backend = opened.value
}, 400_000)

afterAll(async () => {
  await backend?.close('nothing')
  enter(`/proc/self/fd/${home}`)
  closeSync(home)
  lab?.close()
  rmSync(pinDirectory, { recursive: true, force: true })
})

/** The kernel takes only what has a checksum, or only what has none. */
function greDevice(outer: 4 | 6, local: string, checksum: boolean): void {
  const words = ['type', outer === 6 ? 'ip6gre' : 'gre', 'local', local, 'remote', DIRECTOR[outer]]
  server.ip('link', 'add', 'gre1', ...words, ...(checksum ? ['csum'] : []))
  server.ip('link', 'set', 'gre1', 'up')
}

async function serve(inner: 4 | 6, to: string, tunnel: Tunnel): Promise<void> {
  const service: Service = {
    address: { kind: 'address', protocol: 'tcp', address: address(VIP[inner]), port: 80 },
    scheduler: 'rr',
    onePacket: false,
  }
  const key = serviceKey(service.address)
  const destination = {
    address: address(to),
    port: 80,
    weight: 1,
    method: 'tun',
    tunnel,
    upperThreshold: 0,
    lowerThreshold: 0,
  } as const
  const results = await backend.apply([
    { type: 'remove-service', serviceKey: key },
    { type: 'put-service', service },
    { type: 'put-destination', serviceKey: key, destination },
  ])
  for (const result of results) if (!result.ok) throw new Error(result.error.message)
}

const curl = async (...words: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await client.exec('curl', '-s', '-S', '-g', '--max-time', '50', ...words)
  return stdout.trim() || stderr.trim()
}

/** Bytes that came as they were sent: what `cmp` says of them, and nothing if that is nothing. */
const differences = async (...pipe: readonly [string, string]): Promise<string> => {
  const { stdout, stderr } = await client.exec('sh', '-c', `${pipe[0]} | cmp - ${pipe[1]}`)
  return (stdout + stderr).trim()
}
const plain: readonly Tunnel[] = [
  { type: 'ipip', port: 0, checksum: 'none' },
  { type: 'gre', port: 0, checksum: 'none' },
  { type: 'gue', port: GUE_PORT, checksum: 'none' },
]
const summed: readonly Tunnel[] = [
  { type: 'gre', port: 0, checksum: 'checksum' },
  { type: 'gue', port: GUE_PORT, checksum: 'checksum' },
  { type: 'gue', port: GUE_PORT, checksum: 'remote-checksum' },
]

const families = [4, 6] as const
describe.each(families)('a service of IPv%i', (inner) => {
  describe.each(families)('servers of IPv%i', (outer) => {
    const url = `http://${inner === 6 ? `[${VIP[6]}]` : VIP[4]}`
    const answers = async (tunnel: Tunnel, to: string = SERVER[outer]): Promise<void> => {
      if (tunnel.type === 'gre') {
        greDevice(outer, to, tunnel.checksum !== 'none')
        onTestFinished(() => void server.ip('link', 'del', 'gre1'))
      }
      await serve(inner, to, tunnel)
      expect(await curl(url)).toBe(inner === 4 ? 'server 192.0.2.100' : 'server 2001:db8:1::100')
    }
    const sends = async (name: string): Promise<void> => {
      const put = ['-H', 'Expect:', '-T', upload, '-o', '/dev/null', '-w', '%{http_code}', `${url}/files/up/${name}`]
      expect(await curl(...put)).toBe('201')
      expect(await differences(`cat ${server.directory}/files/up/${name}`, upload)).toBe('')
    }
    test.each(plain)('$type: nginx answers, 64 MB come and 4 MB arrive unchanged', SLOW, async (tunnel) => {
      await answers(tunnel)
      expect(await differences(`curl -s -S -g --max-time 100 ${url}/files/bulk`, bulk)).toBe('')
      await sends(`${inner}-${outer}-${tunnel.type}`)
      // Segments made before the interface, which then carries each by itself.
      await director.exec('ethtool', '-K', 'eth1', 'tso', 'off', 'gso', 'off')
      await sends(`${inner}-${outer}-${tunnel.type}-cut`)
      await director.exec('ethtool', '-K', 'eth1', 'tso', 'on', 'gso', 'on')
    })
    test.each(summed)('$type with $checksum: the kernel finds the sums right', SLOW, async (tunnel) => {
      await answers(tunnel)
      await sends(`${inner}-${outer}-${tunnel.type}-${tunnel.checksum}`)
    })
    // With IPv6 in IPv4, which has no DF outside, the router cuts the packets and the server puts them together.
    test.each(plain)('$type, a narrower way behind a router: 4 MB arrive unchanged', SLOW, async (tunnel) => {
      client.ip(inner === 4 ? '-4' : '-6', 'route', 'flush', 'cache')
      await answers(tunnel, FAR[outer])
      await sends(`${inner}-${outer}-${tunnel.type}-far`)
    })
  })
})
