import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatText, sameMeaning } from '../../src/config/index.ts'
import { MAIN, memoryFiles } from './files.ts'

const options = { configId: 'alpha', environment: {} }
const same = (before: string, after: string) => sameMeaning(MAIN, before, after, memoryFiles({}), options)

const formatted = (text: string): string => {
  const result = formatText(text)
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

/** Of a definition. */
const USE = '$' + '{A}'

const cases: readonly (readonly [claim: string, before: string, after: string])[] = [
  ['blocks are indented by four', 'a {\nb c\n  d{\n e\n}\n}', 'a {\n    b c\n    d {\n        e\n    }\n}\n'],
  ['one blank between words', 'a\t  b   c  ', 'a b c\n'],
  ['a brace on its own line stays there', 'a\n{\nb\n}', 'a\n{\n    b\n}\n'],
  ['a block on one line stays there', 'a{b c}', 'a { b c }\n'],
  ['what closes two blocks stands with the outer one', 'a {\nb {\nc\n} }', 'a {\n    b {\n        c\n} }\n'],
  [
    'comments keep their words, and are indented',
    'a { #  why\n!  and\nb # c\n}',
    'a {  #  why\n    !  and\n    b  # c\n}\n',
  ],
  ['blanks in quotes stay', 'notify "/bin/a  b"   root', 'notify "/bin/a  b" root\n'],
  ['from an apostrophe on blanks stay, a script may mean them', "router_id  it's   me", "router_id it's   me\n"],
  ['apostrophes quote a word of their own', "notify '/bin/a  b'  root", "notify '/bin/a  b' root\n"],
  ['an escaped comment sign is none', 'a \\#b   c', 'a \\#b c\n'],
  ['a quote is no comment', 'a "# {"   b', 'a "# {" b\n'],
  [
    'definitions stay as they are',
    '$A=x   y\na {\n  $B= \\\n   c  { \\\n   }\n$A\n}',
    '$A=x   y\na {\n  $B= \\\n   c  { \\\n   }\n    $A\n}\n',
  ],
  ['uses of definitions hold no braces', `a ${USE}  {\n${USE}\n}`, `a ${USE} {\n    ${USE}\n}\n`],
  ['sequences hold none either', '~LST({a,b},{1,2},{3,4})  x {\ny\n}', '~LST({a,b},{1,2},{3,4}) x {\n    y\n}\n'],
  ['conditions are words', '@a   b {\nc\n@a  }', '@a b {\n    c\n@a }\n'],
  ['blank lines: one is enough, none at the ends', '\n\na\n\n\n\nb\n\n', 'a\n\nb\n'],
  ['CR LF and a byte order mark go', '\uFEFFa {\r\nb\r\n}\r\n', 'a {\n    b\n}\n'],
  ['nothing is nothing', ' \n\n', ''],
]

describe('layout', () => {
  for (const [claim, before, after] of cases)
    test(claim, () => {
      expect(formatted(before)).toBe(after)
      expect(formatted(after)).toBe(after)
      expect(same(before, after)).toBe(true)
    })
})

test.each([
  ['a {\nb {\n}', 1, 'the block opened here is never closed'],
  ['a {\n}\n}', 3, '} without a block that is open'],
  ['a\nb "c', 2, 'a quote is not closed'],
  ['a\nb\0', 2, 'NUL byte'],
  [`a\nb ${'c'.repeat(1023)}`, 2, 'line of more than 1023 bytes'],
  ['a {\n'.repeat(40), 33, 'blocks are more than 32 deep'],
])('%j is left as it is', (text, line, message) => {
  expect(formatText(text)).toEqual({ ok: false, error: { line, message } })
})

test('another word, another block, another quote are not the same', () => {
  expect(same('a b', 'a c')).toBe(false)
  expect(same('a {\nb\n}', 'a {\n}\nb')).toBe(false)
  expect(same('a "b c"', 'a b c')).toBe(false)
  expect(same('a "b  c"', 'a "b c"')).toBe(false)
})

const corpus = [
  join(import.meta.dirname, '../corpus/conf'),
  join(import.meta.dirname, '../corpus/bad'),
  join(import.meta.dirname, '../../conf-examples'),
]
for (const directory of corpus)
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.conf')))
    test(`${directory.split('/').slice(-2).join('/')}/${name} means the same, and is done in one go`, () => {
      const before = readFileSync(join(directory, name), 'utf8')
      const result = formatText(before)
      if (!result.ok)
        return expect(result.error.message).toMatch(/never closed|without a block|not closed|NUL byte|more than/)
      expect(same(before, result.value)).toBe(true)
      expect(formatted(result.value)).toBe(result.value)
    })

const piece = fc.constantFrom(
  'a',
  'b1',
  ' ',
  '  ',
  '\t',
  '\n',
  '{',
  '}',
  '"',
  "'",
  '#',
  '!',
  '\\',
  '$A',
  USE,
  '$A=x',
  '~SEQ(A,2)',
  '@a',
  '@^b',
)
test('whatever is formatted means what it meant', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('')
      const result = formatText(text)
      if (!result.ok) return
      // The command refuses what is not the same; here it must come to that only with definitions, conditions, or apostrophes about braces.
      if (!/\$A=|@/.test(text) && !(/'/.test(text) && /[{}]/.test(text)))
        expect([text, same(text, result.value)]).toEqual([text, true])
      expect(formatted(result.value)).toBe(result.value)
    }),
  )
})
