/** Which sync daemons run, and what is done about one that cannot. */
import { expect, test } from 'vitest'
import { type LogFields, silentLog } from '../../../src/base/index.ts'
import type { SyncDaemon } from '../../../src/forwarding/index.ts'
import { createSyncKeeper } from '../../../src/roles/forwarding/sync-keeper.ts'
import { fakeBackend } from './fake-backend.ts'

const sync = { interface: 'eth1', syncId: 51 }

function keeper(running: readonly SyncDaemon[] = []) {
  const fake = fakeBackend()
  const alarms: (() => void)[] = []
  const errors: string[] = []
  const log = {
    ...silentLog,
    error: (message: string, fields: LogFields = {}) => void errors.push(`${message} | ${fields['reason']}`),
  }
  const schedule = (_: unknown, action: () => void) => {
    alarms.push(action)
    return () => void alarms.splice(alarms.indexOf(action), 1)
  }
  const backend = { ...fake.backend, syncDaemons: async () => running }
  const orders = () =>
    fake.controls.map((op) =>
      op.type === 'start-sync-daemon'
        ? `start ${op.daemon.role}`
        : op.type === 'stop-sync-daemon'
          ? `stop ${op.role}`
          : op.type,
    )
  return {
    fake,
    alarms,
    errors,
    orders,
    keeper: createSyncKeeper(backend, { schedule }, log, { backupRuns() {}, backupEnded() {} }),
  }
}

test('before anybody says which, it is the backup', async () => {
  const one = keeper()
  await one.keeper.configure(sync)
  expect(one.fake.controls).toEqual([{ type: 'start-sync-daemon', daemon: { ...sync, role: 'backup' } }])
})

test('a role is stopped before the other starts; what is the same stays', async () => {
  const one = keeper()
  await one.keeper.configure(sync)
  await one.keeper.follow('master')
  await one.keeper.follow('master')
  await one.keeper.follow('both')
  await one.keeper.follow('backup')
  expect(one.orders()).toEqual(['start backup', 'stop backup', 'start master', 'start backup', 'stop master'])
})

test('another id starts it anew, none ends it', async () => {
  const one = keeper()
  await one.keeper.configure(sync)
  await one.keeper.configure({ ...sync, syncId: 52 })
  await one.keeper.configure(undefined)
  expect(one.orders()).toEqual(['start backup', 'stop backup', 'start backup', 'stop backup'])
})

test('what somebody left running ends, but only where a daemon is configured', async () => {
  const left: SyncDaemon = { ...sync, role: 'master' }
  const one = keeper([left])
  await one.keeper.configure(undefined)
  expect(one.orders()).toEqual([])
  await one.keeper.configure(sync)
  expect(one.orders()).toEqual(['stop master', 'start backup'])
})

test('what cannot be is said once and tried again until it can', async () => {
  const one = keeper()
  one.fake.refuseControl = () => 'eth1: no such interface'
  await one.keeper.configure(sync)
  expect(one.alarms).toHaveLength(1)
  one.alarms.shift()?.()
  await one.keeper.follow('backup')
  expect(one.errors).toEqual(['connections are not synchronised | eth1: no such interface'])
  one.fake.refuseControl = undefined
  one.alarms.at(-1)?.()
  await one.keeper.follow('backup')
  expect(one.orders().at(-1)).toBe('start backup')
  await one.keeper.stop()
  expect(one.orders().at(-1)).toBe('stop backup')
})
