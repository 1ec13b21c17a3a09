import { expect, test } from 'vitest'
import { address, millis } from '../../../src/base/index.ts'
import { question } from '../../../src/proto/health/index.ts'
import type { HealthRecord } from '../../../src/roles/ipc/index.ts'
import { http, openWorld, real, tcp, VIP, virtual } from './harness.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'
const C = '10.0.0.3'
const sorryServer = { address: address('10.0.0.99'), port: 80, method: 'dr', inhibit: false } as const
const announced = (world: ReturnType<typeof openWorld>) =>
  world.heard.flatMap((message) => {
    if (message.type === 'real-server-health' && message.announce)
      return [`${message.record.realServerKey} ${message.record.up ? 'up' : 'down'}`]
    if (message.type === 'quorum' && message.announce) return [`quorum ${message.up ? 'up' : 'down'}`]
    return []
  })

test('an offer is answered ready, and applied after the complete list of services', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)])])
  expect(world.heard.map(({ type }) => type)).toEqual(['started', 'ready', 'services-wanted', 'quorum', 'applied'])
  expect(announced(world)).toEqual(['quorum up'])
  expect(world.said('services-wanted')[0]?.complete).toBe(true)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1, '10.0.0.2:80': 1 } })
})

test('a withdrawn offer changes nothing, nor does a commit of another revision', async () => {
  const world = openWorld()
  world.send({ type: 'offer', revision: 7, slice: { virtualServers: [virtual([real(A)])], health: [] } })
  world.send({ type: 'commit', revision: 6 })
  world.send({ type: 'withdraw', revision: 7 })
  world.send({ type: 'commit', revision: 7 })
  await world.pass(100)
  expect(world.probes).toEqual([])
  expect(world.said('applied')).toEqual([])
})

test('the services of a group have the same servers, each probed once, and go together', async () => {
  const world = openWorld()
  const https = { kind: 'address', protocol: 'tcp', address: address('192.0.2.9'), port: 80 } as const
  await world.configure([{ ...virtual([real(A), real(B)]), group: { name: 'G', others: [https] } }])
  const all = { '10.0.0.1:80': 1, '10.0.0.2:80': 1 }
  expect(world.table()).toEqual({ [VIP]: all, 'tcp/192.0.2.9:80': all })
  expect(announced(world)).toEqual(['quorum up'])
  world.answers.set('10.0.0.2:80', 'connection-refused')
  await world.pass(12)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 }, 'tcp/192.0.2.9:80': { '10.0.0.1:80': 1 } })
  expect(world.probes.filter((probe) => probe.endsWith(A.concat(':80')))).toEqual(['1 10.0.0.1:80', '7 10.0.0.1:80'])
  expect(world.snapshot()).toMatchObject([{ key: VIP, group: { name: 'G', others: ['tcp/192.0.2.9:80'] } }])
})

test('probes start after one second and come every delay_loop', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A)])])
  await world.pass(14)
  expect(world.probes).toEqual(['1 10.0.0.1:80', '7 10.0.0.1:80', '13 10.0.0.1:80'])
})

test('probes that are due within 10 ms of each other begin together; one alone begins when it is due', async () => {
  const world = openWorld()
  const every = (host: string, delay: number) => real(host, { checkers: [tcp(host, 80, { delayLoop: millis(delay) })] })
  await world.configure([virtual([every(A, 300), every(B, 304)])])
  await world.pass(1.6)
  expect(world.probes).toEqual([
    '1 10.0.0.1:80',
    '1 10.0.0.2:80',
    '1.3 10.0.0.1:80',
    '1.31 10.0.0.2:80',
    '1.6 10.0.0.1:80',
  ])
})

test('of thousands that are due after a stall 128 begin at a time, and all else has its turn in between', async () => {
  const world = openWorld()
  const many = (net: number) => Array.from({ length: 150 }, (_, i) => real(`10.1.${net}.${i}`))
  await world.configure([virtual([...many(0), ...many(1)])])
  await world.pass(1)
  expect(world.probes).toHaveLength(300)
  expect(world.turns()).toBe(3)
})

test('a first success of a server that was presumed up is known, but announced to no script', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A)])])
  world.fresh()
  await world.pass(2)
  expect(world.heard).toMatchObject([{ type: 'real-server-health', record: { up: true }, announce: false }])
})

