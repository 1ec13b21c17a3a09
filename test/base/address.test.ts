import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  address,
  addressBytes,
  addressFromBytes,
  compareAddresses,
  familyOf,
  inSubnet,
  isLinkLocal6,
  isMulticast,
  parseAddress,
} from '../../src/base/index.ts'
import { fuzzRuns } from '../fuzz-runs.ts'

const canonical: readonly [written: string, canonical: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['fe80::0001', 'fe80::1'],
]
for (const [written, text] of canonical)
  test(`${written} reads as ${text} (RFC 5952)`, () => expect(parseAddress(written)).toBe(text))

const refused = [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '300.1.1.1',
  '010.1.1.1',
  '1.2.3.4/24',
  ' 1.2.3.4',
  '1.2.3.-4',
  '0x1.2.3.4',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8:9',
  ':1::2',
  '1:::2',
  'fe80::1%eth0',
  '[::1]',
  '2001:db8::g',
  '12345::',
  '1.2.3.4::',
  '::1.2.3.4:5',
]
for (const text of refused)
  test(`${JSON.stringify(text)} is not an address`, () => expect(parseAddress(text)).toBeUndefined())

const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 })

test('bytes to text and back is the identity, and Node agrees that it is an address', () => {
  fc.assert(
    fc.property(fc.oneof(bytes4, bytes16), (bytes) => {
      const text = addressFromBytes(bytes)
      expect(addressBytes(text)).toEqual(bytes)
      expect(parseAddress(text)).toBe(text)
      expect(familyOf(text)).toBe(bytes.length === 4 ? 4 : 6)
      expect(bytes.length === 4 ? isIPv4(text) : isIPv6(text)).toBe(true)
    }),
  )
})

test('whatever text is given, parsing answers what Node answers (no scope ids)', () => {
  const piece = fc.constantFrom('::', ':', '.', '0', '1', 'ff', 'g', '255', '256', '12345', '192.0.2.1')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const text = pieces.join('')
      expect(parseAddress(text) !== undefined).toBe(isIPv4(text) || isIPv6(text))
    }),
    fuzzRuns(2000),
  )
})

test('comparison is unsigned over all bytes (RFC 9568 §6.4.3)', () => {
  expect(compareAddresses(address('10.0.0.9'), address('10.0.0.200'))).toBeLessThan(0)
  expect(compareAddresses(address('200.0.0.1'), address('100.0.0.1'))).toBeGreaterThan(0)
  expect(compareAddresses(address('fe80::ff'), address('fe80::1:0'))).toBeLessThan(0)
  expect(compareAddresses(address('fe80::1'), address('fe80::1'))).toBe(0)
})

test('multicast and link-local ranges end where the RFCs say', () => {
  expect(['224.0.0.18', '239.255.255.255', 'ff02::12'].map((a) => isMulticast(address(a)))).toEqual([true, true, true])
  expect(['223.255.255.255', '240.0.0.0', 'fe80::1'].map((a) => isMulticast(address(a)))).toEqual([false, false, false])
  expect(['fe80::1', 'febf::1', 'fec0::1', '169.254.0.1'].map((a) => isLinkLocal6(address(a)))).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('two addresses are of one subnet by their first bits, and never of two families', () => {
  const rows: readonly (readonly [one: string, other: string, prefixLength: number, together: boolean])[] = [
    ['192.0.2.1', '192.0.2.254', 24, true],
    ['192.0.2.1', '192.0.3.1', 24, false],
    ['192.0.2.1', '192.0.3.1', 23, true],
    ['192.0.2.127', '192.0.2.128', 25, false],
    ['192.0.2.1', '192.0.2.1', 32, true],
    ['192.0.2.1', '192.0.2.0', 32, false],
    ['192.0.2.1', '10.0.0.1', 0, true],
    ['2001:db8::1', '2001:db8:0:0:ffff::', 64, true],
    ['2001:db8::1', '2001:db8:0:1::1', 64, false],
    ['2001:db8::2', '2001:db8::3', 127, true],
    ['192.0.2.1', '2001:db8::1', 0, false],
  ]
  for (const [one, other, prefixLength, together] of rows)
    expect({ one, other, in: inSubnet(address(one), address(other), prefixLength) }).toEqual({
      one,
      other,
      in: together,
    })
})
