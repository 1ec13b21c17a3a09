/** Real IPv6 traffic through the program in namespaces, with the offloads that veth has by default. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForwardingBackend, Service } from '../../src/forwarding/index.ts'
import { applied, type Cluster, destination, openCluster, put, service, VIP6 } from './cluster.ts'

let cluster: Cluster
let backend: ForwardingBackend

beforeAll(async () => {
  cluster = await openCluster()
  backend = await cluster.open()
})
afterAll(async () => {
  await backend?.close('nothing')
  cluster?.close()
})

const at = (port: number, more: Parameters<typeof service>[1] = {}): Service => {
  const { protocol = 'tcp', ...rest } = more
  return { ...service(port, rest), address: { kind: 'address', protocol, address: VIP6, port } }
}
const curl = async (...words: readonly string[]): Promise<string> =>
  (await cluster.client.exec('curl', '-s', '-S', '-g', '--max-time', '20', ...words)).stdout.trim()
const get = (port: number) => curl(`http://[${VIP6}]:${port}/`)
const names = async (port: number, count: number): Promise<string[]> => {
  const all: string[] = []
  for (let i = 0; i < count; i++) all.push((await get(port)).split(' ')[0] ?? '')
  return all
}
const dr = [destination('2001:db8::11', 80, 'dr'), destination('2001:db8::12', 80, 'dr')]
const nat = [destination('2001:db8:2::11', 8080, 'nat'), destination('2001:db8:2::12', 8080, 'nat')]

/** Segments that came with a wrong checksum, at every host. */
const checksumErrors = async (): Promise<number> => {
  let sum = 0
  for (const host of [cluster.client, ...cluster.servers]) {
    const { stdout } = await host.exec('cat', '/proc/net/snmp', '/proc/net/snmp6')
    const [names, values] = stdout.split('\n').filter((line) => line.startsWith('Tcp:'))
    const index = names?.split(' ').indexOf('InCsumErrors') ?? -1
    sum += Number(values?.split(' ')[index])
    for (const [, count] of stdout.matchAll(/(?:Udp6InCsumErrors|Icmp6InCsumErrors)\s+(\d+)/g)) sum += Number(count)
  }
  return sum
}

describe.each([
  ['direct routing', 80, dr, ['dr2', 'dr1'], '2001:db8::101 80'],
  ['NAT with port mapping', 8000, nat, ['nat2', 'nat1'], '2001:db8::101 8080'],
] as const)('%s', (_method, port, servers, order, seen) => {
  test('requests alternate between the servers, which see the client', async () => {
    await applied(backend, put(at(port), servers))
    expect(await names(port, 4)).toEqual([...order, ...order])
    expect(await get(port)).toBe(`${order[0]} ${seen}`)
  })

  test('64 MB arrive unchanged in each direction, no segment with a wrong checksum', async () => {
    const down = await cluster.client.exec('sh', '-c', `curl -s -g http://[${VIP6}]:${port}/bulk/64 | sha256sum`)
    const file = cluster.client.file('bulk', 'holdfast'.repeat((64 << 20) / 8))
    const sum = (await cluster.client.exec('sha256sum', file)).stdout.split(' ')[0]
    expect(down.stdout.split(' ')[0]).toBe(sum)
    expect(await curl('-X', 'POST', '--data-binary', `@${file}`, `http://[${VIP6}]:${port}/`)).toBe(sum)
    expect(await checksumErrors()).toBe(0)
    expect((await backend.exits())['rewrite-failed']).toBe(0)
  })
})

