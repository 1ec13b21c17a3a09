/** Real traffic through the program in namespaces, with the offloads that veth has by default. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { applied, type Cluster, destination, keyOf, openCluster, put, service, VIP } from './cluster.ts'

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

const curl = async (...words: readonly string[]): Promise<string> =>
  (await cluster.client.exec('curl', '-s', '-S', '--max-time', '10', ...words)).stdout.trim()
const get = (port: number, path = '/') => curl(`http://${VIP}:${port}${path}`)
/** Which servers answered `count` requests, in order. */
const names = async (port: number, count: number): Promise<string[]> => {
  const all: string[] = []
  for (let i = 0; i < count; i++) all.push((await get(port)).split(' ')[0] ?? '')
  return all
}

describe('direct routing', () => {
  const servers = [destination('192.0.2.11', 80, 'dr'), destination('192.0.2.12', 80, 'dr')]

  test('requests alternate between the servers, which see the client', async () => {
    await applied(backend, put(service(80), servers))
    expect(await names(80, 4)).toEqual(['dr2', 'dr1', 'dr2', 'dr1'])
    expect(await get(80)).toContain('192.0.2.100')
  })

  test('50 MB arrive unchanged in each direction', async () => {
    const down = await cluster.client.exec('sh', '-c', `curl -s http://${VIP}:80/bulk/50 | sha256sum`)
    const direct = await cluster.client.exec('sh', '-c', 'curl -s http://192.0.2.11:80/bulk/50 | sha256sum')
    expect(down.stdout).toBe(direct.stdout)
    const file = cluster.client.file('bulk', 'holdfast'.repeat((50 << 20) / 8))
    const up = await curl('-X', 'POST', '--data-binary', `@${file}`, `http://${VIP}:80/`)
    const sum = (await cluster.client.exec('sha256sum', file)).stdout.split(' ')[0]
    expect(up).toBe(sum)
  })
})

describe('NAT with port mapping', () => {
  const servers = [destination('198.51.100.11', 8080, 'nat'), destination('198.51.100.12', 8080, 'nat')]

  test('requests alternate between the servers, on their port', async () => {
    await applied(backend, put(service(8000), servers))
    expect(await names(8000, 4)).toEqual(['nat2', 'nat1', 'nat2', 'nat1'])
    expect(await get(8000)).toBe('nat2 192.0.2.100 8080')
  })

  test('50 MB arrive unchanged in each direction', async () => {
    const down = await cluster.client.exec('sh', '-c', `curl -s http://${VIP}:8000/bulk/50 | sha256sum`)
    const direct = await cluster.client.exec('sh', '-c', 'curl -s http://192.0.2.11:80/bulk/50 | sha256sum')
    expect(down.stdout).toBe(direct.stdout)
    const file = cluster.client.file('bulk', 'holdfast'.repeat((50 << 20) / 8))
    const up = await curl('-X', 'POST', '--data-binary', `@${file}`, `http://${VIP}:8000/`)
    const sum = (await cluster.client.exec('sha256sum', file)).stdout.split(' ')[0]
    expect(up).toBe(sum)
  })

  test('counters know packets and bytes of both directions', async () => {
    const counters = (await backend.counters()).find(({ serviceKey }) => serviceKey === keyOf(8000))
    expect(counters?.connections).toBe(7)
    expect(counters?.outBytes).toBeGreaterThan(50 << 20)
    expect(counters?.inBytes).toBeGreaterThan(50 << 20)
    const sum = counters?.destinations.reduce((total, { connections }) => total + connections, 0)
    expect(sum).toBe(7)
    expect((await backend.exits())['rewrite-failed']).toBe(0)
  })
})
