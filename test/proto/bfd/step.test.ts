import { describe, expect, test } from 'vitest'
import { type Micros, micros, millis, after as moment, seconds } from '../../../src/base/index.ts'
import type { BfdSession } from '../../../src/model/index.ts'
import {
  type BfdAction,
  type BfdEvent,
  type BfdState,
  bfdDeadline,
  detectionTime,
  initialBfd,
  stepBfd,
  transmitInterval,
} from '../../../src/proto/bfd/index.ts'
import type { BfdStateName, ControlPacket } from '../../../src/wire/bfd/index.ts'
import { at, inState, OURS, packet, START, session, steady, THEIRS } from './setting.ts'

const hear = (state: BfdState, of: ControlPacket, now = START, config = session, random = steady()) =>
  stepBfd(config, state, { type: 'packet-received', packet: of }, now, random)
const tick = (state: BfdState, now: typeof START, config = session, random = steady()) =>
  stepBfd(config, state, { type: 'deadline-reached' }, now, random)
const sent = (actions: readonly BfdAction[]) => actions.flatMap((one) => (one.type === 'send' ? [one.packet] : []))
const announced = (actions: readonly BfdAction[]) => actions.flatMap((one) => (one.type === 'announce' ? [one] : []))

/** Next state, its diagnostic, and what trackers are told. */
type Cell = readonly [to: BfdStateName, diagnostic: number, path?: 'good' | 'bad']
const table: readonly [local: BfdStateName, remote: BfdStateName, cell: Cell][] = [
  ['admin-down', 'admin-down', ['admin-down', 0]],
  ['admin-down', 'down', ['admin-down', 0]],
  ['admin-down', 'init', ['admin-down', 0]],
  ['admin-down', 'up', ['admin-down', 0]],
  ['down', 'admin-down', ['down', 0]],
  ['down', 'down', ['init', 0]],
  ['down', 'init', ['up', 0, 'good']],
  ['down', 'up', ['down', 0]],
  ['init', 'admin-down', ['down', 3]],
  ['init', 'down', ['init', 0]],
  ['init', 'init', ['up', 0, 'good']],
  ['init', 'up', ['up', 0, 'good']],
  ['up', 'admin-down', ['down', 3]],
  ['up', 'down', ['down', 3, 'bad']],
  ['up', 'init', ['up', 0]],
  ['up', 'up', ['up', 0]],
]

describe('what a packet does (RFC 5880 §6.2, §6.8.6)', () => {
  for (const [local, remote, [to, diagnostic, path]] of table)
    test(`B-003: ${local} hears ${remote} and is ${to}${path === undefined ? '' : `, path ${path}`}`, () => {
      const before = inState(local)
      const { state, actions } = hear(before, packet(remote))
      expect([state.name, state.diagnostic]).toEqual([to, diagnostic])
      const expected = to === local ? [] : [{ type: 'announce', from: local, to, ...(path && { path }) }]
      expect(announced(actions)).toEqual(expected)
    })

  test('B-003: administratively down nothing is learned', () => {
    const before = inState('admin-down')
    expect(hear(before, packet('up', { poll: true }))).toEqual({ state: before, actions: [] })
  })

  test('a changed state is sent at once, with what was learned (§6.8.7)', () => {
    const [out] = sent(hear(inState('down'), packet('down')).actions)
    expect(out).toMatchObject({ state: 'init', myDiscriminator: OURS, yourDiscriminator: THEIRS })
  })

  test('a state that stays is not', () => {
    expect(hear(inState('up'), packet('up')).actions).toEqual([])
  })

  test('B-009: the neighbour is administratively down: down with diagnostic 3, which is said at once', () => {
    for (const local of ['init', 'up'] as const) {
      const { state, actions } = hear(inState(local), packet('admin-down', { yourDiscriminator: 0 }))
      expect([state.name, state.diagnostic]).toEqual(['down', 3])
      expect(sent(actions)).toMatchObject([{ state: 'down', diagnostic: 3 }])
    }
  })

  test('who leaves up takes another discriminator', () => {
    const { state } = hear(inState('up'), packet('down'))
    expect(state.discriminator).not.toBe(OURS)
    expect(hear(inState('init'), packet('admin-down')).state.discriminator).toBe(OURS)
  })
})

