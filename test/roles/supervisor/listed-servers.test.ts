/** Files that list real servers: what the checker is offered as they change, and what becomes of nonsense. */
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { checkerOffers } from './checker-offers.ts'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, realServer, virtualServer } from './models.ts'

type World = ReturnType<typeof fakeWorld>
type Answer = Readonly<Record<string, unknown>>

const second = 1_000_000
const LIST = '/srv/web.yaml'
const VIP = 'tcp/203.0.113.1:80'
const template = realServer(1, { address: address('0.0.0.0') })
const dynamic = virtualServer(1, { realServers: [], serverSources: [{ kind: 'file', path: LIST, template }] })
const model = (...servers: ReturnType<typeof virtualServer>[]) => configurationFor({ virtualServers: servers })

async function running(list?: string, configuration = model(dynamic, virtualServer(2))) {
  const world = fakeWorld()
  if (list !== undefined) world.files.set(LIST, list)
  world.load(configuration)
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const sources = async () => (await started.value.reports.snapshot()).serverSources
  return { world, supervisor: started.value, sources }
}
async function write(world: World, list: string | undefined) {
  if (list === undefined) world.files.delete(LIST)
  else world.files.set(LIST, list)
  world.watched.get(LIST)?.()
  await world.pass(second / 2)
}
function ask(world: World, request: Answer): Answer[] {
  const answers: Answer[] = []
  const face = { send: (value: unknown) => void answers.push(value as Answer) === undefined, close() {}, onClosed() {} }
  world.control?.(face, JSON.stringify({ by: 'alice', ...request }))
  return answers
}
const offered = (world: World) => checkerOffers(world.living('checker')[0])
const inForce = (world: World) =>
  offered(world)
    .at(-1)
    ?.virtualServers.find(({ key }) => key === VIP)
    ?.realServers.map(({ address, weight }) => `${address} ${weight}`)
const holds = (world: World, weight: number, activeConnections: number) => {
  world.services = [{ key: VIP, destinations: [{ address: '192.0.2.1', port: 80, weight, activeConnections }] }]
}

test('the checker is offered what the file lists, at the start and whenever that changes', async () => {
  const { world, sources } = await running('- 192.0.2.1\n')
  expect(inForce(world)).toEqual(['192.0.2.1 1'])
  await write(world, '- 192.0.2.1\n- { address: 192.0.2.2, weight: 4 }\n')
  expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 4'])
  await write(world, '["192.0.2.1", {"address": "192.0.2.2", "weight": 5}]')
  expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 5'])
  expect(await sources()).toEqual([{ file: LIST, servers: 2 }])
  // The role sees servers, and nothing of where they come from.
  expect(JSON.stringify(offered(world).at(-1))).not.toContain(LIST)
})

test('a file that is too large for a list is not read', async () => {
  const { world, sources } = await running('- 192.0.2.1\n')
  await write(world, `- 192.0.2.2\n#${'x'.repeat(2 << 20)}`)
  expect(inForce(world)).toEqual(['192.0.2.1 1'])
  expect(await sources()).toEqual([{ file: LIST, servers: 1, problem: `${LIST}: larger than 2097152 bytes` }])
})

test('a file that says the same in other words changes nothing', async () => {
  const { world } = await running('- 192.0.2.1\n')
  const before = offered(world).length
  await write(world, '# again\n["192.0.2.1"]')
  expect(offered(world)).toHaveLength(before)
})

test('writes that come close together are read once', async () => {
  const { world } = await running('- 192.0.2.1\n- 192.0.2.2\n')
  const before = offered(world).length
  for (const piece of ['', '- 192.0.2.1\n', '- 192.0.2.1\n- 192.0.2.2\n']) {
    world.files.set(LIST, piece)
    world.watched.get(LIST)?.()
    await world.pass(50_000)
  }
  await world.pass(second)
  expect(offered(world)).toHaveLength(before)
})

test('who is not listed any more is drained first, and is back when it is listed again', async () => {
  const { world } = await running('- 192.0.2.1\n- 192.0.2.2\n')
  holds(world, 0, 2)
  await write(world, '- 192.0.2.2\n')
  expect(inForce(world)).toEqual(['192.0.2.2 1', '192.0.2.1 1'])
  const orders = () => world.living('checker')[0]?.heard.findLast(({ type }) => type === 'server-orders')?.['orders']
  expect(orders()).toMatchObject([{ kind: 'leave', service: VIP, realServer: '192.0.2.1:80', by: `file ${LIST}` }])
  await write(world, '- 192.0.2.1\n- 192.0.2.2\n')
  expect(orders()).toEqual([])
  await write(world, '- 192.0.2.2\n')
  holds(world, 0, 0)
  await world.pass(second)
  expect(inForce(world)).toEqual(['192.0.2.2 1'])
  expect(orders()).toEqual([])
})

test('addresses of a family that no virtual server of the file has are told of once, and left out', async () => {
  const { world, sources } = await running('- 192.0.2.1\n- 2001:db8::1\n- 2001:db8::2\n')
  expect(inForce(world)).toEqual(['192.0.2.1 1'])
  expect(await sources()).toEqual([{ file: LIST, servers: 3, leftOut: 2 }])
  await write(world, '- 192.0.2.2\n- 2001:db8::1\n- 2001:db8::2\n')
  const told = world.log.filter((line) => line.includes('not of the family'))
  expect(told).toEqual([expect.stringContaining('"addresses":"2001:db8::1 2001:db8::2","leftOut":2')])
  await write(world, '- 192.0.2.2\n')
  expect(await sources()).toEqual([{ file: LIST, servers: 1 }])
})

