import { expect, test } from 'vitest'
import { checkerOffers } from './checker-offers.ts'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, realServer, virtualServer } from './models.ts'

type World = ReturnType<typeof fakeWorld>
type Answer = Readonly<Record<string, unknown>>

const second = 1_000_000
const VIP = 'tcp/203.0.113.1:80'
const OTHER = 'tcp/203.0.113.2:80'
const both = [realServer(1), realServer(2)]
const model = (...servers: ReturnType<typeof virtualServer>[]) => configurationFor({ virtualServers: servers })
const usual = model(virtualServer(1, { realServers: both }), virtualServer(2, { realServers: both }))

async function running(world = fakeWorld()) {
  world.load(usual)
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  return { world, supervisor: started.value }
}

function ask(world: World, request: Answer): Answer[] {
  const answers: Answer[] = []
  const face = { send: (value: unknown) => void answers.push(value as Answer) === undefined, close() {}, onClosed() {} }
  world.control?.(face, JSON.stringify({ by: 'alice', ...request }))
  return answers
}
const checker = (world: World) => world.living('checker')[0]
const told = (world: World) =>
  (checker(world)?.heard.filter(({ type }) => type === 'server-orders') ?? []).map(({ orders }) => orders as Answer[])
const offered = (world: World) => checkerOffers(checker(world))
const inForce = (world: World) =>
  offered(world)
    .at(-1)
    ?.virtualServers.map(({ key, realServers }) => `${key} ${realServers.map(({ address }) => address).join(' ')}`)
const kept = (world: World): Answer[] =>
  JSON.parse(world.files.get('/run/holdfast/server-orders.json') ?? '{"orders":[]}').orders
/** What the table holds of 192.0.2.1 in the first virtual server. */
const holds = (world: World, weight: number, activeConnections: number) => {
  world.services = [{ key: VIP, destinations: [{ address: '192.0.2.1', port: 80, weight, activeConnections }] }]
}

test('an order reaches the checker, is kept, shown to who gave it, and ended', async () => {
  const { world } = await running()
  const drained = ask(world, { request: 'drain', servers: ['192.0.2.1:80'], reason: 'new disks' })
  await world.pass(0)
  expect(drained).toEqual([
    {
      type: 'done',
      done: 'drain',
      told: ['192.0.2.1:80 takes no new connections'],
      servers: [{ realServer: '192.0.2.1:80', outcome: 'draining' }],
    },
  ])
  expect(told(world).at(-1)).toMatchObject([
    { kind: 'drain', realServer: '192.0.2.1:80', by: 'alice', reason: 'new disks' },
  ])
  expect(kept(world)).toMatchObject([{ kind: 'drain', by: 'alice' }])
  const back = ask(world, { request: 'undrain', servers: ['192.0.2.1:80'] })
  await world.pass(0)
  expect(back[0]).toMatchObject({ told: ['192.0.2.1:80 is back in service'] })
  expect(told(world).at(-1)).toEqual([])
  expect(world.files.has('/run/holdfast/server-orders.json')).toBe(false)
})

test('a virtual server is named by its key, its address and port, or left out for all', async () => {
  const { world } = await running()
  ask(world, { request: 'disable', servers: ['192.0.2.1'], service: '203.0.113.2:80' })
  ask(world, { request: 'weight', servers: ['192.0.2.2:80'], weight: 9 })
  await world.pass(0)
  expect(told(world).at(-1)).toMatchObject([
    { kind: 'disable', realServer: '192.0.2.1', service: OTHER },
    { kind: 'weight', realServer: '192.0.2.2:80', weight: 9 },
  ])
  ask(world, { request: 'weight', servers: ['192.0.2.2:80'] })
  await world.pass(0)
  expect(told(world).at(-1)).toMatchObject([{ kind: 'disable' }])
})

test('orders survive a checker, a reload and a supervisor; not a reboot, and not their time', async () => {
  const { world, supervisor } = await running()
  ask(world, { request: 'drain', servers: ['192.0.2.1:80'], limit: 60_000 })
  await world.pass(0)
  checker(world)?.die()
  await world.pass(second)
  expect(offered(world)[0]?.orders).toMatchObject([{ kind: 'drain' }])
  await supervisor.reload()
  expect(kept(world)).toMatchObject([{ kind: 'drain' }])
  const file = world.files.get('/run/holdfast/server-orders.json') ?? ''
  const next = fakeWorld()
  next.files.set('/run/holdfast/server-orders.json', file)
  await running(next)
  expect(offered(next)[0]?.orders).toMatchObject([{ kind: 'drain' }])
  await next.pass(61 * second)
  expect(told(next).at(-1)).toEqual([])
  const rebooted = fakeWorld()
  rebooted.files.set('/run/holdfast/server-orders.json', file.replace('this-boot', 'another'))
  await running(rebooted)
  expect(offered(rebooted)[0]?.orders).toEqual([])
})

