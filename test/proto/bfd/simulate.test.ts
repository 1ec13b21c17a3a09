import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, millis, seconds } from '../../../src/base/index.ts'
import { detectionTime, transmitInterval } from '../../../src/proto/bfd/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { seeded } from '../vrrp/simulate.ts'
import { session } from './setting.ts'
import { joined } from './simulate.ts'

const steady = () => 0.5
const up = ['up', 'up'] as const
const begin = (one = session, other = session, random: () => number = steady) => {
  const link = joined([one, other], random)
  link.tell(0, { type: 'enabled' })
  link.tell(1, { type: 'enabled' })
  return link
}

describe('two sessions on one link', () => {
  test('come up within a few packets, agree on their intervals and stay up', () => {
    const link = begin()
    expect(link.until(up, millis(10))).toBeDefined()
    link.run(seconds(10))
    for (const side of [0, 1] as const) {
      expect(link.state(side)).toMatchObject({ name: 'up', polling: false })
      expect([transmitInterval(link.state(side)), detectionTime(link.state(side))]).toEqual([millis(10), millis(50)])
      expect(link.told(side)).toEqual(['good'])
    }
  })

  test('B-006: a cut link is noticed by both within the detection time', () => {
    const link = begin()
    link.run(seconds(10))
    link.deliver(0, 0)
    link.deliver(1, 0)
    expect(link.until(['down', 'down'], micros(50_000 + 1_000))).toBeDefined()
    expect([link.told(0), link.told(1)]).toEqual([
      ['good', 'bad'],
      ['good', 'bad'],
    ])
  })

  test('a link cut one way is noticed by who hears nothing, and it tells the other', () => {
    const link = begin()
    link.run(seconds(10))
    link.deliver(0, 0)
    expect(link.until(['down', 'down'], micros(50_000 + 2_000))).toBeDefined()
    expect([link.state(1).diagnostic, link.state(0).diagnostic]).toEqual([1, 3])
  })

  test('B-004: short of up the gaps between packets are three quarters of a second and more', () => {
    const link = joined([session, session], seeded(3))
    link.tell(0, { type: 'enabled' })
    link.run(seconds(60))
    const gaps = link.packets(0).map(({ at }, i, all) => at - (all[i - 1]?.at ?? Number.NEGATIVE_INFINITY))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(750_000)
    expect(Math.max(...gaps.slice(1))).toBeLessThanOrEqual(1_000_000)
  })

  test('B-013: two passive ends stay silent, one is enough', () => {
    const passive = { ...session, passive: true }
    const silent = begin(passive, passive)
    silent.run(seconds(60))
    expect([silent.packets(0), silent.packets(1)]).toEqual([[], []])
    expect(begin(passive, session).until(up, seconds(2))).toBeDefined()
  })

  test('B-009: an orderly end brings the other down without a word to trackers', () => {
    const link = begin()
    link.run(seconds(10))
    link.tell(0, { type: 'disabled' })
    expect(link.until(['admin-down', 'down'], millis(2))).toBeDefined()
    link.run(seconds(10))
    expect([link.told(0), link.told(1)]).toEqual([['good'], ['good']])
    link.tell(0, { type: 'enabled' })
    expect(link.until(up, seconds(2))).toBeDefined()
  })

  test('changed intervals are agreed on by polls and cost no packet too many and no session', () => {
    const link = begin()
    link.run(seconds(10))
    link.reconfigure(0, { ...session, minTransmit: millis(200), minReceive: millis(100) })
    link.run(seconds(10))
    expect([transmitInterval(link.state(0)), detectionTime(link.state(1))]).toEqual([millis(200), seconds(1)])
    expect([transmitInterval(link.state(1)), detectionTime(link.state(0))]).toEqual([millis(100), millis(500)])
    link.reconfigure(0, session)
    link.run(seconds(10))
    expect([detectionTime(link.state(0)), detectionTime(link.state(1))]).toEqual([millis(50), millis(50)])
    expect([link.told(0), link.told(1)]).toEqual([['good'], ['good']])
  })

  test('the slower end has its way', () => {
    const link = begin(session, { ...session, minReceive: millis(300), minTransmit: millis(400), multiplier: 2 })
    link.run(seconds(20))
    expect([transmitInterval(link.state(0)), transmitInterval(link.state(1))]).toEqual([millis(300), millis(400)])
    expect([detectionTime(link.state(0)), detectionTime(link.state(1))]).toEqual([millis(800), millis(1_500)])
  })

  test('on a link that loses, breaks and is reconfigured they are both up again soon after it heals', () => {
    const change = fc.record({
      what: fc.constantFrom('lose', 'restart', 'slow', 'fast'),
      side: fc.constantFrom(0 as const, 1 as const),
      share: fc.constantFrom(0, 0.3, 0.7, 0.95),
      length: fc.integer({ min: 1, max: 4_000 }).map(millis),
    })
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), fc.array(change, { maxLength: 12 }), (seed, passive, changes) => {
        const link = begin(session, { ...session, passive }, seeded(seed))
        for (const { what, side, share, length } of changes) {
          const known = { ...session, passive: side === 1 && passive }
          if (what === 'lose') link.deliver(side, share)
          else if (what === 'restart') {
            link.tell(side, { type: 'disabled' })
            link.tell(side, { type: 'enabled' })
          } else
            link.reconfigure(
              side,
              what === 'fast' ? known : { ...known, minTransmit: millis(150), minReceive: millis(90) },
            )
          link.run(length)
        }
        for (const side of [0, 1] as const) {
          link.deliver(side, 1)
          link.reconfigure(side, { ...session, passive: side === 1 && passive })
        }
        // The worst: a detection time of 5 s that counts what was said while idle, and idle packets after it, some in vain.
        expect(link.until(up, seconds(20))).toBeDefined()
        link.run(seconds(3))
        for (const side of [0, 1] as const) {
          expect(link.state(side).name).toBe('up')
          expect(detectionTime(link.state(side))).toBe(millis(50))
          // Told in turn, and the last word is that it is good.
          const told = link.told(side)
          expect(told.every((one, i) => i === 0 || one === 'good' || told[i - 1] === 'good')).toBe(true)
          expect(told.at(-1)).toBe('good')
        }
      }),
      fuzzRuns(80),
    )
  })
})
