import { describe, expect, test } from 'vitest'
import { address, centiseconds, millis, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { type Arrival, type Expectation, type Rejection, validate } from '../../../src/proto/vrrp/index.ts'
import {
  type Advertisement,
  type AdvertisementV2,
  type AdvertisementV3,
  type Decoded,
  passwordData,
  type WrongField,
} from '../../../src/wire/vrrp/index.ts'
import { higher, owner, router, v2 } from './setting.ts'

const arrival: Arrival = { source: higher, destination: address('224.0.0.18'), hopLimit: 255 }
const expected: Expectation = { addresses: new Set([address('192.0.2.100')]), authenticationData: passwordData('') }
const three: AdvertisementV3 = {
  version: 3,
  virtualRouterId: 51,
  priority: 200,
  reserved: 0,
  interval: centiseconds(100),
  addresses: [address('192.0.2.100')],
  checksum: 'with-pseudo-header',
}
const two: AdvertisementV2 = {
  version: 2,
  virtualRouterId: 51,
  priority: 200,
  authenticationType: 0,
  interval: 1,
  addresses: [address('192.0.2.100')],
  authenticationData: new Uint8Array(8),
}
const pass: VirtualRouter = { ...v2, authentication: { type: 'pass', password: '1111' } }
const secret: AdvertisementV2 = { ...two, authenticationType: 1, authenticationData: passwordData('1111') }
const unicast: VirtualRouter = { ...router, unicastPeers: [higher] }
const toUs: Arrival = { ...arrival, destination: address('192.0.2.11') }
const limited: VirtualRouter = { ...unicast, peerTtlLimits: [{ peer: higher, min: 250, max: 252 }] }

const good = (value: Advertisement): Decoded<Advertisement> => ({ ok: true, value })
const wrong = (field: WrongField['field']): Decoded<Advertisement> => ({ ok: false, error: { field, got: 0 } })
const withPassword: Expectation = { ...expected, authenticationData: passwordData('1111') }

type Row = readonly [
  rule: string,
  reason: Rejection,
  of: VirtualRouter,
  arrival: Arrival,
  decoded: Decoded<Advertisement>,
]
const rows: readonly Row[] = [
  ['V-046: a unicast TTL below min_ttl', 'ttl', limited, { ...toUs, hopLimit: 249 }, good(three)],
  ['V-046: a unicast TTL above max_ttl', 'ttl', limited, { ...toUs, hopLimit: 253 }, good(three)],
  ['RFC 9568 §7.1: a wrong length', 'length', router, arrival, wrong('length')],
  ['V-021 V-022 RFC 9568 §5.1.1.3: TTL 254', 'ttl', router, { ...arrival, hopLimit: 254 }, good(three)],
  ['a TTL that the kernel did not tell', 'ttl', router, { ...arrival, hopLimit: -1 }, good(three)],
  ['the length comes before the TTL', 'length', router, { ...arrival, hopLimit: 254 }, wrong('length')],
  ['the TTL comes before the rest', 'ttl', router, { ...arrival, hopLimit: 254 }, wrong('checksum')],
  ['V-023 RFC 9568 §7.1: another version', 'version', router, arrival, wrong('version')],
  ['RFC 9568 §7.1: a version decoded but not configured', 'version', router, arrival, good(two)],
  ['V-024 RFC 9568 §5.2.2: another type', 'type', router, arrival, wrong('type')],
  ['V-028 RFC 9568 §7.1: a bad checksum', 'checksum', router, arrival, wrong('checksum')],
  ['erratum 8299: no addresses', 'address-count', router, arrival, wrong('count')],
  ['erratum 8301: interval 0', 'interval', router, arrival, wrong('interval')],
  [
    'V-031 RFC 3768 §5.3.6: an unknown authentication type',
    'authentication-type-unknown',
    pass,
    arrival,
    good({ ...two, authenticationType: 3 }),
  ],
  ['RFC 3768 §7.1: none where a password is configured', 'authentication-type', pass, arrival, good(two)],
  ['V-032 RFC 3768 §7.1: a password where none is configured', 'authentication-type', v2, arrival, good(secret)],
  [
    'RFC 2338: authentication header where a password is configured',
    'authentication-type',
    pass,
    arrival,
    good({ ...secret, authenticationType: 2 }),
  ],
  [
    'V-033 RFC 2338 §5.3.10: a wrong password',
    'authentication',
    pass,
    arrival,
    good({ ...secret, authenticationData: passwordData('1112') }),
  ],
  [
    'RFC 2338 §5.3.10: a longer password',
    'authentication',
    pass,
    arrival,
    good({ ...secret, authenticationData: passwordData('11111') }),
  ],
  ['V-035 RFC 3768 §7.1: v2 with another interval', 'interval', v2, arrival, good({ ...two, interval: 2 })],
  ['V-044 keepalived: multicast to a unicast virtual router', 'destination', unicast, arrival, good(three)],
  ['keepalived: unicast to a multicast virtual router', 'destination', router, toUs, good(three)],
  ['another group', 'destination', router, { ...arrival, destination: address('224.0.0.19') }, good(three)],
  [
    'RFC 5798 §7.1: an owner that ignores advertisements',
    'owner-ignores',
    { ...owner, ownerIgnoreAdverts: true },
    arrival,
    good(three),
  ],
  [
    'V-045 keepalived: not from a peer',
    'source',
    { ...unicast, checkUnicastSource: true },
    { ...toUs, source: address('192.0.2.99') },
    good(three),
  ],
]

describe('advertisements refused (RFC 9568 §7.1, RFC 3768 §7.1)', () => {
  for (const [rule, error, of, from, decoded] of rows)
    test(`${rule}: ${error}`, () => {
      expect(validate(of, of === pass ? withPassword : expected, undefined, from, decoded)).toEqual({
        ok: false,
        error,
      })
    })
})

describe('advertisements accepted', () => {
  const accepts = (
    of: VirtualRouter,
    from: Arrival,
    value: Advertisement,
    more: Expectation = expected,
    previous?: typeof higher,
  ) => {
    const result = validate(of, more, previous, from, good(value))
    if (!result.ok) expect.unreachable(result.error)
    return result.value
  }

  test('with priority, interval, source and the checksum form of the peer', () => {
    expect(accepts(router, arrival, three)).toEqual({
      priority: 200,
      interval: seconds(1),
      source: higher,
      remarks: [],
      checksum: 'with-pseudo-header',
    })
  })

  test('v2 with the right password', () => {
    expect(accepts(pass, arrival, secret, withPassword)).toEqual({
      priority: 200,
      interval: seconds(1),
      source: higher,
      remarks: [],
    })
  })

  test('V-036 RFC 9568 §7.1: v3 with another interval, with a remark', () => {
    expect(accepts(router, arrival, { ...three, interval: centiseconds(10) })).toMatchObject({
      interval: millis(100),
      remarks: ['interval'],
    })
  })

  for (const [what, addresses] of [
    ['one more address', ['192.0.2.100', '192.0.2.101']],
    ['another address', ['192.0.2.101']],
    ['the same address twice', ['192.0.2.100', '192.0.2.100']],
  ] as const)
    test(`V-039 RFC 9568 §7.1: with ${what}, with a remark`, () => {
      expect(accepts(router, arrival, { ...three, addresses: addresses.map(address) }).remarks).toEqual([
        'address-list',
      ])
    })

  test('V-040: strict v2 drops other addresses than ours, unless an owner sends them; v3 keeps them', () => {
    const other = [address('192.0.2.101')]
    const strict = { ...v2, strict: true } as const
    expect(validate(strict, expected, undefined, arrival, good({ ...two, addresses: other }))).toEqual({
      ok: false,
      error: 'address-list',
    })
    expect(accepts(strict, arrival, { ...two, addresses: other, priority: 255 }).remarks).toEqual(['address-list'])
    expect(accepts({ ...router, strict: true }, arrival, { ...three, addresses: other }).remarks).toEqual([
      'address-list',
    ])
  })

  test('the order of addresses does not matter', () => {
    const two = ['192.0.2.100', '192.0.2.101'].map(address)
    expect(
      accepts(router, arrival, { ...three, addresses: two.toReversed() }, { ...expected, addresses: new Set(two) })
        .remarks,
    ).toEqual([])
  })

  test('keepalived: skip_check_adv_addr compares the list only when the master changes', () => {
    const skipping = { ...router, skipCheckAdvAddr: true }
    const other = { ...three, addresses: [address('192.0.2.101')] }
    expect(accepts(skipping, arrival, other, expected, higher).remarks).toEqual([])
    expect(accepts(skipping, arrival, other, expected, address('192.0.2.99')).remarks).toEqual(['address-list'])
  })

  test('unicast from afar, and from anyone unless told to check', () => {
    expect(accepts(unicast, { ...toUs, hopLimit: 60, source: address('198.51.100.1') }, three).priority).toBe(200)
    expect(accepts({ ...unicast, checkUnicastSource: true }, toUs, three).priority).toBe(200)
  })
})

test('V-046: a unicast TTL within the limits of its peer is accepted, and of a peer without limits any', () => {
  const within = validate(limited, expected, undefined, { ...toUs, hopLimit: 250 }, good(three))
  expect(within.ok).toBe(true)
  const other = { ...toUs, source: address('192.0.2.99'), hopLimit: 1 }
  expect(validate(limited, expected, undefined, other, good(three)).ok).toBe(true)
})
