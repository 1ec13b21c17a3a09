import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEchoReply, encodeEchoRequest } from '../../../src/wire/icmp/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const echo = { identifier: 0x1234, sequence: 1, data: bytes('00010203') }
/** From tcpdump: ping -c 1 -s 4, the reply with its IP header as a raw socket has it. */
const reply = bytes('45000020 abcd0000 4001 0000 c0000215 c000020b 0000ebc6 1234 0001 00010203')
const reply6 = bytes('8100 0000 1234 0001 00010203')

describe('echo of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4)', () => {
  test('requests are these bytes; the kernel sums those of IPv6', () => {
    expect(hex(encodeEchoRequest(4, echo))).toBe('0800e3c6123400010001'.concat('0203'))
    expect(hex(encodeEchoRequest(6, echo))).toBe('80000000123400010001'.concat('0203'))
  })

  test('replies are read', () => {
    expect(decodeEchoReply(4, reply)).toEqual({ ok: true, value: echo })
    expect(decodeEchoReply(6, reply6)).toEqual({ ok: true, value: echo })
  })

  test('options in the IP header are passed over', () => {
    const longer = Uint8Array.from([0x46, ...reply.subarray(1, 20), 1, 1, 1, 0, ...reply.subarray(20)])
    expect(decodeEchoReply(4, longer)).toEqual({ ok: true, value: echo })
  })

  const wrong: readonly [claim: string, family: 4 | 6, wire: Uint8Array, field: string][] = [
    ['nothing', 4, new Uint8Array(0), 'length'],
    ['nothing', 6, new Uint8Array(0), 'length'],
    ['a header without a message', 4, reply.subarray(0, 27), 'length'],
    ['an IP header shorter than its least', 4, withByte(reply, 0, 0x44), 'length'],
    ['a request', 4, withByte(reply, 20, 8), 'type'],
    ['a request', 6, withByte(reply6, 0, 128), 'type'],
    ['another code', 6, withByte(reply6, 1, 1), 'code'],
    ['a flipped bit', 4, withByte(reply, 31, 2), 'checksum'],
  ]
  for (const [claim, family, wire, field] of wrong)
    test(`IPv${family}: ${claim} is no reply (${field})`, () =>
      expect(decodeEchoReply(family, wire)).toMatchObject({ ok: false, error: { field } }))

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(4 as const, 6 as const), fc.uint8Array({ maxLength: 80 }), (family, wire) => {
        decodeEchoReply(family, wire)
      }),
      fuzzRuns(500),
    )
  })
})
