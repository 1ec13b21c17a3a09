/** What stands beside health: orders, slow start, panic, suspension, weights that checkers change, checkers that are shared. */
import { expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import { serviceKey, type VirtualServer } from '../../../src/model/index.ts'
import { question } from '../../../src/proto/health/index.ts'
import type { ServerOrder } from '../../../src/proto/server-orders/index.ts'
import type { HealthRecord } from '../../../src/roles/ipc/index.ts'
import { http, openWorld, real, tcp, VIP, virtual } from './harness.ts'

type World = ReturnType<typeof openWorld>

const A = '10.0.0.1'
const B = '10.0.0.2'
const sorryServer = { address: address('10.0.0.99'), port: 80, method: 'dr', inhibit: false } as const
const OTHER = 'tcp/192.0.2.2:80'
const other = (over: Partial<VirtualServer> = {}): VirtualServer => {
  const service = { kind: 'address', protocol: 'tcp', address: address('192.0.2.2'), port: 80 } as const
  return virtual([real(A), real(B)], { key: serviceKey(service), service, ...over })
}

const by = { by: 'alice', since: '2026-01-01T00:00:00.000Z' }
const drain = (realServer: string, service?: string): ServerOrder => ({
  ...by,
  kind: 'drain',
  realServer,
  ...(service === undefined ? {} : { service }),
})
const give = (world: World, ...orders: ServerOrder[]) => world.send({ type: 'server-orders', orders })
const shown = (world: World) => world.snapshot()
const record = (host: string, up: boolean): HealthRecord => ({
  serviceKey: VIP,
  realServerKey: `${host}:80`,
  up,
  failedCheckers: [],
  since: by.since,
})
const quorums = (world: World) => world.said('quorum').map(({ up }) => up)

test('what is drained takes nothing new in every virtual server or in one, and comes back when the order ends', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)]), other()])
  await world.pass(2)
  give(world, drain(`${A}:80`))
  expect(world.table()).toEqual({
    [VIP]: { [`${A}:80`]: 0, [`${B}:80`]: 1 },
    [OTHER]: { [`${A}:80`]: 0, [`${B}:80`]: 1 },
  })
  await world.pass(1)
  give(world, drain(A, OTHER))
  await world.pass(1)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 1, [`${B}:80`]: 1 })
  expect(world.table()[OTHER]).toEqual({ [`${A}:80`]: 0, [`${B}:80`]: 1 })
  expect(shown(world)[1]?.realServers[0]).toMatchObject({ state: 'up', orders: [{ kind: 'drain', by: 'alice' }] })
  expect(shown(world)[0]?.realServers[0]).not.toHaveProperty('orders')
})

test('a drained server that is found down leaves, and when all are drained the sorry server serves beside them', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)], { sorryServer })])
  await world.pass(2)
  give(world, drain(A), drain(B))
  await world.pass(1)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 0, [`${B}:80`]: 0, '10.0.0.99:80': 1 })
  expect(quorums(world)).toEqual([true, false])
  world.answers.set(`${A}:80`, 'reset')
  await world.pass(10)
  expect(world.table()[VIP]).toEqual({ [`${B}:80`]: 0, '10.0.0.99:80': 1 })
})

test('what is disabled is not in the table, inhibit_on_failure or not; a weight by hand takes the place of the configured one', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A, { inhibitOnFailure: true }), real(B, { weight: 3 })])])
  await world.pass(2)
  give(world, { ...by, kind: 'disable', realServer: A }, { ...by, kind: 'weight', realServer: `${B}:80`, weight: 7 })
  await world.pass(1)
  expect(world.table()[VIP]).toEqual({ [`${B}:80`]: 7 })
  expect(shown(world)[0]?.realServers).toMatchObject([
    { orders: [{ kind: 'disable' }] },
    { weight: 3, effectiveWeight: 7, orders: [{ kind: 'weight' }] },
  ])
})

