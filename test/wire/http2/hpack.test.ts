import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHuffman, encodeHeaders, HeaderDecoder, type HeaderField } from '../../../src/wire/http2/index.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const LIMIT = 16_384
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'

test('three responses with the coding of RFC 7541, appendix C.6, which share a table', () => {
  const decoder = new HeaderDecoder()
  const read = (text: string) => decoder.decode(hex(text), LIMIT)
  const date = (second: number): HeaderField => ['date', `Mon, 21 Oct 2013 20:13:${second} GMT`]
  const head = (status: string, second: number): HeaderField[] => [
    [':status', status],
    ['cache-control', 'private'],
    date(second),
    ['location', 'https://www.example.com'],
  ]
  const first = `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
    919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`.replaceAll(/\s/g, '')
  expect(read(first)).toEqual({ ok: true, value: head('302', 21) })
  expect(read('4883 640e ffc1 c0bf')).toEqual({ ok: true, value: head('307', 21) })
  const third = `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
    e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`.replaceAll(
    /\s/g,
    '',
  )
  const value = [...head('200', 22), ['content-encoding', 'gzip'], ['set-cookie', COOKIE]]
  expect(read(third)).toEqual({ ok: true, value })
})

const broken: readonly (readonly [claim: string, block: string])[] = [
  ['index 0', '80'],
  ['an index beyond the table', 'be'],
  ['an index without end', 'ffffffffffffffffff'],
  ['a name of an index beyond the table', '7f00'],
  ['a name that ends early', '400561'],
  ['a value that is missing', '400161'],
  ['a length beyond the block', '4001617f ff7f 62'],
  ['a table larger than was allowed', '3fe27f'],
  ['padding of zeros', '40016181 18'],
  ['padding of eight bits', '40016182 1fff'],
  ['the end of a string within it', '40016184 ffff ffff'],
]
for (const [claim, block] of broken)
  test(`no header block: ${claim}`, () => {
    expect(new HeaderDecoder().decode(hex(block), LIMIT)).toEqual({ ok: false, error: 'broken' })
  })

test('a few bytes do not become a great header', () => {
  const bomb = Uint8Array.of(0x40, 1, 0x61, 0x7f, 0xa1, 0x1e, ...Array(4_000).fill(0x62), ...Array(10_000).fill(0xbe))
  expect(new HeaderDecoder().decode(bomb, LIMIT)).toEqual({ ok: false, error: 'too-large' })
})

test('what is encoded is decoded, and nothing that comes throws', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (fields) => {
      expect(new HeaderDecoder().decode(encodeHeaders(fields), 1_000_000)).toEqual({ ok: true, value: fields })
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      new HeaderDecoder().decode(bytes, LIMIT)
      decodeHuffman(bytes)
    }),
  )
})
