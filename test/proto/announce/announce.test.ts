import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, type Instant, type IpAddress, instant, micros, millis, seconds } from '../../../src/base/index.ts'
import type { AnnouncementSettings } from '../../../src/model/index.ts'
import {
  type AnnouncementEvent,
  type AnnouncementState,
  announcementDeadline,
  silent,
  stepAnnouncements,
} from '../../../src/proto/announce/index.ts'

const at = (of: number): Instant => instant(Math.round(of * 1_000_000))
const one = address('192.0.2.100')
const two = address('192.0.2.101')
const six = address('2001:db8::100')

const settings: AnnouncementSettings = {
  masterDelay: seconds(5),
  masterRepeat: 3,
  masterRefresh: micros(0),
  masterRefreshRepeat: 1,
  lowerPrioDelay: seconds(2),
  lowerPrioRepeat: 2,
  garpInterval: micros(0),
  gnaInterval: micros(0),
}
const entered = (addresses: readonly IpAddress[], more: Partial<AnnouncementSettings> = {}): AnnouncementEvent => ({
  type: 'master-entered',
  router: 'a',
  addresses,
  settings: { ...settings, ...more },
})

/** Runs events at their times, and every deadline between and after them until `until`; what is announced when. */
function play(
  events: readonly (readonly [seconds: number, event: AnnouncementEvent])[],
  until: number,
): [number, IpAddress][] {
  let state: AnnouncementState = silent
  const sent: [number, IpAddress][] = []
  const dispatch = (event: AnnouncementEvent, now: Instant) => {
    const next = stepAnnouncements(state, event, now)
    state = next.state
    for (const { address } of next.actions) sent.push([now / 1_000_000, address])
  }
  const runUntil = (end: Instant) => {
    for (let turns = 0; turns < 10_000; turns++) {
      const deadline = announcementDeadline(state)
      if (deadline === undefined || deadline > end) return
      dispatch({ type: 'deadline-reached' }, deadline)
    }
    expect.unreachable('deadlines without end')
  }
  for (const [when, event] of events) {
    runUntil(at(when))
    dispatch(event, at(when))
  }
  runUntil(at(until))
  return sent
}

const times = (count: number, when: number, address: IpAddress = one): [number, IpAddress][] =>
  Array.from({ length: count }, () => [when, address])

describe('announcements (keepalived garp_*)', () => {
  test('V-090 a new master announces garp_master_repeat times at once, and again after garp_master_delay', () => {
    expect(play([[1, entered([one])]], 60)).toEqual([...times(3, 1), ...times(3, 6)])
  })

  test('every address once a round', () => {
    expect(play([[1, entered([one, six], { masterDelay: micros(0) })]], 60).map(([, address]) => address)).toEqual([
      one,
      six,
      one,
      six,
      one,
      six,
    ])
  })

  test('no second burst with garp_master_delay 0', () => {
    expect(play([[1, entered([one], { masterDelay: micros(0) })]], 60)).toHaveLength(3)
  })

  test('garp_master_refresh repeats for as long as it is master', () => {
    const more = { masterDelay: micros(0), masterRefresh: seconds(10), masterRefreshRepeat: 2 }
    expect(
      play(
        [
          [1, entered([one], more)],
          [35, { type: 'master-left', router: 'a' }],
        ],
        100,
      ),
    ).toEqual([...times(3, 1), ...times(2, 11), ...times(2, 21), ...times(2, 31)])
  })

  test('a weaker master is answered by garp_lower_prio_repeat, and again after garp_lower_prio_delay', () => {
    const heard: AnnouncementEvent = { type: 'weaker-master-heard', router: 'a' }
    expect(
      play(
        [
          [1, entered([one], { masterDelay: micros(0) })],
          [10, heard],
        ],
        60,
      ),
    ).toEqual([...times(3, 1), ...times(2, 10), ...times(2, 12)])
  })

  test('not with garp_lower_prio_repeat 0', () => {
    const events = [
      [1, entered([one], { masterDelay: micros(0), lowerPrioRepeat: 0 })],
      [10, { type: 'weaker-master-heard', router: 'a' }],
    ] as const
    expect(play(events, 60)).toHaveLength(3)
  })

  test('garp_interval and gna_interval space ARP and ND, each on its own', () => {
    const more = { masterDelay: micros(0), masterRepeat: 2, garpInterval: millis(100), gnaInterval: millis(250) }
    expect(play([[1, entered([one, two, six], more)]], 60)).toEqual([
      [1, one],
      [1, six],
      [1.1, two],
      [1.2, one],
      [1.25, six],
      [1.3, two],
    ])
  })

  test('an address that waits is not queued twice', () => {
    const more = { masterRepeat: 5, masterDelay: micros(0), garpInterval: seconds(1) }
    const again: AnnouncementEvent = { type: 'weaker-master-heard', router: 'a' }
    const sent = play(
      [
        [1, entered([one], { ...more, lowerPrioDelay: micros(0) })],
        [1.5, again],
      ],
      60,
    )
    expect(sent).toHaveLength(5)
  })

  test('whoever leaves is silent at once, others go on', () => {
    const spaced = { garpInterval: seconds(1), masterDelay: micros(0) }
    const other: AnnouncementEvent = {
      type: 'master-entered',
      router: 'b',
      addresses: [two],
      settings: { ...settings, ...spaced },
    }
    const sent = play(
      [
        [1, entered([one], spaced)],
        [1.1, other],
        [1.2, { type: 'master-left', router: 'a' }],
      ],
      60,
    )
    expect(sent.filter(([, address]) => address === one)).toEqual(times(1, 1))
    expect(sent.filter(([, address]) => address === two)).toHaveLength(3)
  })

  test('of changed addresses only the added ones are announced, and the removed ones forgotten', () => {
    const changed: AnnouncementEvent = {
      type: 'addresses-changed',
      router: 'a',
      addresses: [two],
      added: [two],
      settings,
    }
    expect(
      play(
        [
          [1, entered([one])],
          [2, changed],
        ],
        60,
      ),
    ).toEqual([...times(3, 1), ...times(3, 2, two), ...times(3, 6, two)])
  })

  test('without a master nothing falls due', () => {
    expect(announcementDeadline(silent)).toBeUndefined()
    expect(play([[1, { type: 'weaker-master-heard', router: 'a' }]], 60)).toEqual([])
  })

  test('spacing is kept whatever happens, and a master that left says nothing', () => {
    const event = fc.oneof(
      fc.constant(entered([one, two, six], { garpInterval: millis(50), masterRefresh: seconds(1) })),
      fc.constant<AnnouncementEvent>({ type: 'weaker-master-heard', router: 'a' }),
      fc.constant<AnnouncementEvent>({ type: 'master-left', router: 'a' }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), event), { maxLength: 12 }), (gaps) => {
        let now = 1
        const events = gaps.map(([gap, happened]) => {
          now += gap / 100
          return [now, happened] as const
        })
        const sent = play([...events, [now + 1, { type: 'master-left', router: 'a' }]], now + 20)
        const arps = sent.filter(([, address]) => address !== six).map(([when]) => when)
        for (const [i, when] of arps.entries())
          if (i > 0) expect(when - arps[i - 1]!).toBeGreaterThanOrEqual(0.05 - 1e-9)
        expect(sent.every(([when]) => when <= now + 1 + 1e-6)).toBe(true)
      }),
    )
  })
})
