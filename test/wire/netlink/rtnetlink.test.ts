import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AddressMessage,
  bytesAttribute,
  decodeAddressMessage,
  decodeLinkMessage,
  decodeNeighbourMessage,
  decodeRouteMessage,
  encodeAddressMessage,
  encodeLinkMessage,
  encodeNeighbourMessage,
  encodeRouteMessage,
  type LinkMessage,
  lifetimeAttribute,
  type NeighbourMessage,
  nestedAttribute,
  type RouteMessage,
  stringAttribute,
  uint8Attribute,
  uint32Attribute,
} from '../../../src/wire/netlink/index.ts'
import { anyAttributes, bytes, hex, int32, uint8, uint16, uint32 } from './arbitrary.ts'

const plain = (text: string): string => text.replaceAll(/\s/g, '')

describe('links', () => {
  /** From Linux 6.18, most attributes left out. */
  const veth = `00 00 0100 03000000 02100000 01000000
    0900 0300 6574683000 000000  0800 0400 dc050000  0800 2000 02000000
    0a00 0100 020000000001 0000  1000 1200 0900 0100 7665746800 000000`
  const value: LinkMessage = {
    family: 0,
    linkType: 1,
    index: 3,
    flags: 0x1002,
    change: 1,
    attributes: [
      stringAttribute(3, 'eth0'),
      uint32Attribute(4, 1500, true),
      uint32Attribute(32, 2, true),
      bytesAttribute(1, Uint8Array.of(2, 0, 0, 0, 0, 1)),
      bytesAttribute(18, bytes('0900 0100 7665746800 000000')),
    ],
  }
  test('a veth as the kernel tells it', () => {
    expect(decodeLinkMessage(bytes(veth), true)).toEqual({ ok: true, value })
    expect(hex(encodeLinkMessage(value, true))).toBe(plain(veth))
  })

  test('the request for a macvlan in private mode over interface 3', () => {
    const request: LinkMessage = {
      family: 0,
      linkType: 0,
      index: 0,
      flags: 0,
      change: 0,
      attributes: [
        stringAttribute(3, 'vrrp.51'),
        uint32Attribute(5, 3, true),
        nestedAttribute(
          18,
          [stringAttribute(1, 'macvlan'), nestedAttribute(2, [uint32Attribute(1, 1, true)], true)],
          true,
        ),
      ],
    }
    expect(hex(encodeLinkMessage(request, true))).toBe(
      plain(`00 00 0000 00000000 00000000 00000000
        0c00 0300 767272702e353100  0800 0500 03000000
        1c00 1280 0c00 0100 6d6163766c616e00 0c00 0280 0800 0100 01000000`),
    )
  })
})

describe('addresses', () => {
  test('an IPv4 address with label and broadcast, as the kernel tells it', () => {
    const told = `02 18 80 00 03000000 0800 0100 c00002f0 0800 0200 c00002f0 0800 0400 c00002ff
      0d00 0300 657468303a76697000 000000 0800 0800 80000000 1400 0600 ffffffff ffffffff beec0300 beec0300`
    const value: AddressMessage = {
      family: 2,
      prefixLength: 24,
      flags: 0x80,
      scope: 0,
      index: 3,
      attributes: [
        bytesAttribute(1, Uint8Array.of(192, 0, 2, 240)),
        bytesAttribute(2, Uint8Array.of(192, 0, 2, 240)),
        bytesAttribute(4, Uint8Array.of(192, 0, 2, 255)),
        stringAttribute(3, 'eth0:vip'),
        uint32Attribute(8, 0x80, true),
        bytesAttribute(6, bytes('ffffffff ffffffff beec0300 beec0300')),
      ],
    }
    expect(decodeAddressMessage(bytes(told), true)).toEqual({ ok: true, value })
    expect(hex(encodeAddressMessage(value, true))).toBe(plain(told))
  })

  test('the request for an IPv6 address without detection, never a source, and marked', () => {
    const vip = bytes('20010db8 00000000 00000000 00000240')
    const request: AddressMessage = {
      family: 10,
      prefixLength: 128,
      flags: 2,
      scope: 0,
      index: 3,
      attributes: [bytesAttribute(2, vip), uint8Attribute(11, 0x48), lifetimeAttribute(0, 0xffffffff, true)],
    }
    expect(hex(encodeAddressMessage(request, true))).toBe(
      plain(`0a 80 02 00 03000000 1400 0200 20010db8000000000000000000000240 0500 0b00 48 000000
        1400 0600 00000000 ffffffff 00000000 00000000`),
    )
  })
})

