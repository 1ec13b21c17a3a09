import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, type Micros, micros, millis, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import type { VrrpEvent } from '../../../src/proto/vrrp/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { owner, router, stopped } from './setting.ts'
import { type Host, longEnough, seeded, simulate } from './simulate.ts'

const host = (last: number, more: Partial<VirtualRouter> = {}): Host => ({
  address: address(`192.0.2.${last}`),
  router: { ...router, ...more },
})
const start: VrrpEvent = { type: 'started' }
const steady = () => 0.5

describe('virtual routers on one LAN', () => {
  test('the strongest becomes the one master', () => {
    const lan = simulate([host(10), host(11, { priority: 200 }), host(12, { priority: 150 })], steady)
    for (const i of [0, 1, 2]) lan.tell(i, start)
    lan.run(seconds(10))
    expect(lan.masters()).toEqual([1])
  })

  test('V-073 two equal ones started together settle within two down intervals', () => {
    const lan = simulate([host(10), host(11)], steady)
    lan.tell(0, start)
    lan.tell(1, start)
    lan.run(seconds(2 * 3.61))
    expect(lan.masters()).toEqual([1])
  })

  test('a resignation is answered within the skew', () => {
    const lan = simulate([host(10), host(11, { priority: 200 })], steady)
    lan.tell(0, start)
    lan.tell(1, start)
    lan.run(seconds(20))
    lan.tell(1, stopped)
    lan.run(millis(620))
    expect(lan.masters()).toEqual([0])
  })

  test('after a healed partition there are not two masters for longer than one interval', () => {
    const lan = simulate([host(10), host(11, { priority: 200 })], steady)
    lan.connect(0, 1, false)
    lan.connect(1, 0, false)
    lan.tell(0, start)
    lan.tell(1, start)
    lan.run(seconds(20))
    expect(lan.masters()).toEqual([0, 1])
    lan.heal()
    lan.run(micros(1_000_000 + 6_000))
    expect(lan.masters()).toEqual([1])
  })

  test('V-072 two owners settle for the higher address', () => {
    const lan = simulate(
      [
        { ...host(10), router: owner },
        { ...host(11), router: owner },
      ],
      steady,
    )
    lan.tell(0, start)
    lan.tell(1, start)
    lan.run(seconds(10))
    expect(lan.masters()).toEqual([1])
  })

  test('with nopreempt a returning stronger one stays backup', () => {
    const lan = simulate([host(10), host(11, { priority: 200, preempt: false })], steady)
    lan.tell(0, start)
    lan.run(seconds(10))
    lan.tell(1, start)
    lan.run(seconds(30))
    expect(lan.masters()).toEqual([0])
  })

  test('V-075 preempt_delay postpones the takeover by its length and the rest of a down interval', () => {
    const lan = simulate([host(10), host(11, { priority: 200, preemptDelay: seconds(20) })], steady)
    lan.tell(0, start)
    lan.run(seconds(10))
    lan.tell(1, start)
    lan.run(seconds(20))
    expect(lan.masters()).toEqual([0])
    lan.run(seconds(5))
    expect(lan.masters()).toEqual([1])
  })

  type Happening =
    | { readonly kind: 'event'; readonly host: number; readonly event: VrrpEvent }
    | { readonly kind: 'link'; readonly from: number; readonly to: number; readonly up: boolean }

  // Different intervals only where every master answers a weaker one at once (RFC 9568 §6.4.3): see `step-master.ts` for
  // what happens where a slow strong one is silent.
  const interval = fc.constantFrom(10_000, 100_000, 1_000_000).map(micros)
  const hosts = fc
    .tuple(
      interval,
      fc.array(
        fc.record({
          priority: fc.constantFrom(1, 50, 100, 100, 200, 254, 255),
          preempt: fc.boolean(),
          preemptDelay: fc.constantFrom(0, 3_000_000).map((us) => micros(us)),
          initialState: fc.constantFrom('master' as const, 'backup' as const),
          advertisementInterval: interval,
          lowerPrioNoAdvert: fc.boolean(),
          higherPrioSendAdvert: fc.boolean(),
        }),
        { minLength: 2, maxLength: 4 },
      ),
    )
    .map(([common, all]) => {
      const silent = all.some(({ lowerPrioNoAdvert }) => lowerPrioNoAdvert)
      return all.map((more, i) => host(10 + i, { ...more, ...(silent ? { advertisementInterval: common } : {}) }))
    })
  const event = fc.oneof(
    fc.constant<VrrpEvent>(start),
    fc.constantFrom(0, 1_000_000, 60_000_000).map((us): VrrpEvent => ({ ...stopped, within: micros(us) })),
    fc.constant<VrrpEvent>({ type: 'fault-found', reason: 'eth0: no carrier' }),
    fc.constant<VrrpEvent>({ type: 'fault-cleared' }),
    fc.constant<VrrpEvent>({ type: 'resumed-as-master' }),
    fc.constant<VrrpEvent>({ type: 'deadline-reached' }),
  )
  const which = fc.nat(3)
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    fc.record({ kind: fc.constant('event' as const), host: which, event }),
    fc.record({ kind: fc.constant('link' as const), from: which, to: which, up: fc.boolean() }),
  )

  test('no sequence of events leaves two masters, or none, once advertisements flow', () => {
    fc.assert(
      fc.property(
        hosts,
        fc.array(fc.tuple(fc.nat(3000), happening), { maxLength: 15 }),
        fc.integer(),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (all, happenings, seed, loss) => {
          const lan = simulate(all, seeded(seed), { loss })
          for (const i of all.keys()) lan.tell(i, start)
          for (const [gap, one] of happenings) {
            lan.run((gap * 1000) as Micros)
            if (one.kind === 'event') lan.tell(one.host % all.length, one.event)
            else lan.connect(one.from % all.length, one.to % all.length, one.up)
          }
          lan.heal()
          lan.run(longEnough(all))
          const running = lan.states().filter(({ name }) => name === 'master' || name === 'backup')
          expect(lan.masters()).toHaveLength(running.length === 0 ? 0 : 1)
        },
      ),
      fuzzRuns(60),
    )
  })
})
