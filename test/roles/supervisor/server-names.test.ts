/** Real servers by name: what the checker is told to ask for, what it is offered as answers change, and what becomes of failures. */
import { expect, test } from 'vitest'
import { address, type Family, seconds } from '../../../src/base/index.ts'
import type { ServerSource } from '../../../src/model/index.ts'
import type { NameNews } from '../../../src/roles/ipc/index.ts'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, realServer, virtualServer } from './models.ts'

type World = ReturnType<typeof fakeWorld>

const second = 1_000_000
const VIP = 'tcp/203.0.113.1:80'
const KEY = 'dns web.test IPv4'
const KEPT = '/run/holdfast/listed-servers.json'
const source = (over: object = {}): ServerSource => ({
  kind: 'dns',
  name: 'web.test',
  family: 4 satisfies Family,
  minTtl: seconds(5),
  maxTtl: seconds(300),
  nxdomain: 'keep',
  template: realServer(1, { address: address('0.0.0.0') }),
  ...over,
})
const dynamic = (over: object = {}, n = 1) => virtualServer(n, { realServers: [], serverSources: [source(over)] })
const model = (...servers: ReturnType<typeof virtualServer>[]) => configurationFor({ virtualServers: servers })
const found = (...last: readonly number[]): NameNews => ({
  servers: last.map((n) => ({ address: address(`192.0.2.${n}`), hostName: 'web.test' })),
  ttl: 60,
})
const lost: NameNews = { problem: '192.0.2.53:53: no answer within 2 s', gone: false }
const gone: NameNews = { problem: 'web.test does not exist', gone: true }

async function running(configuration = model(dynamic()), kept?: string) {
  const world = fakeWorld()
  if (kept !== undefined) world.files.set(KEPT, kept)
  world.load(configuration)
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const sources = async () => (await started.value.reports.snapshot()).serverSources
  return { world, supervisor: started.value, sources }
}
async function hear(world: World, news: NameNews, key = KEY) {
  world.living('checker')[0]?.say({ type: 'name-looked-up', key, news })
  await world.pass(second / 2)
}
type Slice = {
  readonly virtualServers: readonly { key: string; realServers: readonly { address: string; hostName?: string }[] }[]
  readonly serverNames?: readonly unknown[]
  readonly nameServers?: readonly unknown[]
}
const offered = (world: World): readonly Slice[] =>
  (world.living('checker')[0]?.heard ?? []).flatMap((heard) =>
    heard['type'] === 'offer' ? [heard['slice'] as Slice] : [],
  )
const inForce = (world: World, key = VIP) =>
  offered(world)
    .flatMap(({ virtualServers }) => virtualServers)
    // What has not changed is not said again.
    .findLast((one) => one.key === key)
    ?.realServers.map((real) => real.address)
const holds = (world: World, weight: number, activeConnections: number) => {
  world.services = [{ key: VIP, destinations: [{ address: '192.0.2.1', port: 80, weight, activeConnections }] }]
}

test('the start waits for no answer; the checker is told what to ask for, and whom', async () => {
  const nameServers = [{ address: address('192.0.2.53'), port: 53 }]
  const base = model(dynamic())
  const { world, sources } = await running({ ...base, global: { ...base.global, nameServers } })
  expect(inForce(world)).toEqual([])
  expect(offered(world).at(-1)).toMatchObject({
    serverNames: [{ kind: 'dns', name: 'web.test', family: 4, minTtl: seconds(5), maxTtl: seconds(300) }],
    nameServers,
  })
  expect(await sources()).toEqual([{ name: 'web.test', records: 'A', servers: 0, problem: 'not answered yet' }])
})

