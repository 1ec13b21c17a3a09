import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import { type Master, step } from '../../../src/proto/vrrp/index.ts'
import { advert, at, backup, higher, lower, master, router, self, v2 } from './setting.ts'

const ordered = { type: 'failover-ordered' } as const
/** Skew of priority 1, one interval and the least skew, cut off to whole µs each: 255/256 + 1 + 1/256 s. */
const yielding: Master = { name: 'master', advertiseAt: at(11.999_999), yielding: 'by-order' }

test('a master resigns and keeps its addresses until another is heard, the weakest of backups included', () => {
  expect(step(router, master, ordered, at(10))).toEqual({
    state: yielding,
    actions: [{ type: 'send-advertisement', priority: 0 }],
  })
  for (const [priority, source] of [
    [1, lower],
    [100, lower],
    [200, higher],
  ] as const) {
    const { state, actions } = step(router, yielding, advert({ priority, source }), at(10.9))
    expect(state).toMatchObject({ name: 'backup', heard: { source, priority } })
    expect(actions).toEqual([
      { type: 'cease-announcing' },
      { type: 'remove-addresses' },
      { type: 'notify', entered: 'BACKUP', cause: 'failover' },
    ])
  }
})

test('where nobody is heard it goes on as master, and has given nothing up', () => {
  const early = step(router, yielding, { type: 'deadline-reached' }, at(11.9))
  expect(early).toEqual({ state: yielding, actions: [] })
  const late = step(router, yielding, { type: 'deadline-reached' }, at(12))
  expect(late.state).toMatchObject({ name: 'master' })
  expect(late.state).not.toHaveProperty('yielding')
  expect(late.actions).toEqual([{ type: 'send-advertisement', priority: 100 }])
})

test('another that resigns, its own message come back, and a second order change nothing', () => {
  for (const event of [advert({ priority: 0 }), advert({ priority: 100, source: self }), ordered])
    expect(step(router, yielding, event, at(10.5))).toEqual({ state: yielding, actions: [] })
})

test('a new configuration meanwhile does not make it advertise', () => {
  const event = { type: 'reconfigured', before: { ...router, version: 2 } } as const
  expect(step(router, yielding, event, at(10.5))).toEqual({
    state: yielding,
    actions: [{ type: 'install-addresses' }],
  })
})

test('it waits for the skew of version 2 too, which is of seconds whatever the interval', () => {
  const slow = { ...v2, advertisementInterval: seconds(3) }
  expect(step(slow, master, ordered, at(10)).state).toEqual({ ...yielding, advertiseAt: at(13.999_999) })
  const fast = { ...router, advertisementInterval: seconds(0.1) }
  expect(step(fast, master, ordered, at(10)).state).toEqual({ ...yielding, advertiseAt: at(10.199_999) })
})

test('who is not master has nothing to give up', () => {
  for (const state of [backup, { name: 'initialize' }, { name: 'fault', reason: 'eth0 is down' }] as const)
    expect(step(router, state, ordered, at(10))).toEqual({ state, actions: [] })
})
