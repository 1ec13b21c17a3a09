import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compilePattern,
  type MatchEnd,
  openMatcher,
  type PatternSpan,
  patternFault,
} from '../../src/sys/pattern/index.ts'
import { fuzzRuns } from '../fuzz-runs.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')

function matchEnd(source: string, options: string, chunks: readonly Uint8Array[], span: PatternSpan = {}): MatchEnd {
  const words = options.split(' ')
  const pattern = compilePattern(source, span.max === undefined ? words : [...words, 'use_offset_limit'])
  if (!pattern.ok) throw new Error(pattern.error)
  const matcher = openMatcher(pattern.value, span)
  for (const chunk of chunks) matcher.feed(chunk)
  return matcher.end()
}

const rows: readonly (readonly [source: string, options: string, body: string, end: MatchEnd])[] = [
  ['well', '', 'all is well here', 'matched'],
  ['well', '', 'all is ill', 'unmatched'],
  ['WELL', 'caseless', 'well', 'matched'],
  ['^b', '', 'a\nb', 'unmatched'],
  ['^b', 'multiline', 'a\nb', 'matched'],
  ['a$', '', 'bba', 'matched'],
  ['a$', 'dollar_endonly', 'a\n', 'unmatched'],
  ['a.b', '', 'a\nb', 'unmatched'],
  ['a.b', 'dotall', 'a\nb', 'matched'],
  ['a b # c', 'extended', 'ab', 'matched'],
  ['(?<=foo)bar', '', 'xfoobar', 'matched'],
  ['(?<!foo)bar', '', 'xfoobar', 'unmatched'],
  ['(a+)-\\1$', '', 'xaa-aa', 'matched'],
  ['\\bend\\b', '', 'the end.', 'matched'],
  ['\\Aend', '', 'x end', 'unmatched'],
  ['^$', '', '', 'matched'],
  ['ü.', 'utf', 'xüß', 'matched'],
  ['^.$', 'utf', 'ü', 'matched'],
  ['^.$', '', 'ü', 'unmatched'],
  ['a++b', 'nonsense', 'aab', 'matched'],
]
for (const [source, options, body, end] of rows)
  test(`/${source}/ ${options} on ${JSON.stringify(body)}: ${end}, however it is cut`, () => {
    expect(matchEnd(source, options, [bytes(body)])).toBe(end)
    expect(
      matchEnd(
        source,
        options,
        Array.from(bytes(body), (byte) => Uint8Array.of(byte)),
      ),
    ).toBe(end)
  })

test('how a body is cut does not matter', () => {
  const sources = fc.constantFrom('ab+c', '^a', 'c$', '(?<=ab)c', 'a.*c', '\\bab', '(?!ab)a', 'a{2,3}', '(a|b)\\1')
  const body = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', ' '), maxLength: 60 })
  fc.assert(
    fc.property(sources, body, fc.array(fc.nat(8), { maxLength: 20 }), fc.nat(20), (source, text, cuts, min) => {
      const chunks: Uint8Array[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(bytes(text).subarray(at, at + cut))
        at += cut
      }
      chunks.push(bytes(text).subarray(at))
      for (const span of [{}, { min }, { min, max: min + 5 }])
        expect(matchEnd(source, '', chunks, span)).toBe(matchEnd(source, '', [bytes(text)], span))
    }),
    fuzzRuns(500),
  )
})

describe('a match begins', () => {
  const body = [bytes('one two '), bytes('three two')]
  test('at regex_min_offset at the earliest', () => {
    expect(matchEnd('two', '', body, { min: 4 })).toBe('matched')
    expect(matchEnd('one', '', body, { min: 1 })).toBe('unmatched')
    expect(matchEnd('two', '', body, { min: 14 })).toBe('matched')
    expect(matchEnd('two', '', body, { min: 40 })).toBe('unmatched')
  })
  test('at regex_max_offset at the latest', () => {
    expect(matchEnd('three', '', body, { max: 8 })).toBe('matched')
    expect(matchEnd('three', '', body, { max: 7 })).toBe('unmatched')
    expect(matchEnd('two', '', body, { min: 5, max: 13 })).toBe('unmatched')
  })
})

describe('hostile bodies and patterns', () => {
  test('a pattern that backtracks without end is given up on', () => {
    const before = process.cpuUsage().user
    expect(matchEnd('^(a+)+$', '', [bytes(`${'a'.repeat(64)}!`)])).toBe('gave-up')
    // Without the limit this takes years.
    expect(process.cpuUsage().user - before).toBeLessThan(10_000_000)
  })
  test('a match that does not end is given up on', () => {
    const chunk = Buffer.alloc(64 * 1024, 'a')
    expect(matchEnd('a.*z', 'dotall', Array(8).fill(chunk))).toBe('gave-up')
  })
  test('what no match can begin in is not kept', () => {
    const chunk = Buffer.alloc(64 * 1024, 'a')
    expect(matchEnd('needle', '', [...Array(100).fill(chunk), bytes('needle')])).toBe('matched')
  })
  test('bytes that are no UTF-8 do no harm', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }), (chunks) => {
        expect(['matched', 'unmatched']).toContain(matchEnd('.é\\w', 'utf', chunks))
      }),
      fuzzRuns(200),
    )
  })
})

test('what is wrong with a pattern is told', () => {
  expect(patternFault('a(b', [])).toBe('missing closing parenthesis at offset 3')
  expect(patternFault('a[b]', [])).toBeUndefined()
  expect(compilePattern('*', [])).toMatchObject({ ok: false, error: expect.stringContaining('at offset 0') })
})
