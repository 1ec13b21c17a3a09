/** The embedded core's tunnels, taken apart by the kernel's own devices: ipip, sit, ip6tnl, gre, ip6gre and fou. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import type { Tunnel } from '../../src/model/index.ts'
import { DIRECTOR, FAR, families, openTwoWays, SERVER, serveBy, type TwoWays, VIP } from '../bpf/two-ways.ts'
import type { Host } from '../lab/library/index.ts'

const GUE_PORT = 6080
/** Bytes; only the way up goes through the tunnel. */
const DOWN = 64 << 20
const UP = (4 << 20) + 12_345
const SLOW = { timeout: 400_000 }

let ways: TwoWays
let client: Host
let server: Host
let backend: ForwardingBackend
let upload: string
let bulk: string

beforeAll(async () => {
  execFileSync('modprobe', ['-a', 'ipip', 'sit', 'ip6_tunnel', 'ip_gre', 'ip6_gre', 'fou', 'fou6'])
  ways = openTwoWays('tunnels', 1400)
  client = ways.client
  // The far addresses are its own, too.
  const { near, front, far } = ways.places
  server = ways.lab.host('server', { eth0: near, eth1: front, eth2: far })
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
  backend = await ways.open(4096)
}, 400_000)

afterAll(() => ways?.close())

/** The kernel takes only what has a checksum, or only what has none. */
function greDevice(outer: 4 | 6, local: string, checksum: boolean): void {
  const words = ['type', outer === 6 ? 'ip6gre' : 'gre', 'local', local, 'remote', DIRECTOR[outer]]
  server.ip('link', 'add', 'gre1', ...words, ...(checksum ? ['csum'] : []))
  server.ip('link', 'set', 'gre1', 'up')
}

const serve = (inner: 4 | 6, to: string, tunnel: Tunnel): Promise<void> =>
  serveBy(backend, inner, 80, { address: to, method: 'tun', tunnel })
const curl = (...words: readonly string[]): Promise<string> => ways.curl(50, ...words)

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
      await ways.director.exec('ethtool', '-K', 'eth1', 'tso', 'off', 'gso', 'off')
      await sends(`${inner}-${outer}-${tunnel.type}-cut`)
      await ways.director.exec('ethtool', '-K', 'eth1', 'tso', 'on', 'gso', 'on')
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