test('servers come with the answer, with their name, and again only when it is another', async () => {
  const { world, sources } = await running()
  await hear(world, found(1, 2))
  expect(inForce(world)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(offered(world).at(-1)?.virtualServers[0]?.realServers[0]).toMatchObject({ hostName: 'web.test', port: 80 })
  expect(await sources()).toEqual([{ name: 'web.test', records: 'A', servers: 2, askedAt: expect.any(String) }])
  const before = offered(world).length
  await hear(world, found(1, 2))
  expect(offered(world)).toHaveLength(before)
})

test('who has no record any more is drained first', async () => {
  const { world } = await running()
  await hear(world, found(1, 2))
  holds(world, 0, 2)
  await hear(world, found(2))
  expect(inForce(world)).toEqual(['192.0.2.2', '192.0.2.1'])
  const orders = () => world.living('checker')[0]?.heard.findLast(({ type }) => type === 'server-orders')?.['orders']
  expect(orders()).toMatchObject([{ kind: 'leave', service: VIP, realServer: '192.0.2.1:80', by: 'dns web.test' }])
  holds(world, 0, 0)
  await world.pass(second)
  expect(inForce(world)).toEqual(['192.0.2.2'])
})

test('a failure keeps those that were known, and is told once, and so is its end', async () => {
  const { world, sources } = await running()
  await hear(world, found(1, 2))
  await hear(world, { problem: '192.0.2.53:53: nobody listens on the port (ICMP)', gone: false })
  await hear(world, lost)
  expect(inForce(world)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(await sources()).toMatchObject([{ servers: 2, problem: '192.0.2.53:53: no answer within 2 s' }])
  expect(world.log.filter((line) => line.includes('name of real servers cannot be used'))).toHaveLength(1)
  await hear(world, found(1, 2))
  expect(world.log.filter((line) => line.includes('answers again'))).toHaveLength(1)
  expect((await sources())?.[0]).not.toHaveProperty('problem')
})

test('a name that does not exist keeps its servers, or takes them away where that is wanted', async () => {
  const { world } = await running(model(dynamic(), dynamic({ nxdomain: 'remove' }, 2)))
  const other = 'tcp/203.0.113.2:80'
  await hear(world, found(1))
  expect([inForce(world), inForce(world, other)]).toEqual([['192.0.2.1'], ['192.0.2.1']])
  await hear(world, gone)
  await world.pass(5 * second)
  expect([inForce(world), inForce(world, other)]).toEqual([['192.0.2.1'], []])
  // Nobody knows any more; it was gone, and there is no word that it is back.
  await hear(world, lost)
  await world.pass(5 * second)
  expect([inForce(world), inForce(world, other)]).toEqual([['192.0.2.1'], []])
  await hear(world, found(1))
  expect(inForce(world, other)).toEqual(['192.0.2.1'])
})

test('a name is asked for once, as often as the most impatient wants it', async () => {
  const { world } = await running(model(dynamic(), dynamic({ minTtl: seconds(9), maxTtl: seconds(10) }, 2)))
  expect(offered(world).at(-1)?.serverNames).toMatchObject([{ minTtl: seconds(5), maxTtl: seconds(10) }])
})

test('a reload keeps what is known of a name, whatever else changes, and forgets names that are gone', async () => {
  const { world, supervisor, sources } = await running()
  await hear(world, found(1, 2))
  world.load(model(dynamic({ minTtl: seconds(7) })))
  expect((await supervisor.reload()).ok).toBe(true)
  expect(inForce(world)).toEqual(['192.0.2.1', '192.0.2.2'])
  world.load(model(virtualServer(1)))
  expect((await supervisor.reload()).ok).toBe(true)
  expect(offered(world).at(-1)).not.toHaveProperty('serverNames')
  expect(await sources()).toBeUndefined()
  await hear(world, found(3))
  expect(world.files.get(KEPT)).toBe('{}\n')
})

test('a checker that is started again has them at once, and asks anew', async () => {
  const { world } = await running()
  await hear(world, found(1))
  world.living('checker')[0]?.die()
  await world.pass(5 * second)
  expect(inForce(world)).toEqual(['192.0.2.1'])
  expect(offered(world).at(-1)?.serverNames).toHaveLength(1)
})

test('a daemon that starts while nobody answers goes on with what was known last', async () => {
  const first = await running()
  await hear(first.world, found(1, 2))
  const kept = first.world.files.get(KEPT)
  const { world, sources } = await running(model(dynamic()), kept)
  expect(inForce(world)).toEqual(['192.0.2.1', '192.0.2.2'])
  await hear(world, lost)
  expect(inForce(world)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(await sources()).toMatchObject([{ servers: 2, problem: '192.0.2.53:53: no answer within 2 s' }])
})

test('a daemon that starts anew knows which names do not exist any more, until one answers', async () => {
  const removing = model(dynamic({ nxdomain: 'remove' }))
  const first = await running(removing)
  await hear(first.world, found(1))
  await hear(first.world, gone)
  const { world } = await running(removing, first.world.files.get(KEPT))
  expect(inForce(world)).toEqual([])
  await hear(world, lost)
  expect(inForce(world)).toEqual([])
  await hear(world, found(1))
  expect(inForce(world)).toEqual(['192.0.2.1'])
  const after = await running(removing, world.files.get(KEPT))
  expect(inForce(after.world)).toEqual(['192.0.2.1'])
})

for (const text of [
  '',
  'null',
  '[1]',
  '{"dns web.test IPv4": 3}',
  '{"dns web.test IPv4": [{"address": "192.0.2.01"}]}',
])
  test(`what was kept and is not as it was written counts for nothing: ${JSON.stringify(text)}`, async () => {
    expect(inForce((await running(model(dynamic()), text)).world)).toEqual([])
  })

test('names that are answered together are one change', async () => {
  const { world } = await running(model(dynamic(), dynamic({ name: 'api.test' }, 2)))
  const before = offered(world).length
  const checker = world.living('checker')[0]
  checker?.say({ type: 'name-looked-up', key: KEY, news: found(1) })
  checker?.say({ type: 'name-looked-up', key: 'dns api.test IPv4', news: found(2) })
  await world.pass(second)
  expect(offered(world)).toHaveLength(before + 1)
  expect([inForce(world), inForce(world, 'tcp/203.0.113.2:80')]).toEqual([['192.0.2.1'], ['192.0.2.2']])
})
