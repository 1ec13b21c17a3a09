import { describe, expect, test } from 'vitest'
import { micros, millis, seconds } from '../../../src/base/index.ts'
import { leastSkewTime, masterDownInterval, skewTime } from '../../../src/proto/vrrp/index.ts'
import { router } from './setting.ts'

describe('skew and master down interval (RFC 9568 §6.1, RFC 3768 §6.1)', () => {
  for (const [version, interval, priority, skew, down] of [
    [2, seconds(1), 100, 609375, 3609375],
    [3, seconds(1), 100, 609375, 3609375],
    [3, millis(100), 200, 21875, 321875],
    [3, seconds(1), 254, 7812, 3007812],
    [3, millis(10), 254, 78, 30078],
  ] as const)
    test(`v${version}, ${interval} µs, priority ${priority}: ${skew} and ${down} µs`, () => {
      const timed = { ...router, version, priority, advertisementInterval: interval }
      expect(skewTime(timed, interval)).toBe(skew)
      expect(masterDownInterval(timed, interval)).toBe(down)
    })

  test('V-048 v3: keepalived’s integers for every priority and interval', () => {
    for (let cs = 1; cs <= 4095; cs++)
      for (let priority = 1; priority <= 254; priority += cs < 20 ? 1 : 23) {
        const timed = { ...router, priority }
        const interval = micros(cs * 10_000)
        const skew = Math.floor(((256 - priority) * cs * 625) / 16)
        if (skewTime(timed, interval) !== skew || masterDownInterval(timed, interval) !== 3 * cs * 10_000 + skew)
          expect.unreachable(`${cs} cs, priority ${priority}`)
      }
  })

  test('V-049 the v2 skew does not depend on the interval', () => {
    const timed = { ...router, version: 2 as const }
    expect(skewTime(timed, seconds(1))).toBe(skewTime(timed, seconds(255)))
    expect(leastSkewTime(timed, seconds(7))).toBe(3906)
  })

  test('down_timer_adverts counts the advertisements to miss', () => {
    expect(masterDownInterval({ ...router, downTimerAdverts: 5 }, seconds(1))).toBe(5609375)
  })
})
