import { expect, test } from 'vitest'
import { micros, seconds } from '../../../src/base/index.ts'
import { initialize, type Master, step, type VrrpEvent } from '../../../src/proto/vrrp/index.ts'
import { advert, at, backup, higher, lettingGo, lower, master, router, self, stopped, v2 } from './setting.ts'

const patient = { ...stopped, within: seconds(60) } as const
const resignation = { type: 'send-advertisement', priority: 0 } as const
const stop = { type: 'notify', entered: 'STOP', cause: 'stopped' } as const
/** Skew of priority 1, one interval and the least skew, cut off to whole µs each: 255/256 + 1 + 1/256 s. */
const leaving: Master = { name: 'master', advertiseAt: at(11.999_999), yielding: 'at-stop' }

test('a master that stops resigns, is silent, and keeps its addresses until another is heard, a weaker one included', () => {
  expect(step(router, master, patient, at(10))).toEqual({
    state: leaving,
    actions: [resignation, { type: 'cease-announcing' }],
  })
  for (const [priority, source] of [
    [1, lower],
    [200, higher],
  ] as const)
    expect(step(router, leaving, advert({ priority, source }), at(10.6))).toEqual({
      state: initialize,
      actions: [...lettingGo, stop],
    })
})

test('where nobody comes it ends once the weakest backup must have spoken', () => {
  const ended = { state: initialize, actions: [...lettingGo, stop] }
  expect(step(router, leaving, { type: 'deadline-reached' }, at(11.9))).toEqual({ state: leaving, actions: [] })
  expect(step(router, leaving, { type: 'deadline-reached' }, at(12))).toEqual(ended)
})

test('one that has heard nobody in its life does not wait for a second advertisement, and none waits longer than it may', () => {
  const deadline = (of: typeof router, event: VrrpEvent) => step(of, master, event, at(10)).state
  expect(deadline(router, { ...patient, alone: true })).toMatchObject({ advertiseAt: at(10.999_999) })
  expect(deadline(router, { ...patient, within: seconds(0.5) })).toMatchObject({ advertiseAt: at(10.5) })
  const fast = { ...router, advertisementInterval: micros(10_000) }
  expect(deadline(fast, { ...patient, alone: true })).toMatchObject({ advertiseAt: at(10.009_999) })
  // The skew of version 2 is of seconds whatever the interval.
  expect(deadline({ ...v2, advertisementInterval: seconds(3) }, patient)).toMatchObject({ advertiseAt: at(13.999_999) })
})

test('it ends at once where it may not wait, and where it has nothing to keep', () => {
  const ended = { state: initialize, actions: [resignation, ...lettingGo, stop] }
  expect(step(router, master, stopped, at(10))).toEqual(ended)
  expect(step({ ...router, addresses: [] }, master, patient, at(10))).toEqual(ended)
})

test('with addresses that stay there is nothing to wait for either', () => {
  expect(step(router, master, { ...patient, keepAddresses: true }, at(10))).toEqual({
    state: initialize,
    actions: [resignation, { type: 'cease-announcing' }, stop],
  })
})

test('what is no successor changes nothing: one that resigns, its own message come back, news of itself and its group', () => {
  for (const event of [
    advert({ priority: 0 }),
    advert({ priority: 100, source: self }),
    patient,
    { type: 'started' },
    { type: 'failover-ordered' },
    { type: 'reconfigured', before: { ...router, version: 2 } },
    { type: 'group-became-backup' },
  ] as const)
    expect(step(router, leaving, event, at(10.5))).toEqual({ state: leaving, actions: [] })
})

test('told again to stop, in fault or deleted it ends without another word', () => {
  for (const event of [stopped, { type: 'fault-found', reason: 'eth0: no carrier' }, { type: 'deleted' }] as const)
    expect(step(router, leaving, event, at(10.5))).toEqual({ state: initialize, actions: [...lettingGo, stop] })
})

test('one that was giving way by order has resigned already', () => {
  const { state, actions } = step(router, { ...leaving, yielding: 'by-order' }, patient, at(10))
  expect([state, actions]).toEqual([leaving, [{ type: 'cease-announcing' }]])
})

test('who is not master has nothing to wait for', () => {
  expect(step(router, backup, patient, at(10))).toEqual({ state: initialize, actions: [stop] })
})
