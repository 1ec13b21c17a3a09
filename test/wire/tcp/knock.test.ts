import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, internetChecksum, pseudoHeader } from '../../../src/base/index.ts'
import { encodeKnock, type Knock, readKnockAnswer } from '../../../src/wire/tcp/index.ts'

const knock: Knock = {
  from: Uint8Array.of(2, 0, 0, 0, 0, 1),
  to: Uint8Array.of(2, 0, 0, 0, 0, 9),
  source: address('192.0.2.11'),
  destination: address('192.0.2.100'),
  sourcePort: 20_000,
  port: 80,
  kind: 'syn',
  sequence: 1,
}

/** What a server would send back, made of a knock in the other direction. */
function answer(flags: number): Uint8Array {
  const { source, destination, sourcePort, port } = knock
  const back = {
    ...knock,
    source: destination,
    destination: source,
    sourcePort: port,
    port: sourcePort,
    from: knock.to,
  }
  const frame = encodeKnock(back)
  frame[47] = flags
  return frame
}

test('RFC 9293 §3.1: one segment, whose checksums are right', () => {
  const frame = encodeKnock(knock)
  expect(frame).toHaveLength(54)
  expect(internetChecksum(frame.subarray(14, 34))).toBe(0)
  expect(internetChecksum(pseudoHeader(knock.source, knock.destination, 6, 20), frame.subarray(34))).toBe(0)
  expect([frame[47], encodeKnock({ ...knock, kind: 'reset' })[47]]).toEqual([0x02, 0x04])
})

test('RFC 2003: in a tunnel the packet is whole behind another header', () => {
  const plain = encodeKnock(knock)
  const tunnel = { source: address('192.0.2.11'), destination: address('192.0.2.21') }
  const frame = encodeKnock({ ...knock, tunnel })
  expect(frame).toHaveLength(74)
  expect(internetChecksum(frame.subarray(14, 34))).toBe(0)
  expect(frame[23]).toBe(4)
  expect([...frame.subarray(30, 34)]).toEqual([192, 0, 2, 21])
  expect(frame.subarray(34)).toEqual(plain.subarray(14))
})

test('SYN and ACK accept, RST and ACK refuse, all else is no answer', () => {
  const from = { from: knock.to, source: knock.destination, destination: knock.source, port: 80, sourcePort: 20_000 }
  expect(readKnockAnswer(answer(0x12))).toEqual({ ...from, kind: 'accepted' })
  expect(readKnockAnswer(answer(0x14))).toEqual({ ...from, kind: 'refused' })
  for (const flags of [0x02, 0x04, 0x10, 0x18]) expect(readKnockAnswer(answer(flags))).toBeUndefined()
  for (const at of [12, 23]) {
    const other = answer(0x12)
    other[at] = 0x11
    expect(readKnockAnswer(other)).toBeUndefined()
  }
})

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void readKnockAnswer(bytes)))
  for (let length = 0; length < 54; length++) expect(readKnockAnswer(answer(0x12).subarray(0, length))).toBeUndefined()
})
