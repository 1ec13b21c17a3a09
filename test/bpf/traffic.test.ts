/** Real traffic through the program in namespaces, with the offloads that veth has by default. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { type Load, summary, until } from '../lab/library/index.ts'
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
/** Waits until that many more requests of a load have ended. */
const more = (load: Load, count: number): Promise<boolean> => {
  const before = load.requests.length
  return until(`${count} more requests`, () => load.requests.length >= before + count)
}
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

  test('while requests come, rates are measured', async () => {
    await until('there are rates', async () => {
      await get(8000)
      const { rates } = (await backend.counters()).find(({ serviceKey }) => serviceKey === keyOf(8000)) ?? {}
      return rates !== undefined && rates.inPackets > 0 && rates.outBytes > 0
    })
  })
})

describe('a way to the client that is narrower than the way to the server', () => {
  test.each(['0', '1'])('the server learns of it, ip_forward %s', async (forward) => {
    cluster.director.sysctl(`net.ipv4.ip_forward=${forward}`)
    cluster.director.ip('link', 'set', 'eth0', 'mtu', '1300')
    for (const last of ['11', '12'])
      await applied(backend, put(service(8300 + Number(last)), [destination(`198.51.100.${last}`, 8080, 'nat')]))
    const before = (await backend.exits())['too-big'] ?? 0
    const port = forward === '0' ? 8311 : 8312
    const { stdout } = await cluster.client.exec(
      'sh',
      '-c',
      `curl -s --max-time 20 http://${VIP}:${port}/bulk/4 | wc -c`,
    )
    cluster.director.ip('link', 'set', 'eth0', 'mtu', '1500')
    cluster.director.sysctl('net.ipv4.ip_forward=0')
    expect(stdout.trim()).toBe(String(4 << 20))
    expect((await backend.exits())['too-big']).toBeGreaterThan(before)
  })
})

describe('with ip_forward on', () => {
  test('replies of NAT go by the routing table', async () => {
    cluster.director.sysctl('net.ipv4.ip_forward=1')
    expect(await names(8000, 2)).toHaveLength(2)
    cluster.director.sysctl('net.ipv4.ip_forward=0')
    expect((await backend.exits())['reply-to-stack']).toBe(0)
  })
})

describe('clients that come again', () => {
  test('persistence keeps each client on its server', async () => {
    const persistent = service(443, { persistence: { timeout: 50, prefixLength: 32 } })
    await applied(
      backend,
      put(persistent, [destination('192.0.2.11', 443, 'dr'), destination('192.0.2.12', 443, 'dr')]),
    )
    const from = async (source: string) => (await curl('--interface', source, `http://${VIP}:443/`)).split(' ')[0]
    const first = await from('192.0.2.101')
    const second = await from('192.0.2.102')
    expect(new Set([first, second])).toEqual(new Set(['dr1', 'dr2']))
    for (let i = 0; i < 3; i++) {
      expect(await from('192.0.2.101')).toBe(first)
      expect(await from('192.0.2.102')).toBe(second)
    }
    const loads = (await backend.counters()).find(({ serviceKey }) => serviceKey === keyOf(443))?.destinations
    expect(loads?.map(({ persistentConnections }) => persistentConnections)).toEqual([1, 1])
  })

  test('UDP: question and answer through NAT', async () => {
    await applied(backend, put(service(8053, { protocol: 'udp' }), [destination('198.51.100.11', 8080, 'nat')]))
    const ask = `const s = require('dgram').createSocket('udp4').on('message', (m) => { console.log(String(m)); s.close() }); s.send('hello', 8053, '${VIP}')`
    const { stdout } = await cluster.client.exec('timeout', '10', process.execPath, '-e', ask)
    expect(stdout.trim()).toBe('nat1 hello')
  })
})