test('a server that goes down leaves the table before anything is announced', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)])])
  await world.pass(2)
  world.fresh()
  world.answers.set('10.0.0.2:80', 'connection-refused')
  await world.pass(10)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
  expect(world.heard).toMatchObject([
    { type: 'services-wanted', complete: false },
    {
      type: 'real-server-health',
      announce: true,
      record: {
        serviceKey: VIP,
        realServerKey: '10.0.0.2:80',
        up: false,
        failedCheckers: [question(tcp(B))],
        since: '2026-01-01T00:00:09.000Z',
        reason: 'TCP_CHECK 10.0.0.2:80: it was connection-refused',
      },
    },
  ])
  world.answers.clear()
  world.fresh()
  await world.pass(6)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1, '10.0.0.2:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.2:80 up'])
  expect(world.said('real-server-health')[0]?.record).not.toHaveProperty('reason')
})

test('the last server to go down loses the quorum and brings the sorry server; scripts hear of server, then quorum', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A)], { sorryServer })])
  await world.pass(2)
  world.fresh()
  world.answers.set('10.0.0.1:80', 'reset')
  await world.pass(10)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.99:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.1:80 down', 'quorum down'])
  expect(world.said('quorum')[0]).toMatchObject({ sorryServerInUse: true })
  world.answers.clear()
  world.fresh()
  await world.pass(6)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.1:80 up', 'quorum up'])
})

test('with alpha a server waits for its first success, the lost quorum is announced at once, and a first failure too', async () => {
  const world = openWorld()
  const alpha = (at: string) => real(at, { checkers: [tcp(at, 80, { alpha: true })] })
  world.answers.set('10.0.0.2:80', 'unreachable')
  await world.configure([virtual([alpha(A), alpha(B)], { sorryServer })])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.99:80': 1 } })
  expect(announced(world)).toEqual(['quorum down'])
  world.fresh()
  await world.pass(1.5)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.1:80 up', 'quorum up', '10.0.0.2:80 down'])
})

test('with alpha a first failure of HTTP_GET is told as that of any other checker', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.1:80/', 'unreachable')
  await world.configure([virtual([real(A, { checkers: [http(A, ['/'], { alpha: true })] })])])
  expect(announced(world)).not.toContain('10.0.0.1:80 down')
  await world.pass(1.5)
  expect(announced(world)).toContain('10.0.0.1:80 down')
})

test('with alpha the first of several checkers that succeeds brings no word that the server is down', async () => {
  const world = openWorld()
  const checkers = [tcp(A, 80, { alpha: true }), tcp(A, 81, { alpha: true })]
  await world.configure([virtual([real(A, { checkers })])])
  await world.pass(3)
  expect(announced(world).filter((one) => !one.startsWith('quorum'))).toEqual(['10.0.0.1:80 up'])
})

test('a server is up when all of its checkers are', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A, { checkers: [tcp(A, 80), tcp(A, 81)] })])])
  await world.pass(2)
  world.answers.set('10.0.0.1:80', 'reset').set('10.0.0.1:81', 'reset')
  world.fresh()
  await world.pass(10)
  expect(announced(world)).toEqual(['10.0.0.1:80 down', 'quorum down'])
  expect(world.said('real-server-health').map(({ record }) => record.failedCheckers)).toEqual([
    [question(tcp(A, 80))],
    [question(tcp(A, 80)), question(tcp(A, 81))],
  ])
  world.answers.delete('10.0.0.1:80')
  world.fresh()
  await world.pass(6)
  expect(announced(world)).toEqual([])
  expect(world.said('real-server-health').map(({ record }) => record.failedCheckers)).toEqual([[question(tcp(A, 81))]])
  world.answers.delete('10.0.0.1:81')
  await world.pass(6)
  expect(announced(world)).toEqual(['10.0.0.1:80 up', 'quorum up'])
})

test('a server without checkers is always up, and a probe that could not be made changes nothing', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.2:80', 'local-error')
  await world.configure([virtual([real(A, { checkers: [] }), real(B)])])
  world.fresh()
  await world.pass(60)
  expect(world.heard).toEqual([])
  expect(world.snapshot()[0]?.realServers).toMatchObject([
    { state: 'up', checkers: [] },
    { state: 'unknown', checkers: [{ up: true, lastOutcome: 'local-error' }] },
  ])
})

