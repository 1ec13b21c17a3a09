import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { encodeGratuitousArp, readArpClaim } from '../../../src/wire/arp/index.ts'
import { bytes } from '../netlink/arbitrary.ts'

const mac = Uint8Array.of(2, 0, 0, 0, 0, 9)
/** From tcpdump: 02:00:00:00:00:09 tells 02:00:00:00:00:0b that 192.0.2.100 is at it; padded to 60 bytes. */
const answer = bytes(`02000000000b 020000000009 0806 0001 0800 06 04 0002
  020000000009 c0000264 02000000000b c000020b ${'00'.repeat(18)}`)

test('an answer and a gratuitous request both claim their sender', () => {
  const claim = { mac, address: address('192.0.2.100') }
  expect(readArpClaim(answer)).toEqual(claim)
  expect(readArpClaim(encodeGratuitousArp(claim))).toEqual(claim)
})

test('a probe claims nothing: its sender has no address yet (RFC 5227 §2.1.1)', () => {
  const probe = answer.slice()
  probe.fill(0, 28, 32)
  expect(readArpClaim(probe)).toBeUndefined()
})

test('what is cut short, or not ARP of IPv4 over Ethernet, claims nothing', () => {
  for (let length = 0; length < 42; length++) expect(readArpClaim(answer.subarray(0, length))).toBeUndefined()
  for (let at = 12; at < 20; at++) {
    const other = answer.slice()
    other[at] = (other[at] as number) ^ 1
    expect(readArpClaim(other)).toBeUndefined()
  }
})

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (frame) => void readArpClaim(frame)))
})
