/** BFD_CHECK: a session decides about a real server, and nothing is probed. */
import { expect, test } from 'vitest'
import { bfd, openWorld, real, tcp, VIP, virtual } from './harness.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'
const both = { '10.0.0.1:80': 1, '10.0.0.2:80': 1 }
const servers = (alpha = false) => [virtual([real(A, { checkers: [bfd('a', { alpha })] }), real(B)])]
const tell = (world: ReturnType<typeof openWorld>, name: string, up: boolean) =>
  world.send({ type: 'bfd-sessions', sessions: [{ name, up }] })
const checkerOf = (world: ReturnType<typeof openWorld>) => {
  world.fresh()
  return world.snapshot()[0]?.realServers[0]
}

test('a server is up until its session is lost, and again when it is back', async () => {
  const world = openWorld()
  await world.configure(servers())
  await world.pass(30)
  expect(world.table()).toEqual({ [VIP]: both })
  expect(world.probes.some((probe) => probe.includes(A))).toBe(false)
  tell(world, 'a', false)
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  expect(checkerOf(world)).toMatchObject({
    state: 'down',
    reason: 'BFD_CHECK a: BFD session a was lost',
    checkers: [{ kind: 'bfd', up: false, lastOutcome: 'session-down' }],
  })
  tell(world, 'a', true)
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: both })
})

test('with alpha it is down until its session is up', async () => {
  const world = openWorld()
  await world.configure(servers(true))
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  tell(world, 'a', true)
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: both })
})

test('another session is no matter, and what was told before a reload counts after it', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A), real(B)])])
  tell(world, 'b', false)
  tell(world, 'a', false)
  await world.configure(servers())
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
})

test('a checker that starts anew knows what the earlier one was told', async () => {
  const earlier = openWorld()
  await earlier.configure(servers())
  tell(earlier, 'a', false)
  const known = earlier.said('real-server-health').map(({ record }) => record)
  const world = openWorld()
  await world.configure(servers(), known)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
})

test('beside a probe both have to find it up', async () => {
  const world = openWorld()
  await world.configure([virtual([real(A, { checkers: [tcp(A), bfd('a')] }), real(B)])])
  world.answers.set('10.0.0.1:80', 'connection-refused')
  await world.pass(30)
  tell(world, 'a', false)
  world.answers.delete('10.0.0.1:80')
  await world.pass(30)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  tell(world, 'a', true)
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: both })
})