test('orders bind what a reload brings, and a role that starts has them before its first word', async () => {
  const world = openWorld()
  const slice = { virtualServers: [virtual([real(A), real(B)])], health: [], orders: [drain(A)] }
  world.send({ type: 'offer', revision: 1, slice })
  world.send({ type: 'commit', revision: 1 })
  expect(world.said('services-wanted')[0]?.services[0]?.destinations.map(({ weight }) => weight)).toEqual([0, 1])
  const reloaded = { virtualServers: [virtual([real(A), real(B)]), other()], health: [] }
  world.send({ type: 'offer', revision: 2, slice: reloaded })
  world.send({ type: 'commit', revision: 2 })
  expect(world.table()[OTHER]).toEqual({ [`${A}:80`]: 0, [`${B}:80`]: 1 })
})

test('slow_start: a server that comes up reaches its weight in steps, also through a reload; at the start of all nobody is spared', async () => {
  const world = openWorld()
  const servers = [real(A, { weight: 100, slowStart: seconds(20) }), real(B, { weight: 100 })]
  await world.configure([virtual(servers)])
  await world.pass(2)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 100, [`${B}:80`]: 100 })
  world.answers.set(`${A}:80`, 'reset')
  await world.pass(7) // down at 9 s
  world.answers.clear()
  await world.pass(6) // up at 15 s
  const weightAfter = async (length: number) => {
    await world.pass(length)
    return world.table()[VIP]?.[`${A}:80`]
  }
  expect(await weightAfter(0)).toBe(1)
  expect(await weightAfter(1.1)).toBe(5)
  expect(shown(world)[0]?.realServers[0]).toMatchObject({ state: 'up', weight: 100, rampedWeight: 5 })
  expect(await weightAfter(9)).toBe(50)
  await world.configure([virtual(servers, { scheduler: 'rr' })])
  expect(await weightAfter(0)).toBe(50)
  expect(await weightAfter(11)).toBe(100)
  expect(shown(world)[0]?.realServers[0]).not.toHaveProperty('rampedWeight')
  for (const [answer, length] of [
    ['reset', 7],
    [undefined, 6],
    ['reset', 7],
  ] as const) {
    if (answer === undefined) world.answers.clear()
    else world.answers.set(`${A}:80`, answer)
    await world.pass(length)
  }
  const [down] = shown(world)[0]?.realServers ?? []
  expect(down).toMatchObject({ state: 'down' })
  expect(down).not.toHaveProperty('rampedWeight')
})

test.each([
  ['went up', true],
  ['was taken back into service', false],
])('slow_start goes on in a checker that is started anew, of a server that %s', async (_, wentUp) => {
  const world = openWorld()
  const servers = [real(A, { weight: 100, slowStart: seconds(20) }), real(B, { weight: 100 })]
  await world.configure([virtual(servers)])
  await world.pass(2)
  if (wentUp) {
    world.answers.set(`${A}:80`, 'reset')
    await world.pass(7)
    world.answers.clear()
    await world.pass(6.1)
  } else {
    give(world, drain(A))
    await world.pass(1)
    give(world)
    await world.pass(0.1)
  }
  const known = world.said('real-server-health').at(-1)?.record as HealthRecord
  const later = openWorld()
  await later.pass((known.risingSince as number) / 1e6 + 10)
  later.send({
    type: 'offer',
    revision: 1,
    slice: { virtualServers: [virtual(servers)], health: [known, record(B, true)] },
  })
  later.send({ type: 'commit', revision: 1 })
  await later.pass(0)
  expect(later.table()[VIP]).toEqual({ [`${A}:80`]: 50, [`${B}:80`]: 100 })
  await later.pass(11)
  expect(later.table()[VIP]).toEqual({ [`${A}:80`]: 100, [`${B}:80`]: 100 })
})