test('an empty list takes all out', async () => {
  const { world } = await running('- 192.0.2.1\n')
  await write(world, '[]')
  await world.pass(second)
  expect(inForce(world)).toEqual([])
})

const nonsense: readonly (readonly [what: string, text: string | undefined, problem: RegExp])[] = [
  ['nonsense', '- 192.0.2.1\n- web2\n', /^\/srv\/web\.yaml:2:3: 'web2' is not an IPv4 or IPv6 address$/],
  ['an empty file', '', /^\/srv\/web\.yaml:1:1: it is no list of servers$/],
  ['a file that is gone', undefined, /./],
]
for (const [what, text, problem] of nonsense)
  test(`${what} changes nothing and is told once, in the log and in the status, until the file is right again`, async () => {
    const { world, sources } = await running('- 192.0.2.1\n- 192.0.2.2\n')
    await write(world, text)
    await write(world, text)
    expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 1'])
    expect(await sources()).toEqual([{ file: LIST, servers: 2, problem: expect.stringMatching(problem) }])
    expect(world.log.filter((line) => line.includes('list of real servers cannot be used'))).toHaveLength(1)
    // A reload does not forget what was known.
    ask(world, { request: 'reload' })
    await world.pass(second)
    expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 1'])
    await write(world, '- 192.0.2.1\n- 192.0.2.2\n- 192.0.2.3\n')
    expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 1', '192.0.2.3 1'])
    expect(await sources()).toEqual([{ file: LIST, servers: 3 }])
  })

test('a daemon that starts without a usable file goes on with what was known last, and says so', async () => {
  const kept = (await running('- 192.0.2.1\n')).world.files.get('/run/holdfast/listed-servers.json')
  const world = fakeWorld()
  world.files.set('/run/holdfast/listed-servers.json', kept ?? '')
  world.load(model(dynamic))
  await world.start()
  expect(inForce(world)).toEqual(['192.0.2.1 1'])
  expect(world.log.some((line) => line.includes('those that were known stay'))).toBe(true)
})

test('without a file the service is there and has no servers until one comes', async () => {
  const { world } = await running()
  expect(inForce(world)).toEqual([])
  await write(world, '- 192.0.2.1\n')
  expect(inForce(world)).toEqual(['192.0.2.1 1'])
})

test('a checker that is started again has them at once', async () => {
  const { world } = await running('- 192.0.2.1\n')
  await write(world, '- 192.0.2.1\n- 192.0.2.2\n')
  world.files.delete(LIST)
  world.living('checker')[0]?.die()
  await world.pass(5 * second)
  expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 1'])
})

test('a file that is not named any more is not watched any more; nor is one of a reload that was refused', async () => {
  const { world, supervisor } = await running('- 192.0.2.1\n')
  const other = { ...dynamic, serverSources: [{ kind: 'file', path: '/srv/other', template }] } as const
  world.answer = () => ({ refused: 'no' })
  world.load(model(other))
  expect((await supervisor.reload()).ok).toBe(false)
  expect([...world.watched.keys()]).toEqual([LIST])
  world.answer = () => 'ready'
  world.load(model(other))
  expect((await supervisor.reload()).ok).toBe(true)
  expect([...world.watched.keys()]).toEqual(['/srv/other'])
  await supervisor.stop()
  expect([...world.watched.keys()]).toEqual([])
})

test('what a reload would do is told of what is written, not of what is listed', async () => {
  const { world } = await running('- 192.0.2.1\n')
  const plan = ask(world, { request: 'plan' })
  await world.pass(0)
  expect(plan[0]).toMatchObject({ changes: [] })
  const heavier = {
    ...dynamic,
    serverSources: [{ kind: 'file', path: LIST, template: { ...template, weight: 9 } }],
  } as const
  world.load(model(heavier, virtualServer(2)))
  const changed = ask(world, { request: 'plan' })
  await world.pass(0)
  expect(JSON.stringify(changed[0])).toMatch(/file \/srv\/web\.yaml 80.*weight/)
})

test('what is ordered about a listed server stands while no list has it, is shown meanwhile, and can be ended', async () => {
  const { world, supervisor } = await running('- 192.0.2.1\n- 192.0.2.2\n', model(dynamic))
  ask(world, { request: 'drain', servers: ['192.0.2.1'], reason: 'new disks' })
  ask(world, { request: 'disable', servers: ['192.0.2.2:80'], service: VIP })
  await write(world, '[]')
  await world.pass(second)
  expect(inForce(world)).toEqual([])
  expect((await supervisor.reports.snapshot()).absentServerOrders).toMatchObject([
    { realServer: '192.0.2.1', kind: 'drain', by: 'alice', reason: 'new disks' },
    { realServer: '192.0.2.2:80', virtualServer: VIP, kind: 'disable' },
  ])
  const refused = ask(world, { request: 'drain', servers: ['192.0.2.3:80'] })
  const ended = ask(world, { request: 'undrain', servers: ['192.0.2.2:80'], service: VIP })
  await write(world, '- 192.0.2.1\n- 192.0.2.2\n')
  expect(refused).toMatchObject([{ type: 'error' }])
  expect(ended).toMatchObject([{ servers: [{ outcome: 'in-service' }] }])
  expect(inForce(world)).toEqual(['192.0.2.1 1', '192.0.2.2 1'])
  const orders = world.living('checker')[0]?.heard.findLast(({ type }) => type === 'server-orders')?.['orders']
  expect(orders).toMatchObject([{ kind: 'drain', realServer: '192.0.2.1' }])
  expect(await supervisor.reports.snapshot()).not.toHaveProperty('absentServerOrders')
})