test('a name stands for what is listed by it, whatever its addresses are by then', async () => {
  const world = fakeWorld()
  const named = (...hosts: readonly number[]) =>
    model(virtualServer(1, { realServers: hosts.map((n) => ({ ...realServer(n), hostName: 'web.test' })) }))
  world.load(named(1, 2))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const answers = ask(world, { request: 'drain', servers: ['Web.Test.'] })
  await world.pass(0)
  expect(answers).toMatchObject([{ told: ['web.test takes no new connections'] }])
  expect(told(world).at(-1)).toMatchObject([{ kind: 'drain', realServer: 'web.test' }])
  world.load(named(3))
  await started.value.reload()
  expect(kept(world)).toMatchObject([{ kind: 'drain', realServer: 'web.test' }])
  const elsewhere = ask(world, { request: 'drain', servers: ['web.test:81'] })
  await world.pass(0)
  expect(elsewhere).toMatchObject([
    { message: expect.stringMatching(/real server web.test:81; there is 192.0.2.3:80$/) },
  ])
})

test('an order about what a reload removes ends', async () => {
  const { world, supervisor } = await running()
  ask(world, { request: 'disable', servers: ['192.0.2.2:80'] })
  world.load(model(virtualServer(1)))
  await supervisor.reload()
  expect(kept(world)).toEqual([])
  expect(world.log.some((line) => line.startsWith('info disable ended') && line.includes('removed'))).toBe(true)
})

test('who waits hears when no connection is left and none can come', async () => {
  const { world } = await running()
  holds(world, 1, 0)
  const answers = ask(world, { request: 'drain', servers: ['192.0.2.1:80'], wait: true })
  await world.pass(2 * second)
  expect(answers).toEqual([])
  holds(world, 0, 3)
  await world.pass(2 * second)
  expect(answers).toEqual([])
  holds(world, 0, 0)
  await world.pass(second)
  expect(answers).toMatchObject([{ told: ['192.0.2.1:80 is drained'], servers: [{ outcome: 'drained' }] }])
  expect(world.log.filter((line) => line.startsWith('error'))).toEqual([])
})

