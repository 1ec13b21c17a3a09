/** The byte layouts of sockaddr and cmsghdr, as far as they can be wrong without the kernel saying so. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, addressFromBytes } from '../../src/base/index.ts'
import { decodeControlMessages, encodeControlMessages } from '../../src/sys/socket/control-message.ts'
import {
  decodeIpSocketAddress,
  encodeIpSocketAddress,
  encodeLinkSocketAddress,
} from '../../src/sys/socket/socket-address.ts'
import { vrrpIpv4 } from '../../src/sys/socket/vrrp-ipv4.ts'
import { vrrpIpv6 } from '../../src/sys/socket/vrrp-ipv6.ts'

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

test('addresses are laid out as in the kernel (little-endian host)', () => {
  expect(hex(encodeIpSocketAddress(address('192.0.2.1'), 80))).toBe('02000050c00002010000000000000000')
  expect(hex(encodeIpSocketAddress(address('ff02::12'), 0, 3))).toBe(
    '0a00000000000000ff02000000000000000000000000001203000000',
  )
  expect(hex(encodeLinkSocketAddress(3, 0x0806))).toBe('1100080603000000000000000000000000000000')
})

test('decoding an IP address undoes encoding; anything else is undefined', () => {
  const any = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  fc.assert(
    fc.property(any, (raw) => {
      const each = addressFromBytes(raw)
      expect(decodeIpSocketAddress(encodeIpSocketAddress(each))).toBe(each)
    }),
  )
  expect(decodeIpSocketAddress(new Uint8Array())).toBeUndefined()
  expect(decodeIpSocketAddress(encodeIpSocketAddress(address('::1')).subarray(0, 27))).toBeUndefined()
  expect(decodeIpSocketAddress(encodeLinkSocketAddress(1, 0))).toBeUndefined()
})

test('decoding control messages undoes encoding, for both word sizes', () => {
  const any = fc.record({ level: fc.integer(), type: fc.integer(), data: fc.uint8Array({ maxLength: 30 }) })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 4 }), fc.constantFrom(4, 8), (messages, wordSize) => {
      expect(decodeControlMessages(encodeControlMessages(messages, wordSize), wordSize)).toEqual(messages)
    }),
  )
})

test('no bytes make a receiver throw', () => {
  const any = fc.uint8Array({ maxLength: 120 })
  fc.assert(
    fc.property(any, any, any, (data, from, control) => {
      decodeControlMessages(control, 8)
      vrrpIpv4.receive(data, from, control)
      vrrpIpv6.receive(data, from, control)
    }),
  )
})