describe('without a server', () => {
  test('a client is refused at once, by ICMP', async () => {
    await applied(backend, put(service(8111), []))
    const started = Date.now()
    const { stderr } = await cluster.client.exec('curl', '-sS', '--max-time', '10', `http://${VIP}:8111/`)
    expect(stderr).toContain("Couldn't connect to server")
    expect(Date.now() - started).toBeLessThan(5_000)
  })

  test('an address of the director itself is served by its own port', async () => {
    const program = `${import.meta.dirname}/echo-server.mjs`
    const local = cluster.director.spawn('echo', [process.execPath, program, 'sorry', '8112'])
    await until('the local server listens', () => local.output.includes('ready'))
    await applied(backend, put(service(8112), [destination('127.0.0.1', 8112, 'dr')]))
    expect((await names(8112, 1))[0]).toBe('sorry')
  })
})

describe('servers that come and go under load', () => {
  test('weight 0, removal and return lose no request of a client that opens a connection for each', async () => {
    const [one, two] = [destination('198.51.100.11', 8080, 'nat'), destination('198.51.100.12', 8080, 'nat')]
    await applied(backend, put(service(8200), [one, two]))
    const load = await cluster.client.load(`http://${VIP}:8200/`, { sources: ['192.0.2.101', '192.0.2.102'], every: 5 })
    const serviceKey = keyOf(8200)
    for (let round = 0; round < 10; round++) {
      await more(load, 8)
      await applied(backend, [{ type: 'put-destination', serviceKey, destination: { ...one, weight: 0 } }])
      await more(load, 8)
      await applied(backend, [{ type: 'remove-destination', serviceKey, destinationKey: '198.51.100.11:8080' }])
      await more(load, 8)
      await applied(backend, [{ type: 'put-destination', serviceKey, destination: one }])
    }
    await load.stop()
    const result = summary(load.requests)
    expect(result.failed).toBe(0)
    expect(result.answered).toBeGreaterThan(50)
  })
})

describe('a process that is killed', () => {
  test('traffic goes on without it, and the next one takes everything over', async () => {
    await backend.close('nothing')
    const serviceKey = keyOf(80)
    const ops = [
      ...put(service(80), [destination('192.0.2.11', 80, 'dr'), destination('192.0.2.12', 80, 'dr')]),
      ...put(service(8000, { scheduler: 'wlc' }), [destination('198.51.100.11', 8080, 'nat', { weight: 5 })]),
    ]
    const program = `${import.meta.dirname}/backend-process.mjs`
    const owner = cluster.director.spawn('backend', [
      process.execPath,
      program,
      cluster.pinDirectory,
      JSON.stringify(ops),
    ])
    await until('the backend is ready', () => owner.output.includes('ready'), { detail: () => owner.output })
    const slow = cluster.client.exec('sh', '-c', `curl -s --limit-rate 8M http://${VIP}:8000/bulk/16 | wc -c`)
    const load = await cluster.client.load(`http://${VIP}:80/`, { sources: ['192.0.2.101'], every: 10 })
    await more(load, 20)
    await owner.stop('SIGKILL')
    await more(load, 20)
    expect(await names(80, 2)).toHaveLength(2)
    backend = await cluster.open()
    const { services } = await backend.read()
    expect(
      services.map(({ service: { address, scheduler }, destinations }) => [address, scheduler, destinations]),
    ).toEqual([
      [service(80).address, 'rr', [destination('192.0.2.12', 80, 'dr'), destination('192.0.2.11', 80, 'dr')]],
      [service(8000).address, 'wlc', [destination('198.51.100.11', 8080, 'nat', { weight: 5 })]],
    ])
    await more(load, 20)
    expect((await slow).stdout.trim()).toBe(String(16 << 20))
    await load.stop()
    const result = summary(load.requests)
    expect(result.failed).toBe(0)
    const counted = (await backend.counters()).find((one) => one.serviceKey === serviceKey)
    expect(counted?.connections).toBeGreaterThan(10)
  })
})
