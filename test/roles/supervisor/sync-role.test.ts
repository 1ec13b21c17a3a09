/** lvs_sync_daemon in the supervisor: who is told which daemons run. */
import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import type { ConnectionSync } from '../../../src/model/index.ts'
import { virtualRouterKey } from '../../../src/model/index.ts'
import { slicesOf } from '../../../src/roles/supervisor/slices.ts'
import { fakeWorld, options, settle } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

const one = router('VI_1')
const withSync = (connectionSync: ConnectionSync) => {
  const model = configurationFor({ virtualRouters: [one] })
  return { ...model, global: { ...model.global, connectionSync } }
}
const entered = (state: 'MASTER' | 'BACKUP') => ({
  type: 'virtual-router-state' as const,
  key: virtualRouterKey(one),
  name: one.name,
  state,
  priority: 100,
})

async function running(connectionSync: ConnectionSync) {
  const world = fakeWorld()
  world.load(withSync(connectionSync))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const roles = () =>
    (world.living('forwarding')[0]?.heard ?? []).flatMap((message) =>
      message.type === 'sync-role' ? [message.role] : [],
    )
  return { world, roles }
}

test('the state of the virtual router decides, and a forwarding role that starts anew is told', async () => {
  const { world, roles } = await running({ interface: 'eth1', instance: 'VI_1', syncId: 51 })
  expect(roles()).toEqual(['backup'])
  world.living('vrrp')[0]?.say(entered('MASTER'))
  world.living('vrrp')[0]?.say(entered('MASTER'))
  await settle()
  expect(roles()).toEqual(['backup', 'master'])
  world.living('forwarding')[0]?.die()
  await world.pass(3_000_000)
  expect(roles()).toEqual(['master'])
  world.living('vrrp')[0]?.say(entered('BACKUP'))
  await settle()
  expect(roles()).toEqual(['master', 'backup'])
})

test('without a virtual router both run', async () => {
  const { roles } = await running({ interface: 'eth1', syncId: 0 })
  expect(roles()).toEqual(['both'])
})

test('forwarding runs for the daemon alone, without virtual servers', () => {
  const model = { ...withSync({ interface: 'eth1', syncId: 3, ttl: 2 }), virtualServers: [] }
  const catchUp = { limit: seconds(30), port: 8847 }
  expect(slicesOf(model, options).forwarding?.sync).toEqual({ interface: 'eth1', syncId: 3, ttl: 2, catchUp })
  expect(slicesOf(model, options).checker).toBeUndefined()
})
