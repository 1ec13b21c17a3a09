/** Services by firewall mark: nftables marks packets in prerouting, behind tc ingress, and the director gets them all the same. */
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Family } from '../../src/base/index.ts'
import type { Destination, ForwardingBackend, Service } from '../../src/forwarding/index.ts'
import { until } from '../lab/library/index.ts'
import { applied, type Cluster, destination, openCluster, put, VIP, VIP6 } from './cluster.ts'
import { readFrame } from './frames.ts'

let cluster: Cluster
let backend: ForwardingBackend

const nft = (script: string): string =>
  execFileSync('nft', ['-f', '-'], { input: script, encoding: 'utf8', timeout: 10_000 })
const ruleset = (): string => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8', timeout: 10_000 })
const interfaces = (): string => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8', timeout: 10_000 })

beforeAll(async () => {
  cluster = await openCluster()
  // As users have it, in the mangle table.
  nft(`table inet user {
    chain mangle {
      type filter hook prerouting priority mangle; policy accept;
      ip daddr ${VIP} tcp dport { 80, 443 } meta mark set 7
      ip daddr ${VIP} tcp dport 8001 meta mark set 8
      ip daddr ${VIP} udp dport 9053 meta mark set 9
      ip daddr ${VIP} tcp dport 9999 meta mark set 10
      ip6 daddr ${VIP6} tcp dport { 80, 443 } meta mark set 7
      ip6 daddr ${VIP6} tcp dport 8001 meta mark set 8
      ip6 daddr ${VIP6} udp dport 9053 meta mark set 9
    }
  }`)
  backend = await cluster.open()
})
afterAll(async () => {
  await backend?.close('nothing')
  cluster?.close()
})

const curl = async (...words: readonly string[]): Promise<string> =>
  (await cluster.client.exec('curl', '-s', '-S', '--max-time', '5', ...words)).stdout.trim()
const marked = (mark: number, family: Family, more: Partial<Service> = {}): Service => ({
  address: { kind: 'fwmark', mark, family },
  scheduler: 'rr',
  onePacket: false,
  ...more,
})
const asks = async (url: string, count: number): Promise<string[]> => {
  const all: string[] = []
  for (let i = 0; i < count; i++) all.push((await curl(url)).split(' ')[0] ?? '')
  return all
}

/** By an answer, not by a time-out. */
const isRefused = async (url: string): Promise<boolean> =>
  (await cluster.client.exec('curl', '-s', '-S', '--max-time', '5', url)).stderr.startsWith('curl: (7)')

const worlds: readonly (readonly [Family, string, readonly Destination[], readonly Destination[]])[] = [
  [
    4,
    VIP,
    [destination('192.0.2.11', 0, 'dr'), destination('192.0.2.12', 0, 'dr')],
    [destination('198.51.100.11', 8080, 'nat'), destination('198.51.100.12', 8080, 'nat')],
  ],
  [
    6,
    `[${VIP6}]`,
    [destination('2001:db8::11', 0, 'dr'), destination('2001:db8::12', 0, 'dr')],
    [destination('2001:db8:2::11', 8080, 'nat'), destination('2001:db8:2::12', 8080, 'nat')],
  ],
]

describe.each(worlds)('IPv%i', (family, vip, dr, nat) => {
  test('direct routing: requests to all ports of the mark alternate between the servers', async () => {
    await applied(backend, put(marked(7, family), dr))
    // The first may come before the pair of interfaces has an address of IPv6.
    await until('a first answer', async () => (await curl(`http://${vip}/`)) !== '')
    const [first] = await asks(`http://${vip}/`, 1)
    const next = first === 'dr1' ? 'dr2' : 'dr1'
    expect(await asks(`http://${vip}:443/`, 2)).toEqual([next, first])
    expect(await asks(`http://${vip}/`, 2)).toEqual([next, first])
  })

  test('NAT with port mapping, 20 MB each way', async () => {
    await applied(backend, put(marked(8, family), nat))
    expect((await asks(`http://${vip}:8001/`, 4)).toSorted()).toEqual(['nat1', 'nat1', 'nat2', 'nat2'])
    const down = await cluster.client.exec('sh', '-c', `curl -s http://${vip}:8001/bulk/20 | sha256sum`)
    const direct = await cluster.client.exec('sh', '-c', 'curl -s http://192.0.2.11:80/bulk/20 | sha256sum')
    expect(down.stdout).toBe(direct.stdout)
    const file = cluster.client.file(`bulk${family}`, 'holdfast'.repeat((20 << 20) / 8))
    const up = await curl('-X', 'POST', '--data-binary', `@${file}`, `http://${vip}:8001/`)
    expect(up).toBe((await cluster.client.exec('sha256sum', file)).stdout.split(' ')[0])
  })

  test('persistence holds a client to one server over all ports of the mark, under one template', async () => {
    const persistence = { timeout: 50, prefixLength: family === 4 ? 32 : 128 }
    await applied(backend, put(marked(7, family, { persistence }), dr))
    const [first] = await asks(`http://${vip}/`, 1)
    expect(await asks(`http://${vip}/`, 2)).toEqual([first, first])
    expect(await asks(`http://${vip}:443/`, 2)).toEqual([first, first])
    const templates = (await backend.connections(1000)).filter((one) => one.template && one.mark === 7)
    const ours = templates.filter(({ serviceKey }) => serviceKey === `fwmark/${family}/7`)
    expect(ours).toMatchObject([{ virtual: family === 4 ? '0.0.0.0' : '::', virtualPort: 0 }])
  })

  test('without a server a client is refused at once', async () => {
    const gone = nat.map(({ address: to, port }) => (family === 4 ? `${to}:${port}` : `[${to}]:${port}`))
    await applied(
      backend,
      gone.map((destinationKey) => ({ type: 'remove-destination', serviceKey: `fwmark/${family}/8`, destinationKey })),
    )
    expect(await isRefused(`http://${vip}:8001/`)).toBe(true)
    expect((await backend.exits())['no-destination']).toBeGreaterThan(0)
  })
})

