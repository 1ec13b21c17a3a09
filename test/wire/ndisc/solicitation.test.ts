import { expect, test } from 'vitest'
import { address, internetChecksum, pseudoHeader } from '../../../src/base/index.ts'
import {
  encodeSolicitation,
  encodeUnsolicitedAdvertisement,
  readClaimFrame,
  solicitedNodeGroup,
} from '../../../src/wire/ndisc/index.ts'

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)
const target = address('2001:db8::12:3456')
const source = address('2001:db8::1')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('RFC 4291 §2.7.1: the solicited-node group is made of the last three bytes', () => {
  expect(solicitedNodeGroup(target)).toBe('ff02::1:ff12:3456')
})

test('RFC 4861 §4.3: a question to all names who asks, one to a neighbour goes to it alone', () => {
  const all = encodeSolicitation({ mac, source, target })
  expect(hex(all.subarray(0, 22))).toBe('3333ff123456 020000000001 86dd 60000000 0020 3a ff'.replaceAll(' ', ''))
  expect(hex(all.subarray(78))).toBe('0101020000000001')
  const one = encodeSolicitation({ mac, source, target, to: Uint8Array.of(2, 0, 0, 0, 0, 9) })
  expect(hex(one.subarray(0, 6))).toBe('020000000009')
  expect(hex(one.subarray(38, 54))).toBe(hex(one.subarray(62, 78)))
  for (const [frame, destination] of [
    [all, solicitedNodeGroup(target)],
    [one, target],
  ] as const)
    expect(internetChecksum(pseudoHeader(source, destination, 58, 32), frame.subarray(54))).toBe(0)
})

test('RFC 4862 §5.4.2: duplicate address detection has no source and no option', () => {
  const frame = encodeSolicitation({ mac, target })
  expect(frame).toHaveLength(78)
  expect(hex(frame.subarray(22, 38))).toBe('00'.repeat(16))
})

test('a claim is read from a whole frame, and from nothing else', () => {
  const frame = encodeUnsolicitedAdvertisement({ mac, address: target, router: false, override: true })
  expect(readClaimFrame(frame)).toEqual({
    address: target,
    mac,
    from: mac,
    to: frame.slice(0, 6),
    destination: address('ff02::1'),
  })
  for (const at of [12, 20, 21, 54]) {
    const other = frame.slice()
    other[at] = 0x11
    expect(readClaimFrame(other)).toBeUndefined()
  }
  for (let length = 0; length < 78; length++) expect(readClaimFrame(frame.subarray(0, length))).toBeUndefined()
})
