/** What virtual routers want fetched reaches the forwarding role, whichever of the two is started anew. */
import { expect, test } from 'vitest'
import { type Instant, seconds } from '../../../src/base/index.ts'
import { type ConnectionSync, virtualRouterKey } from '../../../src/model/index.ts'
import { slicesOf } from '../../../src/roles/supervisor/slices.ts'
import { fakeWorld, options, settle } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

const [one, two] = [router('VI_1'), router('VI_2')]
const withSync = (more: Partial<ConnectionSync> = {}) => {
  const model = configurationFor({ virtualRouters: [one, two] })
  const connectionSync = { interface: 'eth1', instance: 'VI_1', syncId: 51, ...more }
  return { ...model, global: { ...model.global, connectionSync } }
}
const at = (time: number) => time as Instant

test('which virtual routers wait, and for how long at most', () => {
  const limit = seconds(30)
  expect(slicesOf(withSync(), options).vrrp?.catchUp).toEqual({ keys: [virtualRouterKey(one)], limit })
  const { instance: _, ...both } = withSync().global.connectionSync as ConnectionSync
  const model = withSync()
  expect(
    slicesOf({ ...model, global: { ...model.global, connectionSync: both } }, options).vrrp?.catchUp?.keys,
  ).toEqual([one, two].map(virtualRouterKey))
  const other = withSync({ catchUp: { limit: seconds(5), port: 9000 } })
  expect(slicesOf(other, options).vrrp?.catchUp?.limit).toBe(seconds(5))
  expect(slicesOf(other, options).forwarding?.sync?.catchUp).toEqual({ limit: seconds(5), port: 9000 })
})

test('none where it is off, and where the connections are the kernel’s', () => {
  for (const slices of [
    slicesOf(withSync({ catchUp: 'off' }), options),
    slicesOf(withSync(), { ...options, backend: 'ipvs' }),
  ]) {
    expect(slices.vrrp).not.toHaveProperty('catchUp')
    expect(slices.forwarding?.sync).not.toHaveProperty('catchUp')
  }
})

test('to and fro, and again to a forwarding role that starts anew before it has answered', async () => {
  const world = fakeWorld()
  world.load(withSync())
  expect((await world.start()).ok).toBe(true)
  const asked = () =>
    (world.living('forwarding')[0]?.heard ?? []).flatMap((message) => (message.type === 'catch-up' ? [message] : []))
  const answered = () =>
    (world.living('vrrp')[0]?.heard ?? []).flatMap((message) => (message.type === 'caught-up' ? [message.request] : []))
  world.living('vrrp')[0]?.say({ type: 'catch-up-wanted', request: at(5), missed: false })
  world.living('vrrp')[0]?.say({ type: 'catch-up-wanted', request: at(6), missed: true })
  await settle()
  expect(asked().map(({ request, missed }) => [request, missed])).toEqual([
    [5, false],
    [6, true],
  ])
  world.living('forwarding')[0]?.say({ type: 'caught-up', request: at(5) })
  await settle()
  world.living('forwarding')[0]?.die()
  await world.pass(3_000_000)
  expect(asked().map(({ request }) => request)).toEqual([6])
  world.living('forwarding')[0]?.say({ type: 'caught-up', request: at(6) })
  await settle()
  expect(answered()).toEqual([5, 6])
  world.living('forwarding')[0]?.die()
  await world.pass(6_000_000)
  expect(asked()).toEqual([])
})