test('slow_start: the whole weight counts for the quorum, and who is taken back into service starts slowly', async () => {
  const world = openWorld()
  const server = real(A, { weight: 10, slowStart: seconds(10) })
  await world.configure([virtual([server, real(B, { weight: 10 })], { quorum: 20 })])
  await world.pass(2)
  give(world, drain(A))
  await world.pass(1)
  world.fresh()
  give(world)
  await world.pass(0.1)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 1, [`${B}:80`]: 10 })
  expect(quorums(world)).toEqual([true])
  await world.pass(11)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 10, [`${B}:80`]: 10 })
})

test('panic_threshold: checks take no more than it leaves, and those who went down last are kept', async () => {
  const world = openWorld()
  const addresses = [1, 2, 3, 4].map((host) => `10.0.0.${host}`)
  await world.configure([
    virtual(
      addresses.map((at) => real(at)),
      { panicThreshold: 50, sorryServer },
    ),
  ])
  await world.pass(2)
  for (const at of addresses.slice(0, 3)) {
    world.answers.set(`${at}:80`, 'reset')
    await world.pass(12)
  }
  expect(world.table()[VIP]).toEqual({ '10.0.0.3:80': 1, '10.0.0.4:80': 1 })
  expect(shown(world)[0]?.realServers.map(({ state, kept }) => `${state}${kept === true ? ' kept' : ''}`)).toEqual([
    'down',
    'down',
    'down kept',
    'up',
  ])
  world.answers.set('10.0.0.4:80', 'reset')
  await world.pass(12)
  expect(world.table()[VIP]).toEqual({ '10.0.0.3:80': 1, '10.0.0.4:80': 1 })
  expect(shown(world)[0]?.quorum).toBe('up')
  world.answers.delete('10.0.0.1:80')
  await world.pass(12)
  expect(world.table()[VIP]).toEqual({ '10.0.0.1:80': 1, '10.0.0.4:80': 1 })
})

test('panic_threshold: under alpha it keeps nobody that no check has found up, also through a reload and a restart of the role', async () => {
  const servers = [1, 2, 3, 4].map((host) =>
    real(`10.0.0.${host}`, { checkers: [tcp(`10.0.0.${host}`, 80, { alpha: true })] }),
  )
  const panicking = [virtual(servers, { panicThreshold: 50, alpha: true })]
  const world = openWorld()
  for (const host of [1, 2, 3]) world.answers.set(`10.0.0.${host}:80`, 'reset')
  await world.configure(panicking)
  expect(world.table()[VIP]).toEqual({})
  await world.pass(20)
  expect(world.table()[VIP]).toEqual({ '10.0.0.4:80': 1 })
  await world.configure([virtual(servers, { panicThreshold: 100, alpha: true })])
  expect(world.table()[VIP]).toEqual({ '10.0.0.4:80': 1 })
  // One that was up once is kept.
  world.answers.delete('10.0.0.1:80')
  await world.pass(10)
  world.answers.set('10.0.0.1:80', 'reset')
  world.answers.set('10.0.0.4:80', 'reset')
  await world.pass(20)
  expect(world.table()[VIP]).toEqual({ '10.0.0.1:80': 1, '10.0.0.4:80': 1 })
  const known = new Map(world.said('real-server-health').map(({ record }) => [record.realServerKey, record]))

  const next = openWorld()
  for (const host of [1, 2, 3, 4]) next.answers.set(`10.0.0.${host}:80`, 'reset')
  await next.configure([virtual(servers, { panicThreshold: 100, alpha: true })], [...known.values()])
  await next.pass(20)
  expect(next.table()[VIP]).toEqual({ '10.0.0.1:80': 1, '10.0.0.4:80': 1 })
})

test('a checker whose configuration is at fault asks nobody, and its server is down from the start, also in a panic and for a role that takes over', async () => {
  const fault = 'tls_pin abc is not a SHA-256'
  const checker = { ...http(A, ['/']), fault } as const
  for (const health of [[], [record(A, true)]]) {
    const world = openWorld()
    await world.configure([virtual([real(A, { checkers: [checker] }), real(B)], { panicThreshold: 100 })], health)
    expect(world.table()[VIP]).toEqual({ [`${B}:80`]: 1 })
    await world.pass(20)
    expect(world.table()[VIP]).toEqual({ [`${B}:80`]: 1 })
    expect(world.probes.filter((one) => one.includes(A))).toEqual([])
    expect(shown(world)[0]?.realServers[0]).toMatchObject({
      state: 'down',
      reason: `HTTP_GET ${A}:80/: ${fault}`,
      checkers: [{ lastOutcome: 'bad-configuration' }],
    })
    expect(world.said('real-server-health').filter(({ announce }) => announce)).toMatchObject([
      { record: { realServerKey: `${A}:80`, up: false } },
    ])
  }
})