test('a route by a gateway, as the kernel tells it', () => {
  const told = `02 18 00 00 fe 03 00 01 00000000 0800 0f00 fe000000 0800 0100 c6336400 0800 0500 c0000209 0800 0400 03000000`
  const value: RouteMessage = {
    family: 2,
    destinationLength: 24,
    sourceLength: 0,
    tos: 0,
    table: 254,
    protocol: 3,
    scope: 0,
    type: 1,
    flags: 0,
    attributes: [
      uint32Attribute(15, 254, true),
      bytesAttribute(1, Uint8Array.of(198, 51, 100, 0)),
      bytesAttribute(5, Uint8Array.of(192, 0, 2, 9)),
      uint32Attribute(4, 3, true),
    ],
  }
  expect(decodeRouteMessage(bytes(told), true)).toEqual({ ok: true, value })
  expect(hex(encodeRouteMessage(value, true))).toBe(plain(told))
})

test('a permanent neighbour, as the kernel tells it', () => {
  const told = `02 000000 03000000 8000 00 01 0800 0100 c0000209 0a00 0200 020000000009 0000 0800 0400 00000000`
  const value: NeighbourMessage = {
    family: 2,
    index: 3,
    state: 0x80,
    flags: 0,
    type: 1,
    attributes: [
      bytesAttribute(1, Uint8Array.of(192, 0, 2, 9)),
      bytesAttribute(2, Uint8Array.of(2, 0, 0, 0, 0, 9)),
      uint32Attribute(4, 0, true),
    ],
  }
  expect(decodeNeighbourMessage(bytes(told), true)).toEqual({ ok: true, value })
  expect(hex(encodeNeighbourMessage(value, true))).toBe(plain(told))
})

describe('for every value, in both byte orders', () => {
  test('links: decoding undoes encoding', () => {
    const any = fc.record({
      family: uint8,
      linkType: uint16,
      index: int32,
      flags: uint32,
      change: uint32,
      attributes: anyAttributes,
    })
    fc.assert(
      fc.property(any, fc.boolean(), (value, little) => {
        expect(decodeLinkMessage(encodeLinkMessage(value, little), little)).toEqual({ ok: true, value })
      }),
    )
  })

  test('addresses: decoding undoes encoding', () => {
    const any = fc.record({
      family: uint8,
      prefixLength: uint8,
      flags: uint8,
      scope: uint8,
      index: uint32,
      attributes: anyAttributes,
    })
    fc.assert(
      fc.property(any, fc.boolean(), (value, little) => {
        expect(decodeAddressMessage(encodeAddressMessage(value, little), little)).toEqual({ ok: true, value })
      }),
    )
  })

  test('routes: decoding undoes encoding', () => {
    const any = fc.record({
      family: uint8,
      destinationLength: uint8,
      sourceLength: uint8,
      tos: uint8,
      table: uint8,
      protocol: uint8,
      scope: uint8,
      type: uint8,
      flags: uint32,
      attributes: anyAttributes,
    })
    fc.assert(
      fc.property(any, fc.boolean(), (value, little) => {
        expect(decodeRouteMessage(encodeRouteMessage(value, little), little)).toEqual({ ok: true, value })
      }),
    )
  })

  test('neighbours: decoding undoes encoding', () => {
    const any = fc.record({
      family: uint8,
      index: int32,
      state: uint16,
      flags: uint8,
      type: uint8,
      attributes: anyAttributes,
    })
    fc.assert(
      fc.property(any, fc.boolean(), (value, little) => {
        expect(decodeNeighbourMessage(encodeNeighbourMessage(value, little), little)).toEqual({ ok: true, value })
      }),
    )
  })
})

for (const [what, decode, least] of [
  ['link', decodeLinkMessage, 16],
  ['address', decodeAddressMessage, 8],
  ['route', decodeRouteMessage, 12],
  ['neighbour', decodeNeighbourMessage, 12],
] as const) {
  test(`a ${what} shorter than its header is refused with its length`, () => {
    const short = new Uint8Array(least - 1)
    expect(decode(short, true)).toEqual({ ok: false, error: { field: 'length', got: least - 1 } })
  })

  test(`no bytes make the ${what} decoder throw`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (payload, little) => {
        decode(payload, little)
      }),
    )
  })
}