test('only what is waited for is asked of the table, and of one that is drained meanwhile nothing is concluded', async () => {
  const { world } = await running()
  const forwarding = world.living('forwarding')[0]
  const looks = () =>
    (forwarding?.heard ?? []).flatMap(({ type, addresses }) => (type === 'snapshot-requested' ? [addresses] : []))
  const before = looks().length
  holds(world, 0, 3)
  const first = ask(world, { request: 'drain', servers: ['192.0.2.1:80'], wait: true })
  await world.pass(second)
  expect(looks().slice(before)).toEqual([['192.0.2.1'], ['192.0.2.1']])

  // The next question is on its way when another drain is waited for.
  forwarding?.hang()
  await world.pass(second / 2)
  const other = ask(world, { request: 'drain', servers: ['192.0.2.2'], wait: true })
  forwarding?.recover()
  const id = forwarding?.heard.at(-1)?.['id']
  forwarding?.say({ type: 'snapshot', id, snapshot: JSON.stringify({ services: world.services }) })
  await world.pass(0)
  expect([first, other]).toEqual([[], []])
  await world.pass(second / 2)
  expect(looks().at(-1)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(other).toMatchObject([{ told: ['192.0.2.2 is drained'] }])
  expect(first).toEqual([])
})

test('at its deadline what is not drained is disabled, and who waits hears that', async () => {
  const { world } = await running()
  holds(world, 0, 3)
  const answers = ask(world, { request: 'drain', servers: ['192.0.2.1'], wait: true, deadline: 10_000 })
  await world.pass(9 * second)
  expect(told(world).at(-1)).toMatchObject([{ kind: 'drain' }])
  await world.pass(2 * second)
  expect(told(world).at(-1)).toMatchObject([{ kind: 'disable' }])
  expect(answers[0]).toMatchObject({
    told: ['192.0.2.1 was not drained by its deadline and is disabled'],
    servers: [{ outcome: 'not-drained' }],
  })
})

test('at its deadline what is drained stays in the table, and has no deadline any more', async () => {
  const { world } = await running()
  holds(world, 0, 0)
  const answers = ask(world, {
    request: 'drain',
    servers: ['192.0.2.1'],
    wait: true,
    deadline: 10_000,
    reason: 'disks',
  })
  await world.pass(second)
  expect(answers[0]).toMatchObject({ told: ['192.0.2.1 is drained'] })
  expect(told(world).at(-1)).toMatchObject([{ kind: 'drain', deadline: expect.any(Number) }])
  await world.pass(10 * second)
  const [left] = kept(world)
  expect(left).toMatchObject({ kind: 'drain', reason: 'disks' })
  expect(left).not.toHaveProperty('deadline')
  expect(told(world).at(-1)).toEqual([left])
})

test('a drain that nobody waits for is judged at its deadline, and is over where the table cannot be asked', async () => {
  const { world } = await running()
  holds(world, 0, 3)
  ask(world, { request: 'drain', servers: ['192.0.2.1'], deadline: 10_000 })
  ask(world, { request: 'drain', servers: ['192.0.2.2'], deadline: 20_000 })
  await world.pass(11 * second)
  expect(kept(world)).toMatchObject([{ kind: 'disable', realServer: '192.0.2.1' }, { kind: 'drain' }])
  world.living('forwarding')[0]?.hang()
  await world.pass(20 * second)
  expect(kept(world)).toMatchObject([{ kind: 'disable' }, { kind: 'disable', realServer: '192.0.2.2' }])
})

test('who waits hears when somebody ends the drain, though a weight of the server stands', async () => {
  const { world } = await running()
  holds(world, 0, 3)
  ask(world, { request: 'weight', servers: ['192.0.2.1:80'], weight: 7 })
  const answers = ask(world, { request: 'drain', servers: ['192.0.2.1:80'], wait: true })
  ask(world, { request: 'enable', servers: ['192.0.2.1:80'] })
  await world.pass(second)
  expect(answers[0]).toMatchObject({ told: ['192.0.2.1:80 is not drained any more'] })
})

test('a graceful reload: what is gone stays, drained, until nothing is left of it', async () => {
  const { world } = await running()
  holds(world, 0, 2)
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  const answers = ask(world, { request: 'reload', gracefulFor: 'bob' })
  await world.pass(second)
  expect(answers).toEqual([{ type: 'done', done: 'reload' }])
  // Of the second virtual server, which is gone as a whole, nothing was left.
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.2 192.0.2.1`])
  expect(told(world).at(-1)).toMatchObject([
    { kind: 'leave', service: VIP, realServer: '192.0.2.1:80', by: 'bob', reason: 'removed from the configuration' },
  ])
  // Another reload does not hurry it.
  ask(world, { request: 'reload' })
  await world.pass(second)
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.2 192.0.2.1`])
  const plan = ask(world, { request: 'plan' })
  await world.pass(0)
  expect(plan[0]).toMatchObject({ changes: [] })
  holds(world, 0, 0)
  await world.pass(second)
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.2`])
  expect(told(world).at(-1)).toEqual([])
})

/** What the checker hears from here on, orders with how many there are. */
const hears = (world: World) => {
  const before = checker(world)?.heard.length ?? 0
  return () =>
    (checker(world)?.heard.slice(before) ?? []).flatMap(({ type, orders }) =>
      type === 'server-orders' ? [`${(orders as Answer[]).length} orders`] : type === 'commit' ? ['commit'] : [],
    )
}

test('what has been drained and goes serves no moment more: it is bound until it is gone', async () => {
  const { world } = await running()
  holds(world, 0, 2)
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  ask(world, { request: 'reload', gracefulFor: 'bob' })
  await world.pass(second)
  const leaving = hears(world)
  holds(world, 0, 0)
  await world.pass(second)
  expect(leaving()).toEqual(['1 orders', 'commit', '0 orders'])

  world.load(usual)
  ask(world, { request: 'reload' })
  await world.pass(second)
  ask(world, { request: 'drain', servers: ['192.0.2.1:80'] })
  await world.pass(second)
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  const removed = hears(world)
  ask(world, { request: 'reload' })
  await world.pass(second)
  expect(removed()).toEqual(['1 orders', 'commit', '0 orders'])
})

test('one that is leaving and is configured again is in service', async () => {
  const { world } = await running()
  holds(world, 0, 2)
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  ask(world, { request: 'reload', gracefulFor: 'bob' })
  await world.pass(0)
  world.load(model(virtualServer(1, { realServers: both })))
  ask(world, { request: 'reload' })
  await world.pass(second)
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.1 192.0.2.2`])
  expect(told(world).at(-1)).toEqual([])
})

