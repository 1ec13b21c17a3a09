import { expect, test } from 'vitest'
import { consequences, faultOf, groupState, mayBeginAsMaster, mayLead } from '../../../src/proto/sync-group/index.ts'
import { type Backup, initialize, step, type VrrpState } from '../../../src/proto/vrrp/index.ts'
import { at, backup, becomingMaster, higher, lettingGo, master, owner, router } from '../vrrp/setting.ts'

const { heard: _, ...alone } = backup
const wishing: Backup = { ...alone, wishes: true }
const fault: VrrpState = { name: 'fault', reason: 'eth0: interface is down' }
const resigned: Backup = { ...backup, heard: { source: higher, priority: 0 } }

const leads: readonly [rule: string, others: readonly VrrpState[], answer: boolean][] = [
  ['alone in its group', [], true],
  ['the others want to be master', [wishing, wishing], true],
  ['the others are master', [master], true],
  ['one follows a master', [wishing, backup], false],
  ['one has not waited long enough', [alone], false],
  ['one is in fault', [wishing, fault], false],
  ['one has not begun', [initialize], false],
]
for (const [rule, others, answer] of leads)
  test(`${rule}: it ${answer ? 'may' : 'may not'} become master`, () => expect(mayLead(others)).toBe(answer))

test('a group begins as master only where all own their addresses', () => {
  expect(mayBeginAsMaster([owner, owner])).toBe(true)
  expect(mayBeginAsMaster([owner, router])).toBe(false)
  expect(mayBeginAsMaster([owner, { ...owner, initialState: 'backup' }])).toBe(false)
})

const told: readonly [
  rule: string,
  before: VrrpState,
  state: VrrpState,
  other: VrrpState,
  event: string | undefined,
][] = [
  ['one became master: a backup does', alone, master, wishing, 'group-became-master'],
  ['one became master: a master hears nothing', alone, master, master, undefined],
  ['one became master: one in fault hears nothing', alone, master, fault, undefined],
  ['one is master still: nobody hears of it', master, master, alone, undefined],
  ['one gave way: a master does', master, backup, master, 'group-became-backup'],
  ['one gave way: a backup hears nothing', master, backup, alone, undefined],
  ['one went to fault: that is no matter of this', master, fault, master, undefined],
  ['one that came later follows a master: ours gives way', alone, backup, master, 'group-became-backup'],
  ['one that came later hears a resignation: ours stays', alone, resigned, master, undefined],
  ['one that came later waits: ours stays', initialize, alone, master, undefined],
]
for (const [rule, before, state, other, event] of told)
  test(rule, () =>
    expect(consequences(before, state, new Map([['VI_2', other]]))).toEqual(
      event === undefined ? [] : [{ member: 'VI_2', event: { type: event } }],
    ),
  )

const states: readonly [members: readonly VrrpState[], state: string][] = [
  [[master, master], 'master'],
  [[master, backup], 'backup'],
  [[backup, fault], 'fault'],
  [[backup, initialize], 'initialize'],
]
for (const [members, state] of states)
  test(`members that are ${members.map(({ name }) => name).join(' and ')}: the group is ${state}`, () =>
    expect(groupState(members)).toBe(state))

test('a fault of one is a fault of all, and each says whose it is', () => {
  const broken = { name: 'VI_2', reason: 'eth1: no carrier' }
  expect(faultOf('VG', undefined, broken)).toBe('sync group VG: VI_2 is in fault (eth1: no carrier)')
  expect(faultOf('VG', 'eth0: no carrier', broken)).toBe('eth0: no carrier')
  expect(faultOf('VG', undefined, undefined)).toBeUndefined()
})

test('a member whose timer runs out while others do not want it waits on, one interval and the least skew', () => {
  const held = step(router, backup, { type: 'deadline-reached', held: true }, at(12))
  expect(held).toEqual({ state: { ...backup, wishes: true, downAt: at(13.003906) }, actions: [] })
  expect(step(router, backup, { type: 'deadline-reached', held: true }, at(11)).state).toEqual(backup)
})

test('its wish ends with the first master it follows', () => {
  const event = { type: 'advertisement-received', priority: 200, interval: router.advertisementInterval } as const
  const { state } = step(router, wishing, { ...event, source: higher, self: higher }, at(12))
  expect(state).not.toHaveProperty('wishes')
})

test('a member becomes master with its group at once: advertisement first', () =>
  expect(step(router, wishing, { type: 'group-became-master' }, at(12)).actions).toEqual(
    becomingMaster(100, 'sync-group'),
  ))

test('a master gives way with its group: it resigns, so that nobody waits for it, and starts a full timer', () =>
  expect(step(router, master, { type: 'group-became-backup' }, at(10))).toEqual({
    state: { name: 'backup', masterInterval: router.advertisementInterval, downAt: at(13.609375) },
    actions: [
      { type: 'send-advertisement', priority: 0 },
      ...lettingGo,
      { type: 'notify', entered: 'BACKUP', cause: 'sync-group' },
    ],
  }))

test('an owner in a group that may not begin as master begins as backup', () =>
  expect(step(owner, initialize, { type: 'started', held: true }, at(10)).state).toMatchObject({
    name: 'backup',
    downAt: at(11.003906),
  }))