test('slow_start spares nobody in a panic, and nobody that served all through it', async () => {
  const world = openWorld()
  const addresses = [1, 2, 3, 4].map((host) => `10.0.0.${host}`)
  const servers = addresses.map((at) => real(at, { weight: 20, slowStart: seconds(60) }))
  await world.configure([virtual(servers, { panicThreshold: 50 })])
  await world.pass(2)
  for (const at of addresses) {
    world.answers.set(`${at}:80`, 'reset')
    await world.pass(12)
  }
  expect(world.table()[VIP]).toEqual({ '10.0.0.3:80': 20, '10.0.0.4:80': 20 })
  world.answers.delete('10.0.0.1:80')
  await world.pass(12)
  expect(world.table()[VIP]).toEqual({ '10.0.0.1:80': 20, '10.0.0.4:80': 20 })
  world.answers.delete('10.0.0.4:80')
  await world.pass(12)
  expect(world.table()[VIP]).toEqual({ '10.0.0.1:80': 20, '10.0.0.4:80': 20 })
  world.answers.delete('10.0.0.2:80')
  await world.pass(12)
  expect(world.table()[VIP]?.['10.0.0.1:80']).toBe(20)
  expect(world.table()[VIP]?.['10.0.0.2:80']).toBeLessThan(20)
})

test('ha_suspend: nobody asks while the address is elsewhere, what was found stays, and the questions go on with the address', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A)], { haSuspend: true }), other()])
  await world.pass(20)
  expect(world.probes.filter((one) => one.includes(A)).length).toBeGreaterThan(0) // the other asks them too
  world.probes.splice(0)
  await world.configure([virtual([real(A)], { haSuspend: true })])
  await world.pass(20)
  expect(world.probes).toEqual([])
  expect(world.table()).toEqual({ [VIP]: { [`${A}:80`]: 1 } })
  expect(shown(world)[0]).toMatchObject({ suspended: true, quorum: 'up' })
  world.answers.set(`${A}:80`, 'hang')
  world.holds('192.0.2.1')
  await world.pass(0)
  expect(world.probes).toEqual([`40 ${A}:80`])
  world.holds('192.0.2.7')
  await world.pass(20)
  expect(world.running()).toBe(0)
  expect(world.probes.length).toBe(1)
  world.answers.set(`${A}:80`, 'reset')
  world.holds('192.0.2.1')
  await world.pass(4)
  expect(world.table()).toEqual({ [VIP]: {} })
  await world.configure([virtual([real(A)])])
  expect(world.watching()).toBe(false)
})

test('ha_suspend with a group: one address of it is enough (keepalived never finds any)', async () => {
  const world = openWorld()
  const second = { kind: 'address', protocol: 'tcp', address: address('192.0.2.9'), port: 80 } as const
  await world.configure([virtual([real(A)], { haSuspend: true, group: { name: 'G', others: [second] } })])
  await world.pass(10)
  expect(world.probes).toEqual([])
  world.holds('192.0.2.9')
  await world.pass(1)
  expect(world.probes.length).toBe(1)
})

test('a server of two virtual servers is probed once where the check is the same, and goes down in both', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)]), other()])
  await world.pass(2)
  expect(world.probes).toEqual([`1 ${A}:80`, `1 ${B}:80`])
  world.answers.set(`${A}:80`, 'reset')
  await world.pass(8)
  expect(world.table()).toEqual({ [VIP]: { [`${B}:80`]: 1 }, [OTHER]: { [`${B}:80`]: 1 } })
  const told = world.said('real-server-health').filter(({ announce }) => announce)
  expect(told.map(({ record }) => `${record.serviceKey} ${record.up}`)).toEqual([`${VIP} false`, `${OTHER} false`])
})

