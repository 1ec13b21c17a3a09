import { expect, test } from 'vitest'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

type World = ReturnType<typeof fakeWorld>
type Answer = Readonly<Record<string, unknown>>

const second = 1_000_000
const one = router('VI_1')
const two = router('VI_2', { virtualRouterId: 52 })
const owner = router('VI_O', { virtualRouterId: 53, priority: 255 })
const keyOf = (id: number) => `eth0/ipv4/${id}`
const group = (members: readonly string[]) =>
  ({ name: 'G1', members, tracks: [], trackingWeight: false, notify: {} }) as const

async function running(more: Parameters<typeof configurationFor>[0] = {}): Promise<World> {
  const world = fakeWorld()
  world.load(configurationFor({ virtualRouters: [one, two], ...more }))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  return world
}

function ask(world: World, request: Answer): Answer[] {
  const answers: Answer[] = []
  const face = { send: (value: unknown) => void answers.push(value as Answer) === undefined, close() {}, onClosed() {} }
  world.control?.(face, JSON.stringify({ by: 'alice', ...request }))
  return answers
}
const vrrp = (world: World) => world.living('vrrp')[0]
const becomes = (world: World, id: number, state: string) =>
  vrrp(world)?.say({ type: 'virtual-router-state', key: keyOf(id), name: '', state, priority: 100 })
const heard = (world: World, type: string) => vrrp(world)?.heard.filter((message) => message['type'] === type) ?? []
const orders = (world: World) => JSON.parse(world.files.get('/run/holdfast/orders.json') ?? '{"orders":[]}').orders

test('a failover: the role stands aside, resigns, and the outcome is told to who ordered it', async () => {
  const world = await running()
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  const answers = ask(world, { request: 'failover', names: ['VI_1'], reason: 'kernel update' })
  await world.pass(0)
  expect(heard(world, 'stand-aside').at(-1)).toMatchObject({ aside: [{ key: keyOf(51), kind: 'until-master' }] })
  expect(heard(world, 'fail-over')).toEqual([{ type: 'fail-over', keys: [keyOf(51)] }])
  expect(answers).toEqual([])
  becomes(world, 51, 'BACKUP')
  vrrp(world)?.say({ type: 'failover-ended', key: keyOf(51), became: 'backup' })
  await world.pass(0)
  expect(answers).toEqual([{ type: 'done', done: 'failover', told: [expect.stringContaining('VI_1 was taken over')] }])
  expect(orders(world)).toMatchObject([{ kind: 'failover', key: keyOf(51), by: 'alice', reason: 'kernel update' }])
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  expect(heard(world, 'stand-aside').at(-1)).toMatchObject({ aside: [] })
  expect(world.files.has('/run/holdfast/orders.json')).toBe(false)
})

test('two who order the same at once both hear what came of it', async () => {
  const world = await running()
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  const [first, second] = [
    ask(world, { request: 'failover', names: ['VI_1'] }),
    ask(world, { request: 'maintenance', on: true, by: 'bob' }),
  ]
  await world.pass(0)
  vrrp(world)?.say({ type: 'failover-ended', key: keyOf(51), became: 'backup' })
  await world.pass(0)
  for (const answers of [first, second])
    expect(answers[0]).toMatchObject({ told: expect.arrayContaining([expect.stringContaining('was taken over')]) })
})

test('a failover that finds nobody leaves no order behind', async () => {
  const world = await running()
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  const answers = ask(world, { request: 'failover', all: true })
  await world.pass(0)
  vrrp(world)?.say({ type: 'failover-ended', key: keyOf(51), became: 'master' })
  await world.pass(0)
  expect(answers[0]).toMatchObject({ told: ['VI_1 stays master: nobody has taken its place'] })
  expect(orders(world)).toEqual([])
})

test('a failover that ends in fault says so, and its order stands', async () => {
  const world = await running()
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  const answers = ask(world, { request: 'failover', names: ['VI_1'] })
  await world.pass(0)
  becomes(world, 51, 'FAULT')
  vrrp(world)?.say({ type: 'failover-ended', key: keyOf(51), became: 'fault' })
  await world.pass(0)
  expect(answers[0]).toMatchObject({ told: [expect.stringContaining('VI_1 went into fault')] })
  expect(orders(world)).toHaveLength(1)
})

test('a role that dies in between is told of', async () => {
  const world = await running()
  becomes(world, 51, 'MASTER')
  await world.pass(0)
  const answers = ask(world, { request: 'failover', names: ['VI_1'] })
  await world.pass(0)
  vrrp(world)?.die()
  await world.pass(second)
  expect(answers[0]).toMatchObject({ told: [expect.stringContaining('role has ended')] })
})