describe('a packet that opens a connection arrives as it was sent, but for one hop', () => {
  test.each([
    ['with DF', 4, 0x4000],
    ['without DF', 4, 0],
    ['IPv6', 6, 0],
  ] as const)('%s', async (_name, family, fragment) => {
    const [server] = cluster.servers
    if (server === undefined) throw new Error('no server')
    const [target, to] = family === 4 ? [VIP, '192.0.2.11'] : [VIP6, '2001:db8::11']
    await applied(backend, put(marked(9, family), [destination(to, 0, 'dr')]))
    // What the host does about the MTU decides about DF.
    await cluster.client.exec('sh', '-c', `echo ${fragment === 0 ? 1 : 0} > /proc/sys/net/ipv4/ip_no_pmtu_disc`)
    const sourcePort = 7000 + fragment / 0x4000
    const seen = await server.capture(`udp and port ${sourcePort}`)
    const script = `const socket = require('dgram').createSocket('udp${family}')
      socket.bind(${sourcePort}, () => {
        socket.setTTL(9)
        socket.send('marked', 9053, '${target}', () => socket.close())
      })`
    await cluster.client.exec(process.execPath, '-e', script)
    const { bytes } = await seen.next(() => true)
    expect(readFrame(bytes)).toMatchObject({ ttl: 8, target, headerChecksumRight: true })
    if (family === 4) expect(new DataView(bytes.buffer, bytes.byteOffset).getUint16(20)).toBe(fragment)
    await seen.close()
  })
})

test('marks without a service go to the stack', async () => {
  expect(await isRefused(`http://${VIP}:9999/`)).toBe(true)
})

test('a server on the director itself is reached', async () => {
  const server = createServer((_request, response) => response.end('local'))
  await new Promise<void>((resolve) => server.listen(9999, VIP, resolve))
  await applied(backend, put(marked(10, 4), [destination('192.0.2.1', 0, 'dr')]))
  expect(await curl(`http://${VIP}:9999/`)).toBe('local')
  server.close()
  expect((await backend.connections(1000)).map(({ serviceKey }) => serviceKey)).toContain('fwmark/4/10')
})

test('another process goes on with the rules and the interfaces; `nothing` removes them', async () => {
  await applied(backend, put(marked(7, 4), [destination('192.0.2.11', 0, 'dr')]))
  await applied(backend, [{ type: 'remove-destination', serviceKey: 'fwmark/4/7', destinationKey: '192.0.2.12:0' }])
  await backend.close('services-in-place')
  expect(ruleset()).toContain('holdfast_marks')
  expect(await asks(`http://${VIP}/`, 1)).toEqual(['dr1'])
  backend = await cluster.open()
  expect((await backend.read()).services.map(({ service }) => service.address)).toContainEqual({
    kind: 'fwmark',
    mark: 7,
    family: 4,
  })
  expect(await asks(`http://${VIP}/`, 1)).toEqual(['dr1'])
  const keys = (await backend.read()).services.map(({ service: { address: of } }) => of)
  await applied(
    backend,
    keys.flatMap((of) =>
      of.kind === 'fwmark' ? [{ type: 'remove-service', serviceKey: `fwmark/${of.family}/${of.mark}` } as const] : [],
    ),
  )
  expect(ruleset()).not.toContain('holdfast_marks')
  expect(interfaces()).not.toContain('hfmark')
})