test('a virtual server that a reload adds knows what the others know, and its scripts hear of it', async () => {
  const world = openWorld()
  world.answers.set(`${A}:80`, 'reset')
  await world.configure([virtual([real(A), real(B)])])
  await world.pass(2)
  world.fresh()
  await world.configure([virtual([real(A), real(B)]), other()])
  expect(world.table()[OTHER]).toEqual({ [`${B}:80`]: 1 })
  expect(world.said('real-server-health').filter(({ announce }) => announce)).toMatchObject([
    { record: { serviceKey: OTHER, realServerKey: `${A}:80`, up: false } },
  ])
})

test('so it is under alpha: what the others found down is told, what they found up is told, and what nobody knows is not', async () => {
  const world = openWorld()
  const alpha = (at: string) => real(at, { checkers: [tcp(at, 80, { alpha: true })] })
  const C = '10.0.0.3'
  world.answers.set(`${A}:80`, 'reset')
  await world.configure([virtual([alpha(A), alpha(B)])])
  await world.pass(2)
  world.fresh()
  await world.configure([virtual([alpha(A), alpha(B)]), other({ realServers: [alpha(A), alpha(B), alpha(C)] })])
  expect(world.table()[OTHER]).toEqual({ [`${B}:80`]: 1 })
  const told = world.said('real-server-health').filter(({ announce }) => announce)
  expect(
    told.map(({ record }) => `${record.serviceKey} ${record.realServerKey} ${record.up} ${record.neverUp}`),
  ).toEqual([`${OTHER} ${A}:80 false true`, `${OTHER} ${B}:80 true undefined`])
})

test('two that were checked alike and are no more go on with what was known, each at its own pace', async () => {
  const world = openWorld()
  world.answers.set(`${A}:80`, 'reset')
  await world.configure([virtual([real(A)]), other({ realServers: [real(A)] })])
  await world.pass(2)
  world.fresh()
  world.probes.splice(0)
  const slower = real(A, { checkers: [tcp(A, 80, { delayLoop: seconds(20) })] })
  await world.configure([virtual([real(A)]), other({ realServers: [slower] })])
  expect(world.table()).toEqual({ [VIP]: {}, [OTHER]: {} })
  expect(world.said('real-server-health')).toEqual([])
  await world.pass(30)
  const times = world.probes.map((one) => Number(one.split(' ')[0]))
  // Every 6 s by the one; by the other from where they were together, then every 20 s.
  expect(times).toEqual([7, 7, 13, 19, 25, 27, 31])
})

test('what checkers add counts for table and quorum, within what weights can be, and survives the role', async () => {
  const world = openWorld()
  const contribute = async (contribution: number) => {
    world.contributions.set(`${A}:80`, contribution)
    await world.pass(6)
  }
  await world.configure([virtual([real(A, { weight: 5 }), real(B)], { quorum: 4, sorryServer })])
  await world.pass(2)
  await contribute(20)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 25, [`${B}:80`]: 1 })
  const record = world.said('real-server-health').at(-1)?.record
  expect(record?.contributions).toEqual({ [question(tcp(A))]: 20 })
  expect(shown(world)[0]?.realServers[0]).toMatchObject({ weight: 5, effectiveWeight: 25 })
  await contribute(-9)
  expect(world.table()[VIP]).toEqual({ '10.0.0.99:80': 1 })
  await contribute(0)
  expect(world.table()[VIP]).toEqual({ [`${A}:80`]: 5, [`${B}:80`]: 1 })

  const next = openWorld()
  await next.configure([virtual([real(A, { weight: 5 })])], record === undefined ? [] : [record])
  expect(next.table()[VIP]).toEqual({ [`${A}:80`]: 25 })
})