test('a snapshot shows state, weight, last probe and why a server is down', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.2:80/b', 'bad-status')
  await world.configure([
    virtual([real(A, { weight: 3 }), real(B, { checkers: [http(B, ['/a', '/b'])] })], { quorum: 2 }),
  ])
  await world.pass(10)
  expect(world.snapshot(42)).toEqual([
    {
      key: VIP,
      scheduler: 'wlc',
      quorum: 'up',
      sorryServerInUse: false,
      realServers: [
        {
          address: A,
          port: 80,
          state: 'up',
          weight: 3,
          since: '2026-01-01T00:00:00.000Z',
          checkers: [
            {
              kind: 'tcp',
              up: true,
              lastProbe: '2026-01-01T00:00:07.000Z',
              lastOutcome: 'connected',
              detail: 'it was connected',
            },
          ],
        },
        {
          address: B,
          port: 80,
          state: 'down',
          weight: 1,
          since: '2026-01-01T00:00:07.000Z',
          reason: 'HTTP_GET 10.0.0.2:80/b: it was bad-status',
          checkers: [
            {
              kind: 'http',
              up: false,
              lastProbe: '2026-01-01T00:00:07.000Z',
              lastOutcome: 'bad-status',
              detail: 'it was bad-status',
            },
          ],
        },
      ],
    },
  ])
  expect(world.said('snapshot').map(({ id, more }) => [id, more])).toEqual([[42, undefined]])
})

test('the snapshot of thousands comes in pieces, each server once and in order, and ends with the role', async () => {
  const world = openWorld()
  const servers = Array.from({ length: 120 }, (_, s) => ({
    ...virtual(Array.from({ length: 20 }, (_, i) => real(`10.1.${s}.${i}`))),
    key: `tcp/192.0.2.1:${s}`,
  }))
  await world.configure(servers)
  world.send({ type: 'snapshot-requested', id: 7 })
  // The first at once; the others let the event loop turn in between.
  expect(world.said('snapshot')).toHaveLength(1)
  await expect.poll(() => world.said('snapshot').length).toBe(3)
  expect(world.said('snapshot').map(({ id, more }) => [id, more])).toEqual([
    [7, true],
    [7, true],
    [7, undefined],
  ])
  const told = world
    .said('snapshot')
    .map(({ snapshot }) => snapshot)
    .join('')
  expect(JSON.parse(told).map(({ key }: { key: string }) => key)).toEqual(servers.map(({ key }) => key))
  world.fresh()
  world.send({ type: 'snapshot-requested', id: 8 })
  world.hangUp()
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(world.said('snapshot')).toHaveLength(1)
})

test('a reload keeps state, retry counters and schedule of an unchanged real server', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)])])
  await world.pass(2)
  world.answers.set('10.0.0.2:80', 'reset')
  await world.pass(6) // at 8 s: one failure at 7 s is forgiven, the repetition is due at 9 s
  world.fresh()
  await world.configure([virtual([real(A, { weight: 5 }), real(B)])])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 5, '10.0.0.2:80': 1 } })
  expect(announced(world)).toEqual([])
  await world.pass(1)
  expect(world.probes.at(-1)).toBe('9 10.0.0.2:80')
  expect(announced(world)).toEqual(['10.0.0.2:80 down'])
  world.fresh()
  await world.configure([virtual([real(A, { weight: 5 }), real(B)])])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 5 } })
  expect(announced(world)).toEqual([])
})

test('a changed checker begins anew and its server stays as it was until the first result', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.2:80', 'reset')
  await world.configure([virtual([real(A), real(B)])])
  await world.pass(2)
  world.fresh()
  await world.configure([
    virtual([real(A, { checkers: [tcp(A, 8080, { alpha: true })] }), real(B, { checkers: [tcp(B, 8080)] })]),
  ])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
  await world.pass(1.1)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1, '10.0.0.2:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.2:80 up'])
})

test('a checker that is taken away cannot hold its server down', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.1:81', 'reset')
  await world.configure([virtual([real(A, { checkers: [tcp(A, 80), tcp(A, 81)] })])])
  await world.pass(2)
  world.fresh()
  await world.configure([virtual([real(A)])])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.1:80 up', 'quorum up'])
})

test('a reload adds, removes and moves servers; nobody probes what is gone', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.1:80', 'hang')
  await world.configure([virtual([real(A)])])
  await world.pass(2)
  expect(world.running()).toBe(1)
  const other = virtual([real(B)], { key: 'fwmark/4/7', service: { kind: 'fwmark', family: 4, mark: 7 } })
  await world.configure([other])
  await world.pass(1)
  expect(world.running()).toBe(0)
  expect(world.table()).toEqual({ 'fwmark/4/7': { '10.0.0.2:80': 1 } })
  await world.pass(60)
  expect(world.probes.filter((probe) => probe.includes(A))).toEqual(['1 10.0.0.1:80'])
})

