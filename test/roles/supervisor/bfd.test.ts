/** BFD sessions in the supervisor: which roles run for them, and who is told what they come to. */
import { expect, test } from 'vitest'
import type { BfdSession } from '../../../src/model/index.ts'
import { offersFor, slicesOf } from '../../../src/roles/supervisor/slices.ts'
import { session } from '../../proto/bfd/setting.ts'
import { fakeWorld, options, settle } from './fake-world.ts'
import { configurationFor } from './models.ts'

const up = (name: string) => ({
  type: 'bfd-session' as const,
  name,
  observed: { key: `bfd ${name}`, observation: { type: 'good' as const } },
})
const forCheckers: BfdSession = { ...session, name: 'server', vrrp: false }
const forVrrp: BfdSession = { ...session, name: 'gateway', checker: false }

async function running() {
  const world = fakeWorld()
  world.load(configurationFor({ bfdSessions: [forVrrp, forCheckers] }))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const told = () => (world.living('checker')[0]?.heard ?? []).filter(({ type }) => type === 'bfd-sessions')
  return { world, supervisor: started.value, told }
}

test('checkers are told of the sessions that tell checkers', async () => {
  const { world, told } = await running()
  world.living('vrrp')[0]?.say(up('gateway'))
  world.living('vrrp')[0]?.say(up('server'))
  await settle()
  expect(told()).toEqual([{ type: 'bfd-sessions', sessions: [{ name: 'server', up: true }] }])
})

test('a checker that starts anew is told of all, and so is a vrrp role', async () => {
  const { world, told } = await running()
  world.living('vrrp')[0]?.say(up('gateway'))
  world.living('vrrp')[0]?.say(up('server'))
  await settle()
  world.living('checker')[0]?.die()
  world.living('vrrp')[0]?.die()
  await world.pass(3_000_000)
  expect(told()).toEqual([{ type: 'bfd-sessions', sessions: [{ name: 'server', up: true }] }])
  const offer = world.living('vrrp')[0]?.heard.find(({ type }) => type === 'offer') as
    | { slice: { observed: { key: string }[] } }
    | undefined
  expect(offer?.slice.observed.map(({ key }) => key)).toEqual(['bfd gateway', 'bfd server'])
})

test('the vrrp role runs for sessions alone, those of checkers with -C, and none with -B', () => {
  const only = configurationFor({ virtualRouters: [], virtualServers: [], bfdSessions: [forVrrp, forCheckers] })
  const names = (more: Partial<typeof options>) =>
    slicesOf(only, { ...options, ...more }).vrrp?.bfdSessions.map(({ name }) => name)
  expect(names({})).toEqual(['gateway', 'server'])
  expect(names({ vrrp: false })).toEqual(['server'])
  expect(names({ checkers: false })).toEqual(['gateway'])
  expect(names({ bfd: false })).toBeUndefined()
})

test('a role whose last session goes is offered none first', () => {
  const none = configurationFor({ virtualRouters: [], virtualServers: [] })
  const { vrrp } = offersFor(none, options, { vrrp: true, checker: false, forwarding: false })
  expect(vrrp).toMatchObject({ routers: [], bfdSessions: [] })
})