describe('intervals (§6.8.2, §6.8.3, §6.8.7)', () => {
  test('B-004: short of up nothing is sent or promised more often than once a second', () => {
    for (const name of ['down', 'init'] as const) {
      const state = inState(name)
      expect(transmitInterval(state)).toBe(seconds(1))
      expect(sent(tick(state, state.sendAt ?? START).actions)).toMatchObject([{ desiredMinTransmit: seconds(1) }])
    }
    // And again after up was left, although the neighbour would take more.
    const left = hear(inState('up'), packet('down', { requiredMinReceive: millis(1) })).state
    expect(transmitInterval(left)).toBe(seconds(1))
    expect(left.sendAt).toBe(moment(START, seconds(1)))
  })

  const spans: readonly [what: string, multiplier: number, fraction: number, share: number][] = [
    ['whole at the least chance', 5, 0, 1],
    ['a quarter shorter at the most', 5, 1, 0.75],
    ['with multiplier 1 a tenth shorter at the least', 1, 0, 0.9],
    ['with multiplier 1 a quarter shorter at the most', 1, 1, 0.75],
  ]
  for (const [what, multiplier, fraction, share] of spans)
    test(`B-005: an interval is ${what}`, () => {
      const config = { ...session, multiplier }
      const due = inState('up', config)
      const now = due.sendAt ?? START
      const { state } = tick(due, now, config, steady(fraction))
      expect(state.sendAt).toBe(moment(now, micros(millis(20) * share)))
    })

  test('B-005: the neighbour is not sent more than it requires', () => {
    const { state } = hear(inState('up'), packet('up', { requiredMinReceive: millis(300) }))
    expect(transmitInterval(state)).toBe(millis(300))
  })

  test('a neighbour that requires an interval of 0 is sent nothing but answers (§6.8.7)', () => {
    const { state, actions } = hear(inState('up'), packet('up', { requiredMinReceive: micros(0), poll: true }))
    expect(state.sendAt).toBeUndefined()
    expect(sent(actions)).toMatchObject([{ final: true }])
  })

  test('a shorter interval brings the next packet forward, a longer one leaves it', () => {
    const slow = hear(inState('up'), packet('up', { requiredMinReceive: millis(300) })).state
    const due = tick(slow, slow.sendAt ?? START).state
    const { state } = hear(due, packet('up'), START)
    expect(state.sendAt).toBe(moment(START, millis(20)))
    expect(hear(state, packet('up', { requiredMinReceive: seconds(5) })).state.sendAt).toBe(state.sendAt)
  })

  test('B-006: the detection time is the multiplier of the neighbour and the slower of both', () => {
    const rows: readonly [minReceive: Micros, theirs: Micros, multiplier: number, time: Micros][] = [
      [millis(10), millis(20), 3, millis(60)],
      [millis(50), millis(20), 3, millis(150)],
      [millis(50), millis(20), 255, millis(12_750)],
    ]
    for (const [minReceive, desiredMinTransmit, multiplier, time] of rows) {
      const config = { ...session, minReceive, multiplier: 9 }
      const { state } = hear(inState('up', config), packet('up', { desiredMinTransmit, multiplier }), at(101), config)
      expect(detectionTime(state)).toBe(time)
      expect(state.lapsesAt).toBe(moment(at(101), time))
    }
  })
})