test('after a restart a server known down stays down until a probe succeeds, and nothing is announced twice', async () => {
  const world = openWorld()
  const record = (realServerKey: string, up: boolean): HealthRecord => ({
    serviceKey: VIP,
    realServerKey,
    up,
    failedCheckers: up ? [] : [question(tcp(A))],
    since: '2025-12-31T00:00:00.000Z',
    ...(up ? {} : { reason: 'TCP_CHECK 10.0.0.1:80: connection refused' }),
  })
  await world.configure(
    [virtual([real(A), real(B)], { quorum: 2 })],
    [record('10.0.0.1:80', false), record('10.0.0.2:80', true)],
  )
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  expect(announced(world)).toEqual([])
  expect(world.snapshot()[0]).toMatchObject({
    quorum: 'down',
    realServers: [
      { state: 'down', since: '2025-12-31T00:00:00.000Z', reason: 'TCP_CHECK 10.0.0.1:80: connection refused' },
      { state: 'up', since: '2025-12-31T00:00:00.000Z' },
    ],
  })
  await world.pass(2)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1, '10.0.0.2:80': 1 } })
  expect(announced(world)).toEqual(['10.0.0.1:80 up', 'quorum up'])
})

test('after a restart with other checkers the one that found a server down is known by what it asks', async () => {
  const record: HealthRecord = {
    serviceKey: VIP,
    realServerKey: '10.0.0.1:80',
    up: false,
    failedCheckers: [question(tcp(A, 81))],
    since: '2025-12-31T00:00:00.000Z',
  }
  const rows = [
    // It comes second now, and is the one that has to succeed; the new one is presumed to.
    { checkers: [tcp(A, 82), tcp(A, 81)], up: [true, false] },
    // Nobody asks that any more: each has to find the server up.
    { checkers: [tcp(A, 82), tcp(A, 83)], up: [false, false] },
  ]
  for (const { checkers, up } of rows) {
    const world = openWorld()
    await world.configure([virtual([real(A, { checkers })])], [record])
    expect(world.table()).toEqual({ [VIP]: {} })
    expect(world.snapshot()[0]?.realServers[0]?.checkers.map((one) => one.up)).toEqual(up)
  }
})

test('what a reload removes is announced as down when it was up, after the table is told', async () => {
  const world = openWorld()
  const other = virtual([real(A)], { key: 'fwmark/4/7', service: { kind: 'fwmark', family: 4, mark: 7 } })
  world.answers.set('10.0.0.2:80', 'reset')
  await world.configure([virtual([real(A), real(B), real(C)]), other])
  await world.pass(2)
  world.fresh()
  await world.configure([virtual([real(C)])])
  expect(world.heard.slice(1).map((message) => ({ ...message, services: undefined }))).toMatchObject([
    { type: 'services-wanted', complete: true },
    // The second server was down: it has been announced before.
    { type: 'real-server-removed', serviceKey: VIP, realServerKey: '10.0.0.1:80' },
    { type: 'real-server-removed', serviceKey: 'fwmark/4/7', realServerKey: '10.0.0.1:80' },
    { type: 'quorum', serviceKey: 'fwmark/4/7', up: false, announce: true },
    { type: 'applied' },
  ])
})

test('scripts hear of all that a reload takes away before they hear of what it brings', async () => {
  const world = openWorld()
  const other = (mark: number) =>
    virtual([real(A)], { key: `fwmark/4/${mark}`, service: { kind: 'fwmark', family: 4, mark } })
  await world.configure([virtual([real(A), real(B)]), other(7)])
  await world.pass(2)
  world.fresh()
  await world.configure([other(8), virtual([real(B)])])
  expect(
    world.heard.flatMap((message) => {
      if (message.type === 'real-server-removed') return [`${message.serviceKey} ${message.realServerKey} removed`]
      return message.type === 'quorum' ? [`${message.serviceKey} quorum ${message.up ? 'up' : 'down'}`] : []
    }),
  ).toEqual([
    `${VIP} 10.0.0.1:80 removed`,
    'fwmark/4/7 10.0.0.1:80 removed',
    'fwmark/4/7 quorum down',
    'fwmark/4/8 quorum up',
  ])
})

test('when a reload takes the last living server, scripts hear of it first and of the lost quorum then', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.2:80', 'reset')
  await world.configure([virtual([real(A), real(B)])])
  await world.pass(2)
  world.fresh()
  await world.configure([virtual([real(B)])])
  expect(world.heard.slice(1).map(({ type }) => type)).toEqual([
    'services-wanted',
    'real-server-removed',
    'quorum',
    'applied',
  ])
})

