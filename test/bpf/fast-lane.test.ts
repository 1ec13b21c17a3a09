/** The program in the driver, on veth with offloads as it needs them there, in front of the one at tc ingress. */
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { until } from '../lab/library/index.ts'
import { applied, type Cluster, destination, openCluster, put, service, VIP } from './cluster.ts'

let cluster: Cluster
let backend: ForwardingBackend | undefined

const ethtool = (namespace: string, device: string, ...words: readonly string[]) =>
  execFileSync('ip', ['netns', 'exec', namespace, 'ethtool', '-K', device, ...words], {
    timeout: 10_000,
    stdio: 'pipe',
  })
const devicesIn = (namespace: string): string[] =>
  (
    JSON.parse(execFileSync('ip', ['-n', namespace, '-j', 'link'], { encoding: 'utf8', timeout: 10_000 })) as {
      ifname: string
    }[]
  ).map(({ ifname }) => ifname)

beforeAll(async () => {
  cluster = await openCluster()
  await cluster.director.exec('sysctl', '-w', 'net.ipv4.ip_forward=1')
  const prefix = cluster.director.namespace.slice(0, -'director'.length)
  // The driver hands frames on as they are: they need their checksums, and one frame a segment.
  for (const { namespace } of cluster.lab.hosts)
    for (const device of devicesIn(namespace).filter((name) => name.startsWith('eth')))
      ethtool(namespace, device, 'tx', 'off', 'gro', 'on')
  for (const segment of ['front', 'back'])
    for (const device of devicesIn(`${prefix}${segment}`).filter((name) => name.startsWith('p')))
      ethtool(`${prefix}${segment}`, device, 'tx', 'off', 'gro', 'on')
})
afterEach(async () => {
  await backend?.close('nothing')
  backend = undefined
})
afterAll(() => cluster?.close())

/** The id of the program in an interface's driver. */
const programOf = (device: string): number | undefined => {
  const [link] = JSON.parse(cluster.director.ip('-j', '-d', 'link', 'show', device)) as [
    { xdp?: { prog?: { id: number } } },
  ]
  return link.xdp?.prog?.id
}
const exec = async (command: string): Promise<string> => (await cluster.client.exec('sh', '-c', command)).stdout.trim()
const methods = [
  ['direct routing', 80, [destination('192.0.2.11', 80, 'dr')]],
  ['NAT with port mapping', 8000, [destination('198.51.100.11', 8080, 'nat')]],
] as const

test.each(methods)('%s: 20 MB arrive unchanged each way, nearly all by the lane', async (_name, port, servers) => {
  backend = await cluster.open({ fastLane: ['eth0', 'eth1'] })
  await applied(backend, put(service(port), servers))
  const before = await backend.exits()
  const down = await exec(`curl -sS --max-time 20 http://${VIP}:${port}/bulk/20 | sha256sum`)
  expect(down).toBe(await exec('curl -sS http://192.0.2.11:80/bulk/20 | sha256sum'))
  const file = cluster.client.file('bulk', 'holdfast'.repeat((20 << 20) / 8))
  const up = await exec(`curl -sS --max-time 20 -X POST --data-binary @${file} http://${VIP}:${port}/`)
  expect(up).toBe((await exec(`sha256sum ${file}`)).split(' ')[0])
  const after = await backend.exits()
  const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0)
  expect(grown('fast-lane')).toBeGreaterThan(0.9 * (grown('forwarded') + grown('replied')))
  expect(grown('rewrite-failed')).toBe(0)
  const [counters] = await backend.counters()
  expect(counters?.connections).toBe(2)
  expect(counters?.inBytes).toBeGreaterThan(20 << 20)
})

test('what is not for the lane takes the other way: opening, closing, ICMP errors, expiry', async () => {
  backend = await cluster.open({ fastLane: ['eth0', 'eth1'] })
  await applied(backend, put(service(8000), [destination('198.51.100.11', 8080, 'nat')]))
  for (let i = 0; i < 3; i++) expect(await exec(`curl -sS --max-time 10 http://${VIP}:8000/`)).toMatch(/^nat1 /)
  const connections = await backend.connections(10)
  expect(connections.map(({ state }) => state).filter((state) => state === 'ESTABLISHED')).toEqual([])
  expect(connections.length).toBe(3)
})

test('a server under another link-level address is found again, though the lane keeps a way for a second', async () => {
  backend = await cluster.open({ fastLane: ['eth0', 'eth1'] })
  await applied(backend, put(service(80), [destination('192.0.2.11', 80, 'dr')]))
  // Sent by the client, so that it is the lane that must find the server.
  const file = cluster.client.file('up', 'holdfast'.repeat((4 << 20) / 8))
  const send = () => exec(`curl -sS --max-time 20 -X POST --data-binary @${file} http://${VIP}:80/`)
  const sum = await send()
  const lane = async () => (await backend?.exits())?.['fast-lane'] ?? 0
  const before = await lane()
  expect(before).toBeGreaterThan(0)
  const [server] = cluster.servers
  const moved = '02:00:5e:00:00:77'
  server?.ip('link', 'set', 'eth0', 'address', moved)
  cluster.director.ip('neigh', 'replace', '192.0.2.11', 'lladdr', moved, 'dev', 'eth0', 'nud', 'reachable')
  expect(await send()).toBe(sum)
  expect(await lane()).toBeGreaterThan(before)
})

test('the next process replaces the program in its place; `nothing` takes it away', async () => {
  const idOf = () => programOf('eth0')
  backend = await cluster.open({ fastLane: ['eth0', 'eth1'] })
  const first = idOf()
  expect(first).toBeDefined()
  await backend.close('services-in-place')
  expect(idOf()).toBe(first)
  backend = await cluster.open({ fastLane: ['eth0', 'eth1'] })
  expect(idOf()).not.toBe(first)
  expect(idOf()).toBeDefined()
  await backend.close('services-in-place')
  // An interface that is no longer wanted has none.
  backend = await cluster.open({ fastLane: 'off' })
  expect(idOf()).toBeUndefined()
})

test('veth is not for the lane by itself', async () => {
  backend = await cluster.open({ fastLane: 'auto' })
  expect(programOf('eth0')).toBeUndefined()
})

test('an interface that comes back has the lane again', async () => {
  backend = await cluster.open({ fastLane: ['eth0', 'eth1', 'late0'] })
  cluster.director.ip('link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1')
  cluster.director.ip('link', 'set', 'late0', 'up')
  await until('late0 has the program', () => programOf('late0') !== undefined)
  cluster.director.ip('link', 'delete', 'late0')
})
