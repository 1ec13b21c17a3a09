import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  answers,
  decodeMessage,
  encodeName,
  encodeQuery,
  endOfName,
  type RecordType,
  recordTypes,
} from '../../../src/wire/dns/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const nameOf = (text: string): Uint8Array => encodeName(text) ?? new Uint8Array(0)

/** From tcpdump: dig +noedns +noad example.com SOA, and what dnsmasq says to a name it does not know. */
const query = bytes('a1b2 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0006 0001')
const refusal = bytes('a1b2 8583 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0006 0001')

describe('names (RFC 1035 §2.3.4, §3.1)', () => {
  const names: readonly [text: string, encoded: string | undefined][] = [
    ['.', '00'],
    ['', '00'],
    ['a.bc', '0161026263 00'],
    ['a.bc.', '0161026263 00'],
    ['a..b', undefined],
    ['.a', undefined],
    ['x'.repeat(63), `3f${'78'.repeat(63)}00`],
    ['x'.repeat(64), undefined],
    [Array(127).fill('a').join('.'), `${'0161'.repeat(127)}00`],
    [Array(128).fill('a').join('.'), undefined],
  ]
  for (const [text, encoded] of names)
    test(`${text.slice(0, 20)} (${text.length})`, () => {
      const name = encodeName(text)
      expect(name === undefined ? undefined : hex(name)).toBe(encoded?.replaceAll(' ', ''))
      if (name !== undefined) expect(endOfName(name, 0)).toBe(name.length)
    })

  test('a pointer, and a label that goes on behind the end, have no end', () => {
    expect(endOfName(bytes('c00c'), 0)).toBeUndefined()
    expect(endOfName(bytes('0361'), 0)).toBeUndefined()
    expect(endOfName(bytes(`${'0161'.repeat(128)}00`), 0)).toBeUndefined()
  })
})

describe('messages (RFC 1035 §4.1)', () => {
  test('a query is these bytes', () => {
    expect(hex(encodeQuery({ id: 0xa1b2, name: nameOf('example.com'), type: 'SOA' }))).toBe(hex(query))
  })

  test('an answer is read as far as its question', () => {
    expect(decodeMessage(refusal)).toEqual({
      ok: true,
      value: {
        id: 0xa1b2,
        isResponse: true,
        truncated: false,
        code: 3,
        answers: 0,
        question: { name: nameOf('example.com'), type: 6, class: 1 },
      },
    })
  })

  test('one without a question, and one that says it is cut short', () => {
    const decoded = decodeMessage(bytes('a1b2 8205 0000 0002 0000 0000'))
    expect(decoded).toEqual({
      ok: true,
      value: { id: 0xa1b2, isResponse: true, truncated: true, code: 5, answers: 2 },
    })
  })

  test('whatever is missing at the end makes it none', () => {
    for (let length = 0; length < refusal.length; length++)
      expect(decodeMessage(refusal.subarray(0, length)).ok).toBe(false)
    expect(decodeMessage(refusal.subarray(0, 11))).toEqual({ ok: false, error: { field: 'length', got: 11 } })
    expect(decodeMessage(refusal.subarray(0, 20))).toEqual({ ok: false, error: { field: 'question', got: 7 } })
  })

  test('every type that can be asked for is asked for', () => {
    for (const type of Object.keys(recordTypes) as RecordType[]) {
      const decoded = decodeMessage(encodeQuery({ id: 1, name: nameOf('a.b'), type }))
      expect(decoded).toMatchObject({ ok: true, value: { isResponse: false, question: { type: recordTypes[type] } } })
    }
  })

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (wire) => void decodeMessage(wire)),
      fuzzRuns(500),
    )
    fc.assert(
      fc.property(
        fc.nat(refusal.length - 1),
        fc.nat(255),
        (at, value) => void decodeMessage(withByte(refusal, at, value)),
      ),
      fuzzRuns(500),
    )
  })
})

describe('whose answer it is', () => {
  const isAnswer = (wire: Uint8Array): boolean => {
    const decoded = decodeMessage(wire)
    return decoded.ok && answers(decoded.value, query)
  }
  const rows: readonly [claim: string, wire: Uint8Array, ours: boolean][] = [
    ['the same id and question', refusal, true],
    ['the letters of the name in another case (0x20)', withByte(refusal, 13, 0x45), true],
    ['no question at all', bytes('a1b2 8005 0000 0000 0000 0000'), true],
    ['another id', withByte(refusal, 0, 0xa0), false],
    ['a query, and be it ours', query, false],
    ['another name', withByte(refusal, 14, 0x79), false],
    ['another type', withByte(refusal, refusal.length - 3, 1), false],
    ['another class', withByte(refusal, refusal.length - 1, 3), false],
  ]
  for (const [claim, wire, ours] of rows)
    test(`${claim}: ${ours ? 'ours' : 'not ours'}`, () => expect(isAnswer(wire)).toBe(ours))
})