test('a virtual server that a reload leaves out as unchanged goes on untouched, and the table keeps it', async () => {
  const world = openWorld()
  const other = { key: 'fwmark/4/7', service: { kind: 'fwmark', family: 4, mark: 7 } } as const
  const shared = tcp(A, 80)
  await world.configure([virtual([real(A, { checkers: [shared] }), real(B)]), virtual([real(A), real(C)], other)])
  await world.pass(2)
  world.answers.set('10.0.0.2:80', 'reset')
  await world.pass(6)
  const before = world.table()[VIP]
  expect(before).toEqual({ '10.0.0.1:80': 1, '10.0.0.2:80': 1 })
  world.fresh()
  world.probes.splice(0)
  await world.configure([{ unchanged: VIP }, virtual([real(C, { weight: 7 })], other)])
  expect(world.said('services-wanted')).toMatchObject([
    { complete: true, kept: [VIP], services: [{ destinations: [{ address: C, weight: 7 }] }] },
  ])
  expect(world.heard.map(({ type }) => type)).toEqual(['ready', 'services-wanted', 'real-server-removed', 'applied'])
  expect(world.table()).toEqual({ [VIP]: before, 'fwmark/4/7': { '10.0.0.3:80': 7 } })

  // The failure before the reload counts, so this one is the last.
  await world.pass(2)
  expect(world.table()[VIP]).toEqual({ '10.0.0.1:80': 1 })
  await world.pass(4)
  // The checker that both had is still asked for the one that stays, and is not begun anew for it.
  expect(world.probes.toSorted()).toEqual(['13 10.0.0.1:80', '13 10.0.0.3:80', '9 10.0.0.2:80'])
  await world.configure([{ unchanged: VIP }])
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.1:80': 1 } })
})

test('the snapshot gives the reason that the last probe had', async () => {
  const world = openWorld()
  world.answers.set('10.0.0.1:80', 'reset')
  await world.configure([virtual([real(A)])])
  const reason = () => world.snapshot()[0]?.realServers[0]?.reason
  await world.pass(2)
  expect(reason()).toBe('TCP_CHECK 10.0.0.1:80: it was reset')
  world.answers.set('10.0.0.1:80', 'unreachable')
  await world.pass(6)
  expect(reason()).toBe('TCP_CHECK 10.0.0.1:80: it was unreachable')
})

test('a ping is answered at once', async () => {
  const world = openWorld()
  world.send({ type: 'ping' })
  expect(world.heard.at(-1)).toEqual({ type: 'pong' })
})

test('at most as many probes run at once as there may be, and every server has its turn', async () => {
  const world = openWorld()
  const servers = Array.from({ length: 2000 }, (_, i) => real(`10.1.${i >> 8}.${i & 255}`))
  for (const { address: at } of servers.slice(0, 511)) world.answers.set(`${at}:80`, 'hang')
  await world.configure([virtual(servers)])
  await world.pass(1)
  for (let i = 0; i < 100 && new Set(world.probes).size < 2000; i++) await world.pass(0)
  expect(new Set(world.probes).size).toBe(2000)
  expect(world.running()).toBe(511)
  await world.configure([])
  expect(world.running()).toBe(0)
  await world.pass(1)
  expect(world.armed()).toBeUndefined()
})

test('a rack that goes down at once travels in a few messages', async () => {
  const world = openWorld()
  const servers = Array.from({ length: 500 }, (_, i) => real(`10.1.${i >> 8}.${i & 255}`))
  for (const { address: at } of servers) world.answers.set(`${at}:80`, 'connect-timeout')
  await world.configure([virtual(servers, { sorryServer })])
  world.fresh()
  await world.pass(2)
  expect(world.said('services-wanted').length).toBeLessThanOrEqual(3)
  expect(world.said('real-server-health').length).toBe(500)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.99:80': 1 } })
  expect(announced(world).at(-1)).toBe('quorum down')
})

for (const [how, act] of [
  ['on stop', (world: ReturnType<typeof openWorld>) => world.send({ type: 'stop', leave: false })],
  ['when the supervisor is gone', (world: ReturnType<typeof openWorld>) => world.hangUp()],
] as const)
  test(`the role ends ${how}: no probe, no timer, no channel left`, async () => {
    const world = openWorld()
    world.answers.set('10.0.0.1:80', 'hang')
    await world.configure([virtual([real(A), real(B)])])
    await world.pass(2)
    world.fresh()
    act(world)
    await world.pass(60)
    expect([world.closed(), world.armed(), world.running(), world.heard]).toEqual([true, undefined, 0, []])
  })
