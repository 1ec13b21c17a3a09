import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, assertNever } from '../../src/base/index.ts'
import {
  applyOps,
  type Destination,
  type ForwardingState,
  plan,
  type ServiceState,
  type TableOp,
} from '../../src/forwarding/index.ts'
import { endpoint, type SchedulerName, serviceKey } from '../../src/model/index.ts'

const all = () => true

const destination = (last: number, weight = 1, more: Partial<Destination> = {}): Destination => ({
  address: address(`192.0.2.${last}`),
  port: 80,
  weight,
  method: 'dr',
  upperThreshold: 0,
  lowerThreshold: 0,
  ...more,
})

const service = (
  last: number,
  destinations: readonly Destination[],
  scheduler: SchedulerName = 'rr',
): ServiceState => ({
  service: {
    address: { kind: 'address', protocol: 'tcp', address: address(`203.0.113.${last}`), port: 80 },
    scheduler,
    onePacket: false,
  },
  destinations,
})

const state = (...services: readonly ServiceState[]): ForwardingState => ({ services })

const short = (ops: readonly TableOp[]) =>
  ops.map((op) => {
    switch (op.type) {
      case 'put-service':
        return `put ${serviceKey(op.service.address)} ${op.service.scheduler}`
      case 'remove-service':
        return `remove ${op.serviceKey}`
      case 'put-destination':
        return `put ${endpoint(op.destination)} ${op.destination.weight}`
      case 'remove-destination':
        return `remove ${op.destinationKey}`
      default:
        return assertNever(op)
    }
  })

const rows: readonly [claim: string, current: ForwardingState, wanted: ForwardingState, ops: readonly string[]][] = [
  ['nothing to nothing is nothing to do', state(), state(), []],
  ['what is as wanted is not touched', state(service(1, [destination(1)])), state(service(1, [destination(1)])), []],
  [
    'a new service comes before its destinations',
    state(),
    state(service(1, [destination(1), destination(2)])),
    ['put tcp/203.0.113.1:80 rr', 'put 192.0.2.1:80 1', 'put 192.0.2.2:80 1'],
  ],
  [
    'a destination that replaces another is added before the other goes',
    state(service(1, [destination(1)])),
    state(service(1, [destination(2)])),
    ['put 192.0.2.2:80 1', 'remove 192.0.2.1:80'],
  ],
  [
    'a weight is changed in place, and weights that become 0 come last of the changes',
    state(service(1, [destination(1, 1), destination(2, 0)])),
    state(service(1, [destination(1, 0), destination(2, 1)])),
    ['put 192.0.2.2:80 1', 'put 192.0.2.1:80 0'],
  ],
  [
    'another scheduler is an edit that leaves the destinations alone',
    state(service(1, [destination(1)])),
    state(service(1, [destination(1)], 'wlc')),
    ['put tcp/203.0.113.1:80 wlc'],
  ],
  [
    'a service that is not wanted goes at the end, with all it has',
    state(service(1, [destination(1)]), service(2, [destination(2)])),
    state(service(2, [destination(2)]), service(3, [])),
    ['put tcp/203.0.113.3:80 rr', 'remove tcp/203.0.113.1:80'],
  ],
]
for (const [claim, current, wanted, ops] of rows)
  test(`plan: ${claim}`, () => expect(short(plan(current, wanted, all))).toEqual(ops))

test('plan: a service that is not ours stays', () => {
  expect(plan(state(service(1, [destination(1)])), state(), () => false)).toEqual([])
})

const anyDestinations = fc.uniqueArray(
  fc.record({ last: fc.integer({ min: 1, max: 6 }), weight: fc.integer({ min: 0, max: 2 }), nat: fc.boolean() }),
  { selector: ({ last }) => last, maxLength: 6 },
)
const anyState = fc
  .uniqueArray(
    fc.record({
      last: fc.integer({ min: 1, max: 4 }),
      scheduler: fc.constantFrom<SchedulerName>('rr', 'wlc'),
      destinations: anyDestinations,
    }),
    { selector: ({ last }) => last, maxLength: 4 },
  )
  .map((services) =>
    state(
      ...services.map(({ last, scheduler, destinations }) =>
        service(
          last,
          destinations.map(({ last: at, weight, nat }) => destination(at, weight, { method: nat ? 'nat' : 'dr' })),
          scheduler,
        ),
      ),
    ),
  )

/** A table has no order. */
const asSets = ({ services }: ForwardingState) =>
  new Map(
    services.map((held) => [
      serviceKey(held.service.address),
      { service: held.service, destinations: new Map(held.destinations.map((one) => [endpoint(one), one])) },
    ]),
  )

const live = ({ services }: ForwardingState, key: string) =>
  services
    .find(({ service: held }) => serviceKey(held.address) === key)
    ?.destinations.filter(({ weight }) => weight > 0).length ?? 0

describe('plan, for any two states', () => {
  test('carried out, it leads to what is wanted', () => {
    fc.assert(
      fc.property(anyState, anyState, (current, wanted) => {
        expect(asSets(applyOps(current, plan(current, wanted, all)))).toEqual(asSets(wanted))
      }),
    )
  })

  test('carried out twice, the second time changes nothing', () => {
    fc.assert(
      fc.property(anyState, anyState, (current, wanted) => {
        expect(plan(applyOps(current, plan(current, wanted, all)), wanted, all)).toEqual([])
      }),
    )
  })

  test('no step leaves a wanted service with fewer live destinations than before and after', () => {
    fc.assert(
      fc.property(anyState, anyState, (current, wanted) => {
        let now = current
        for (const op of plan(current, wanted, all)) {
          now = applyOps(now, [op])
          for (const { service: held } of wanted.services) {
            const key = serviceKey(held.address)
            expect(live(now, key)).toBeGreaterThanOrEqual(Math.min(live(current, key), live(wanted, key)))
          }
        }
      }),
    )
  })

  test('services that are not ours stay as they are', () => {
    fc.assert(
      fc.property(anyState, anyState, (current, wanted) => {
        const after = asSets(
          applyOps(
            current,
            plan(current, wanted, () => false),
          ),
        )
        for (const [key, held] of asSets(current)) if (!asSets(wanted).has(key)) expect(after.get(key)).toEqual(held)
      }),
    )
  })
})