/** Hosts believe a partial checksum. Here the director's interfaces complete it, so that the receiver checks it. */
test('what was rewritten under a partial checksum is right once the device completes it', async () => {
  const complete = async (state: string) => {
    for (const device of ['eth0', 'eth1']) {
      const { status, stderr } = await cluster.director.exec('ethtool', '-K', device, 'tx', state)
      expect(stderr === '' && status).toBe(0)
    }
  }
  await complete('off')
  const file = cluster.client.file('half', 'holdfast'.repeat((16 << 20) / 8))
  const sum = (await cluster.client.exec('sha256sum', file)).stdout.split(' ')[0]
  for (const port of [80, 8000]) {
    const down = await cluster.client.exec('sh', '-c', `curl -s -g http://[${VIP6}]:${port}/bulk/16 | sha256sum`)
    expect(down.stdout.split(' ')[0]).toBe(sum)
    expect(await curl('-X', 'POST', '--data-binary', `@${file}`, `http://[${VIP6}]:${port}/`)).toBe(sum)
  }
  await applied(backend, put(at(8080, { protocol: 'udp' }), [destination('2001:db8:2::11', 8080, 'nat')]))
  expect((await ask(8080, 'one')).stdout).toBe('nat1 one 8\n')
  await complete('on')
  expect(await checksumErrors()).toBe(0)
})

const ask = (port: number, message: string, bytes = message.length) =>
  cluster.client.exec(
    process.execPath,
    '-e',
    `const s = require('dgram').createSocket('udp6')
     s.on('message', (m) => { console.log(m.toString().slice(0, 20), m.length); s.close() })
     s.send('${message}'.padEnd(${bytes}, '.'), ${port}, '${VIP6}')
     setTimeout(() => process.exit(1), 8000).unref()`,
  )

test('UDP: asked and answered', async () => {
  await applied(backend, [
    ...put(at(8080, { protocol: 'udp' }), [destination('2001:db8:2::11', 8080, 'nat')]),
    ...put(at(80, { protocol: 'udp' }), [destination('2001:db8::12', 80, 'dr')]),
  ])
  expect((await ask(8080, 'one')).stdout).toBe('nat1 one 8\n')
  expect((await ask(80, 'two')).stdout).toBe('dr2 two 7\n')
  expect(await checksumErrors()).toBe(0)
})

test('UDP of 4000 bytes goes in fragments, and so does the answer', async () => {
  const forwarded = async () => (await backend.exits())['forwarded'] ?? 0
  for (const [port, name] of [
    [8080, 'nat1'],
    [80, 'dr2'],
  ] as const) {
    const before = await forwarded()
    expect((await ask(port, 'long', 4000)).stdout).toBe(`${`${name} long`.padEnd(20, '.')} ${name.length + 1 + 4000}\n`)
    expect((await forwarded()) - before).toBe(3)
  }
  expect(await checksumErrors()).toBe(0)
})

test('neighbours and pings of the virtual address are answered by this host', async () => {
  cluster.client.ip('-6', 'neigh', 'flush', 'dev', 'eth0')
  const { status } = await cluster.client.exec('ping', '-6', '-c', '1', '-W', '5', VIP6)
  expect(status).toBe(0)
})

test('without a server a client is refused at once, by ICMPv6', async () => {
  await applied(backend, put(at(8111), []))
  const started = Date.now()
  const { stderr } = await cluster.client.exec('curl', '-sS', '-g', '--max-time', '10', `http://[${VIP6}]:8111/`)
  expect(stderr).toContain("Couldn't connect to server")
  expect(Date.now() - started).toBeLessThan(5_000)
})

test.each(['0', '1'])('the server learns of a narrower way to the client, forwarding %s', async (forward) => {
  cluster.director.sysctl(`net.ipv6.conf.all.forwarding=${forward}`)
  cluster.director.ip('link', 'set', 'eth0', 'mtu', '1300')
  const server = nat[Number(forward)]
  if (server === undefined) throw new Error('no server')
  await applied(backend, put(at(8300 + Number(forward)), [server]))
  const before = (await backend.exits())['too-big'] ?? 0
  const url = `http://[${VIP6}]:${8300 + Number(forward)}/bulk/4`
  const { stdout } = await cluster.client.exec('sh', '-c', `curl -s -g --max-time 20 ${url} | wc -c`)
  cluster.director.ip('link', 'set', 'eth0', 'mtu', '1500')
  expect(stdout.trim()).toBe(String(4 << 20))
  expect((await backend.exits())['too-big']).toBeGreaterThan(before)
})