describe('detection (§6.8.4)', () => {
  test('B-008: a detection time without a packet: down with diagnostic 1, the neighbour unknown, said at once', () => {
    for (const name of ['init', 'up'] as const) {
      const before = inState(name)
      const end = before.lapsesAt ?? START
      expect(tick(before, moment(end, micros(-1))).state.name).toBe(name)
      const { state, actions } = tick(before, end)
      expect([state.name, state.diagnostic, state.remote.discriminator]).toEqual(['down', 1, 0])
      expect(sent(actions)).toMatchObject([{ state: 'down', diagnostic: 1, yourDiscriminator: 0 }])
      expect(announced(actions)).toEqual([
        { type: 'announce', from: name, to: 'down', ...(name === 'up' ? { path: 'bad' } : {}) },
      ])
    }
  })

  test('B-008: after another detection time all that was learned is forgotten (§6.8.1)', () => {
    const { state } = tick(inState('up'), at(200))
    expect(state.remote.minReceive).toBe(millis(20))
    const later = tick(state, state.lapsesAt ?? START).state
    expect(later.remote).toEqual({
      state: 'down',
      diagnostic: 0,
      discriminator: 0,
      minTransmit: 0,
      minReceive: 1,
      multiplier: 0,
      demand: false,
    })
    expect(later.lapsesAt).toBeUndefined()
  })

  test('in down a packet keeps what was learned for another detection time', () => {
    const down = hear(inState('up'), packet('down')).state
    expect(hear(down, packet('up'), at(150)).state.lapsesAt).toBe(moment(at(150), millis(60)))
  })

  test('a deadline that comes early does nothing', () => {
    const state = inState('up')
    expect(tick(state, START)).toEqual({ state, actions: [] })
  })
})

describe('polls (§6.5)', () => {
  test('coming up with another interval than before is made known by a poll', () => {
    const [out] = sent(hear(inState('init'), packet('up')).actions)
    expect(out).toMatchObject({ state: 'up', poll: true, desiredMinTransmit: millis(10) })
    const same = { ...session, minTransmit: seconds(1) }
    expect(sent(hear(inState('init', same), packet('up'), START, same).actions)).toMatchObject([{ poll: false }])
  })

  test('it goes on until a final comes', () => {
    const polling = inState('up')
    expect(sent(tick(polling, at(100.03)).actions)).toMatchObject([{ poll: true }])
    const { state } = hear(polling, packet('up', { final: true }), at(100.01))
    expect(sent(tick(state, at(100.03)).actions)).toMatchObject([{ poll: false }])
  })

  test('B-007: a poll is answered at once, and the periodic packet stays where it was', () => {
    const before = inState('up')
    const { state, actions } = hear(before, packet('up', { poll: true }), at(100.001))
    expect(sent(actions)).toMatchObject([{ final: true, poll: false, state: 'up' }])
    expect(state.sendAt).toBe(before.sendAt)
  })

  test('a final that is due while we poll carries the new values and leaves the poll for later', () => {
    const { state, actions } = hear(inState('init'), packet('up', { poll: true }))
    expect(sent(actions)).toMatchObject([{ final: true, poll: false, state: 'up', desiredMinTransmit: millis(10) }])
    expect(state.polling).toBe(true)
  })

  const settledUp = (): BfdState => hear(inState('up'), packet('up', { final: true })).state
  const change = (more: Partial<BfdSession>) => {
    const now = { ...session, ...more }
    const event: BfdEvent = { type: 'reconfigured', before: session }
    return { now, ...stepBfd(now, settledUp(), event, START, steady()) }
  }

  test('a longer transmit interval is told by a poll and used from the final on', () => {
    const { now, state, actions } = change({ minTransmit: millis(200) })
    expect(sent(actions)).toMatchObject([{ poll: true, desiredMinTransmit: millis(200) }])
    expect(transmitInterval(state)).toBe(millis(20))
    const confirmed = hear(state, packet('up', { final: true }), START, now).state
    expect([transmitInterval(confirmed), confirmed.polling]).toEqual([millis(200), false])
  })

  test('a shorter one is used at once', () => {
    const slow = { ...session, minTransmit: millis(500) }
    const up = hear(inState('up', slow), packet('up', { final: true }), START, slow).state
    const event: BfdEvent = { type: 'reconfigured', before: slow }
    const { state } = stepBfd(session, up, event, START, steady())
    expect(transmitInterval(state)).toBe(millis(20))
  })

  test('a shorter receive interval counts for the detection time from the final on, a longer one at once', () => {
    const wide = { ...session, minReceive: millis(100) }
    const up = hear(inState('up', wide), packet('up', { final: true }), START, wide).state
    const event: BfdEvent = { type: 'reconfigured', before: wide }
    const narrowed = stepBfd(session, up, event, START, steady()).state
    expect([narrowed.receive.told, detectionTime(narrowed)]).toEqual([millis(10), millis(300)])
    expect(detectionTime(hear(narrowed, packet('up', { final: true })).state)).toBe(millis(60))
    const widened = change({ minReceive: millis(100) }).state
    expect(detectionTime(widened)).toBe(millis(300))
    expect(widened.lapsesAt).toBe(moment(START, millis(300)))
  })

  test('another multiplier is said at once, without a poll', () => {
    const { state, actions } = change({ multiplier: 8 })
    expect(sent(actions)).toMatchObject([{ poll: false, multiplier: 8 }])
    expect(state.name).toBe('up')
  })

  test('short of up, other intervals hold at once', () => {
    const now = { ...session, idleTransmit: seconds(3) }
    const { state, actions } = stepBfd(now, inState('down'), { type: 'reconfigured', before: session }, START, steady())
    expect([state.transmit, actions]).toEqual([{ told: seconds(3), used: seconds(3) }, []])
  })

  test('nothing changed, nothing said', () => {
    const { actions } = change({ name: 'other' })
    expect(actions).toEqual([])
  })
})

