import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { encodeUnsolicitedAdvertisement, readNeighbourClaim } from '../../../src/wire/ndisc/index.ts'

const claim = { mac: Uint8Array.of(2, 0, 0, 0, 0, 9), address: address('2001:db8::100') }
/** ICMPv6 alone. */
const message = encodeUnsolicitedAdvertisement({ ...claim, router: true, override: true }).subarray(54)

test('an advertisement claims its target, with the address of the option', () => {
  expect(readNeighbourClaim(message, 255)).toEqual(claim)
})

test('the option may be left out, behind others, or broken', () => {
  expect(readNeighbourClaim(message.subarray(0, 24), 255)).toEqual({ ...claim, mac: undefined })
  const nonce = Uint8Array.of(14, 1, 0, 0, 0, 0, 0, 0)
  const longer = new Uint8Array([...message.subarray(0, 24), ...nonce, ...message.subarray(24)])
  expect(readNeighbourClaim(longer, 255)).toEqual(claim)
  const endless = longer.slice()
  endless[25] = 0
  expect(readNeighbourClaim(endless, 255)).toEqual({ ...claim, mac: undefined })
})

test('one that came through a router, another type or code, and what is cut short claim nothing', () => {
  expect(readNeighbourClaim(message, 254)).toBeUndefined()
  for (const at of [0, 1]) {
    const other = message.slice()
    other[at] = (other[at] as number) ^ 1
    expect(readNeighbourClaim(other, 255)).toBeUndefined()
  }
  for (let length = 0; length < 24; length++)
    expect(readNeighbourClaim(message.subarray(0, length), 255)).toBeUndefined()
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(255), (bytes, rest) => {
      readNeighbourClaim(Uint8Array.of(136, 0, ...bytes), rest)
      readNeighbourClaim(Uint8Array.of(136, 0, ...bytes), 255)
    }),
  )
})
