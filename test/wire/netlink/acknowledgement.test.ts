import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Acknowledgement,
  decodeAcknowledgement,
  decodeDone,
  decodeMessages,
  encodeAcknowledgement,
  encodeMessage,
  extendedMessage,
  NLMSG_ERROR,
  stringAttribute,
} from '../../../src/wire/netlink/index.ts'
import { anyAttributes, bytes, hex, uint16, uint32 } from './arbitrary.ts'

const request = { type: 20, flags: 0x0605, sequence: 7, port: 0 }

/** Captured from Linux 6.18 with NETLINK_CAP_ACK and NETLINK_EXT_ACK on. */
const captured: readonly [what: string, datagram: string, value: Acknowledgement][] = [
  [
    'a refused address, with what the kernel says of it',
    `44000000 0200 0003 07000000 9df46eaf eaffffff 28000000 1400 0506 07000000 00000000
     2000 0100 697076343a20496e76616c696420707265666978206c656e67746800`,
    { errno: 22, request, requestLength: 40, attributes: [stringAttribute(1, 'ipv4: Invalid prefix length')] },
  ],
  [
    'the removal of an address that is not there',
    `40000000 0200 0003 08000000 9df46eaf 9dffffff 28000000 1500 0500 08000000 00000000
     1c00 0100 697076343a2041646472657373206e6f7420666f756e6400`,
    {
      errno: 99,
      request: { type: 21, flags: 5, sequence: 8, port: 0 },
      requestLength: 40,
      attributes: [stringAttribute(1, 'ipv4: Address not found')],
    },
  ],
  [
    'a success',
    '24000000 0200 0001 09000000 9df46eaf 00000000 28000000 1400 0506 09000000 00000000',
    { errno: 0, request: { ...request, sequence: 9 }, requestLength: 40, attributes: [] },
  ],
]

for (const [what, datagram, value] of captured)
  test(`an acknowledgement is read and written: ${what}`, () => {
    const messages = decodeMessages(bytes(datagram), true)
    expect(messages.ok).toBe(true)
    if (!messages.ok) return
    const [message] = messages.value
    if (message === undefined) throw new Error('no message')
    expect(message.type).toBe(NLMSG_ERROR)
    expect(decodeAcknowledgement(message.payload, message.flags, true)).toEqual({ ok: true, value })
    const { payload, flags } = encodeAcknowledgement(value, true)
    expect(hex(encodeMessage({ ...message, payload, flags }, true))).toBe(datagram.replaceAll(/\s/g, ''))
  })

test('what the kernel says is the string in NLMSGERR_ATTR_MSG', () => {
  expect(extendedMessage([stringAttribute(1, 'ipv4: Address not found')])).toBe('ipv4: Address not found')
  expect(extendedMessage([])).toBeUndefined()
})

test('decoding undoes encoding, with the request echoed and without', () => {
  const anyAcknowledgement = fc
    .tuple(
      fc.nat({ max: 4095 }),
      fc.record({ type: uint16, flags: uint16, sequence: uint32, port: uint32 }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
      anyAttributes,
    )
    .map(
      ([errno, header, requestPayload, attributes]): Acknowledgement => ({
        errno,
        request: header,
        requestLength: 16 + (requestPayload?.length ?? 0),
        ...(requestPayload === undefined ? {} : { requestPayload }),
        attributes,
      }),
    )
  fc.assert(
    fc.property(anyAcknowledgement, fc.boolean(), (value, little) => {
      const { payload, flags } = encodeAcknowledgement(value, little)
      expect(decodeAcknowledgement(payload, flags, little)).toEqual({ ok: true, value })
    }),
  )
})

for (const [what, payload, flags, field] of [
  ['shorter than a header', '00000000', 0, 'length'],
  ['with a positive number', '01000000 28000000 1400 0506 07000000 00000000', 0x100, 'error'],
  [
    'whose request is cut though it is not capped',
    'eaffffff 28000000 1400 0506 07000000 00000000',
    0,
    'request length',
  ],
  ['whose attributes are cut', 'eaffffff 10000000 1400 0506 07000000 00000000 0900 0100', 0x200, 'attribute length'],
] as const)
  test(`an acknowledgement ${what} is refused`, () => {
    expect(decodeAcknowledgement(bytes(payload), flags, true)).toMatchObject({ ok: false, error: { field } })
  })

describe('the end of a dump', () => {
  test('is a success, a failure with its words, or without a number on old kernels', () => {
    expect(decodeDone(bytes('00000000'), 2, true)).toEqual({ ok: true, value: { errno: 0, attributes: [] } })
    expect(decodeDone(bytes(''), 2, true)).toEqual({ ok: true, value: { errno: 0, attributes: [] } })
    expect(decodeDone(bytes('eaffffff 0700 0100 6e6f00 00'), 0x202, true)).toEqual({
      ok: true,
      value: { errno: 22, attributes: [stringAttribute(1, 'no')] },
    })
  })
})

test('no bytes make the decoders throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), uint16, fc.boolean(), (payload, flags, little) => {
      decodeAcknowledgement(payload, flags, little)
      decodeDone(payload, flags, little)
    }),
  )
})