test('what an operator ordered about one that leaves stands, and is not what undrain ends', async () => {
  const { world } = await running()
  holds(world, 0, 2)
  const order = { servers: ['192.0.2.1:80'], service: VIP }
  ask(world, { request: 'drain', ...order, reason: 'new disks' })
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  ask(world, { request: 'reload', gracefulFor: 'bob' })
  await world.pass(0)
  expect(told(world).at(-1)?.slice(0, 2)).toMatchObject([
    { kind: 'drain', by: 'alice' },
    { kind: 'leave', by: 'bob' },
  ])
  world.load(model(virtualServer(1, { realServers: both })))
  ask(world, { request: 'reload' })
  await world.pass(second)
  expect(told(world).at(-1)).toMatchObject([{ kind: 'drain', by: 'alice', reason: 'new disks' }])
  world.load(model(virtualServer(1, { realServers: [realServer(2)] })))
  ask(world, { request: 'reload', gracefulFor: 'bob' })
  await world.pass(0)
  const undrained = ask(world, { request: 'undrain', ...order })
  await world.pass(second)
  expect(undrained[0]).toMatchObject({ servers: [{ outcome: 'leaving', virtualServer: VIP }] })
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.2 192.0.2.1`])
  ask(world, { request: 'disable', ...order })
  world.services = []
  await world.pass(second)
  expect(inForce(world)).toEqual([`${VIP} 192.0.2.2`])
  expect(told(world).at(-1)).toEqual([])
})

test('who ends an order by another name is told what still binds the server', async () => {
  const { world } = await running()
  ask(world, { request: 'drain', servers: ['192.0.2.1'] })
  const by = (request: Answer) => ask(world, { servers: ['192.0.2.1:80'], ...request })
  const answers = [by({ request: 'undrain' }), by({ request: 'undrain', service: VIP }), by({ request: 'weight' })]
  await world.pass(0)
  expect(answers.flat()).toMatchObject([
    { told: ['192.0.2.1:80 is still bound by the drain of 192.0.2.1'], servers: [{ outcome: 'still-ordered' }] },
    { told: [`192.0.2.1:80 of ${VIP} is still bound by the drain of 192.0.2.1`] },
    { told: ['192.0.2.1:80 was not given a weight'], servers: [{ outcome: 'no-weight-set' }] },
  ])
  expect(told(world).at(-1)).toMatchObject([{ kind: 'drain' }])
})

test('who gives a broad order is told of the narrower one that binds all the same', async () => {
  const { world } = await running()
  ask(world, { request: 'drain', servers: ['192.0.2.1'], service: VIP })
  ask(world, { request: 'weight', servers: ['192.0.2.1:80'], service: VIP, weight: 3 })
  const broad = { servers: ['192.0.2.1:80'] }
  const answers = [
    ask(world, { request: 'disable', ...broad }),
    ask(world, { request: 'weight', ...broad, weight: 5 }),
    ask(world, { request: 'disable', ...broad, service: VIP }),
  ]
  await world.pass(0)
  expect(answers.flat()).toMatchObject([
    { told: [`192.0.2.1:80 is out of service except where the drain of 192.0.2.1 in ${VIP} binds it`] },
    { told: [`192.0.2.1:80 has weight 5 except where the weight of 192.0.2.1:80 in ${VIP} binds it`] },
    { told: [`192.0.2.1:80 of ${VIP} is out of service`] },
  ])
})

const refused: readonly (readonly [string, Answer, RegExp])[] = [
  ['a server that is not there', { request: 'drain', servers: ['192.0.2.9:80'] }, /has a real server 192.0.2.9:80$/],
  [
    'a port that is not there',
    { request: 'drain', servers: ['192.0.2.1:81'] },
    /no virtual server has a real server 192.0.2.1:81; there is 192.0.2.1:80$/,
  ],
  ['what is no name', { request: 'drain', servers: ['10.0.0:80'] }, /10.0.0:80 is no real server; write 10.0.0.1:80/],
  [
    'a name that lists nobody',
    { request: 'drain', servers: ['web1'] },
    /real server web1; only those that real_server dns or srv lists have a name, the others their address$/,
  ],
  [
    'a virtual server that is not there',
    { request: 'drain', servers: ['192.0.2.1'], service: 'x' },
    /there is no virtual server x; there are tcp/,
  ],
  ['a weight that is none', { request: 'weight', servers: ['192.0.2.1'], weight: null }, /weight is a whole number/],
  ['nobody', { request: 'drain', servers: [] }, /name real servers/],
  ['a time that is none', { request: 'drain', servers: ['192.0.2.1'], deadline: -1 }, /deadline is a number/],
]
for (const [what, request, message] of refused)
  test(`${what} is refused with what to do`, async () => {
    const { world } = await running()
    const answers = ask(world, request)
    await world.pass(0)
    expect(answers).toEqual([{ type: 'error', message: expect.stringMatching(message) }])
  })
