import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDatagram } from '../../../src/wire/ip/index.ts'

const frame = (type: string, ip: string): Uint8Array =>
  Uint8Array.from(Buffer.from(`020000000002 020000000001 ${type} ${ip}`.replaceAll(' ', ''), 'hex'))
const vrrp4 = '4500001c 00010000 ff700000 c0000201 e0000012 3133640100647abc'
const udp4 = '4500001e 00010000 ff110000 c0000201 c0000202 c000 0ec8 000a 0000 2222'
const vrrp6 = '60000000 000870ff fe800000000000000000000000000001 ff020000000000000000000000000012 3133640100647abc'

test('a datagram of either family, without padding, and of UDP what is behind its header', () => {
  expect(readDatagram(frame('0800', `${vrrp4} 0000`))).toEqual({
    source: '192.0.2.1',
    destination: '224.0.0.18',
    hopLimit: 255,
    protocol: 112,
    payload: Uint8Array.of(0x31, 0x33, 0x64, 0x01, 0x00, 0x64, 0x7a, 0xbc),
    declaredLength: 8,
  })
  expect(readDatagram(frame('0800', udp4))).toMatchObject({ protocol: 17, port: 3784, payload: Uint8Array.of(34, 34) })
  expect(readDatagram(frame('86dd', vrrp6))).toMatchObject({
    source: 'fe80::1',
    destination: 'ff02::12',
    protocol: 112,
  })
})

test('another frame, a fragment, and what is cut short are none', () => {
  expect(readDatagram(frame('0806', vrrp4))).toBeUndefined()
  for (const flags of ['2000', '0001'])
    expect(readDatagram(frame('0800', vrrp4.replace('00010000', `0001${flags}`)))).toBeUndefined()
  for (const whole of [frame('0800', vrrp4), frame('0800', udp4), frame('86dd', vrrp6)])
    for (let length = 0; length < whole.length; length++)
      expect(readDatagram(whole.subarray(0, length))).toBeUndefined()
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.constantFrom('0800', '86dd'), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      readDatagram(frame(type, Buffer.from(bytes).toString('hex')))
    }),
  )
})