describe('who speaks first (§6.1)', () => {
  const passive = { ...session, passive: true }

  test('the active end says at once that it is down', () => {
    const { state, actions } = stepBfd(session, initialBfd(session, OURS), { type: 'enabled' }, START, steady())
    expect(sent(actions)).toMatchObject([{ state: 'down', yourDiscriminator: 0, diagnostic: 0 }])
    expect(state.sendAt).toBe(moment(START, seconds(1)))
  })

  test('B-013: the passive end is silent until it is addressed', () => {
    const begun = stepBfd(passive, initialBfd(passive, OURS), { type: 'enabled' }, START, steady())
    expect([sent(begun.actions), bfdDeadline(begun.state)]).toEqual([[], undefined])
    const { state, actions } = hear(begun.state, packet('down', { yourDiscriminator: 0 }), START, passive)
    expect(sent(actions)).toMatchObject([{ state: 'init' }])
    expect(state.sendAt).toBeDefined()
  })

  test('B-013: and again when the neighbour is lost', () => {
    const { state, actions } = tick(inState('up', passive), at(200), passive)
    expect([state.name, sent(actions), state.sendAt]).toEqual(['down', [], undefined])
  })
})

describe('demand mode of the neighbour (§6.6)', () => {
  test('stops our periodic packets while both are up, but not a poll', () => {
    const polling = hear(inState('up'), packet('up', { demand: true })).state
    expect(polling.sendAt).toBeDefined()
    const { state } = hear(polling, packet('up', { demand: true, final: true }))
    expect(state.sendAt).toBeUndefined()
    expect(hear(state, packet('up')).state.sendAt).toBeDefined()
  })
})

describe('an end in order (§6.8.16)', () => {
  test('it is said once, and then nothing; trackers are told nothing', () => {
    const { state, actions } = stepBfd(session, inState('up'), { type: 'disabled' }, START, steady())
    expect(sent(actions)).toMatchObject([{ state: 'admin-down', diagnostic: 7, poll: false }])
    expect(announced(actions)).toEqual([{ type: 'announce', from: 'up', to: 'admin-down' }])
    expect(bfdDeadline(state)).toBeUndefined()
  })

  test('it begins anew as down', () => {
    const ended = stepBfd(session, inState('up'), { type: 'disabled' }, START, steady()).state
    const { state, actions } = stepBfd(session, ended, { type: 'enabled' }, START, steady())
    expect([state.name, state.diagnostic]).toEqual(['down', 0])
    expect(sent(actions)).toHaveLength(1)
  })
})