test('orders survive a role, a reload and a supervisor; not a reboot, and not their time', async () => {
  const world = await running()
  ask(world, { request: 'hold', names: ['VI_2'], limit: 60_000 })
  await world.pass(0)
  const aside = { aside: [{ key: keyOf(52), kind: 'while-backup' }] }
  expect(heard(world, 'stand-aside').at(-1)).toMatchObject(aside)
  vrrp(world)?.die()
  await world.pass(second)
  expect(heard(world, 'stand-aside')).toMatchObject([aside])
  const kept = world.files.get('/run/holdfast/orders.json') ?? ''
  const next = fakeWorld()
  next.load(configurationFor({ virtualRouters: [one, two] }))
  next.files.set('/run/holdfast/orders.json', kept)
  const started = await next.start()
  expect(heard(next, 'stand-aside').at(-1)).toMatchObject(aside)
  if (started.ok) expect(await started.value.reload()).toMatchObject({ ok: true })
  expect(heard(next, 'stand-aside').at(-1)).toMatchObject(aside)
  await next.pass(61 * second)
  expect(heard(next, 'stand-aside').at(-1)).toMatchObject({ aside: [] })
  expect(next.log.some((line) => line.startsWith('info hold ended') && line.includes('time-over'))).toBe(true)
  const rebooted = fakeWorld()
  rebooted.files.set('/run/holdfast/orders.json', kept.replace('this-boot', 'another'))
  await rebooted.start()
  expect(heard(rebooted, 'stand-aside')).toEqual([])
})

test('maintenance binds all, those of a later reload too, and none that owns its addresses', async () => {
  const world = await running({ virtualRouters: [one, owner] })
  becomes(world, 51, 'MASTER')
  becomes(world, 53, 'MASTER')
  await world.pass(0)
  const answers = ask(world, { request: 'maintenance', on: true })
  await world.pass(0)
  expect(heard(world, 'fail-over')).toEqual([{ type: 'fail-over', keys: [keyOf(51)] }])
  vrrp(world)?.say({ type: 'failover-ended', key: keyOf(51), became: 'backup' })
  await world.pass(0)
  expect(answers[0]).toMatchObject({
    told: [
      'maintenance is on',
      expect.stringContaining('VI_1 was taken over'),
      expect.stringContaining('VI_O owns its addresses'),
    ],
  })
  expect(heard(world, 'stand-aside').at(-1)).toMatchObject({ aside: [{ key: keyOf(51), kind: 'always' }] })
  expect(ask(world, { request: 'maintenance', on: false })).toEqual([])
  await world.pass(0)
  expect(heard(world, 'stand-aside').at(-1)).toMatchObject({ aside: [] })
})

test('a member of a sync group brings all of it', async () => {
  const world = await running({ syncGroups: [group(['VI_1', 'VI_2'])] })
  for (const id of [51, 52]) becomes(world, id, 'MASTER')
  await world.pass(0)
  ask(world, { request: 'failover', names: ['VI_2'] })
  await world.pass(0)
  expect(heard(world, 'fail-over')).toEqual([{ type: 'fail-over', keys: [keyOf(51), keyOf(52)] }])
})

const refused: readonly (readonly [string, Answer, string])[] = [
  ['a name that is not there', { request: 'hold', names: ['VI_9'] }, 'there is no VI_9; there are VI_1, VI_2'],
  [
    'one that is not master',
    { request: 'failover', names: ['VI_1'] },
    'VI_1 is not master here; `holdfast hold VI_1` keeps it so',
  ],
  ['nobody', { request: 'release', names: [] }, 'name virtual routers or sync groups, or all'],
  [
    'a time that is none',
    { request: 'hold', all: true, limit: -1 },
    'limit is a number of milliseconds, a year at most',
  ],
  ['neither on nor off', { request: 'maintenance' }, 'on is true or false'],
]
for (const [what, request, message] of refused)
  test(`${what} is refused with what to do`, async () => {
    const world = await running()
    const answers = ask(world, request)
    await world.pass(0)
    expect(answers).toEqual([{ type: 'error', message }])
  })

test('an order is shown with who gave it, why and until when', async () => {
  const world = fakeWorld()
  world.load(configurationFor({ virtualRouters: [one] }))
  world.routers = [{ ...one, state: 'backup' }]
  const started = await world.start()
  ask(world, { request: 'hold', all: true, reason: 'network work', limit: 60_000 })
  await world.pass(0)
  if (!started.ok) throw new Error(started.error.message)
  const { virtualRouters } = await started.value.reports.snapshot()
  expect(virtualRouters[0]?.order).toMatchObject({ kind: 'hold', by: 'alice', reason: 'network work' })
  const { since, until } = virtualRouters[0]?.order ?? { since: '', until: '' }
  expect(Date.parse(until ?? '') - Date.parse(since)).toBe(60_000)
})
