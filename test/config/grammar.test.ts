import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reportInto } from '../../src/config/report.ts'
import { commandArguments, type Node, parse } from '../../src/config/syntax/index.ts'
import { grammarLine, plainLine, type TokenSink } from '../../src/config/syntax/tokens.ts'
import { fuzzRuns } from '../fuzz-runs.ts'

const silent = reportInto(() => {}, {
  text: '',
  files: [],
  placeOf: () => ({ file: '', line: 1, column: 1 }),
  originsOf: () => [],
})

/** Nodes as nested arrays: words, then the block's nodes. */
type Shape = readonly (string | readonly Shape[])[]
const shape = (node: Node): Shape => [
  node.keyword.text,
  ...node.words.map((word) => word.text),
  ...(node.block === undefined ? [] : [node.block.nodes.map(shape)]),
]
const shapes = (text: string) => parse(text, silent).nodes.map(shape)

const rows: readonly (readonly [claim: string, text: string, nodes: readonly Shape[]])[] = [
  ['words are split at any white space', 'a\t b  \f c', [['a', 'b', 'c']]],
  ['a block may follow its keyword on the same line', 'a b {\nc\n}', [['a', 'b', [['c']]]]],
  ['a block may follow its keyword on a later line', 'a b\n\n# so\n{\nc\n}', [['a', 'b', [['c']]]]],
  ['a brace needs no white space', 'a b{c}d', [['a', 'b', [['c']]], ['d']]],
  ['a block of one line is a block', 'list { 10.0.0.1 dev eth0 }', [['list', [['10.0.0.1', 'dev', 'eth0']]]]],
  ['blocks nest', 'a{b{c{d}}}', [['a', [['b', [['c', [['d']]]]]]]]],
  ['# and ! begin a comment, also glued to a word', 'a b#c\nd!e\n! f {', [['a', 'b'], ['d']]],
  ['\\# and \\! are the plain characters', 'a b\\#c \\!d', [['a', 'b#c', '!d']]],
  ['any other backslash stays', 'a \\b c\\', [['a', '\\b', 'c\\']]],
  ['double quotes make one word', 'a "b c" d', [['a', 'b c', 'd']]],
  ['an opening quote ends the word before it', 'a b"c d"e', [['a', 'b', 'c d', 'e']]],
  ['comments and braces in double quotes are text', 'a "#b { c } !"', [['a', '#b { c } !']]],
  ['an apostrophe is an ordinary character', "a 'b c'", [['a', "'b", "c'"]]],
  ['an empty word can be quoted', 'a ""', [['a', '']]],
  ['an open quote ends with its line', 'a "b\nc', [['a', 'b'], ['c']]],
  ['a closing brace too many is passed over', '}\na\n}\nb', [['a'], ['b']]],
  ['a block without keyword is read as if its braces were not there', '{ a }\nb', [['a'], ['b']]],
  ['a block left open ends with the text', 'a {\nb {\nc', [['a', [['b', [['c']]]]]]],
  ['an empty text has no nodes', '\n# nothing\n', []],
]
for (const [claim, text, nodes] of rows)
  test(`words and blocks: ${claim}`, () => {
    expect(shapes(text)).toEqual(nodes)
  })

/** What a line is read to. */
function read(reader: typeof plainLine, line: string): readonly unknown[] {
  const told: unknown[] = []
  const sink: TokenSink = {
    plain: (start, end) => void told.push([start, end]),
    odd: (...word) => void told.push(word),
    open: (at) => void told.push(['open', at]),
    close: (at) => void told.push(['close', at]),
  }
  reader(line, 3, line.length, sink)
  return told
}

test('a line without quotes and backslashes is read as the grammar reads it', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ' ',
      '\t',
      '\f',
      '\v',
      '\r',
      '{',
      '}',
      '#',
      '!',
      'a',
      'word',
      '10.0.0.1/24',
      "'",
      '\0',
      '\u00a0',
      'ü',
      '~',
      '$A',
      '@',
      ';',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const line = `   ${pieces.join('').replaceAll(/["\\\n]/g, '')}`
      expect(read(plainLine, line)).toEqual(read(grammarLine, line))
    }),
    fuzzRuns(2000),
  )
  for (const folder of ['conf', 'bad'])
    for (const name of readdirSync(join('test/corpus', folder)))
      for (const line of readFileSync(join('test/corpus', folder, name), 'utf8').split('\n'))
        if (!/["\\]/.test(line) && line.length < 2000)
          expect(read(plainLine, `   ${line}`)).toEqual(read(grammarLine, `   ${line}`))
})

test('blocks deeper than any configuration has are left out, and what follows is read', () => {
  const told: string[] = []
  const deep = (levels: number) => `${'a {\n'.repeat(levels)}${'}\n'.repeat(levels)}after x\n`
  const report = { error: (_: string, __: unknown, message: string) => void told.push(message), warning: () => {} }
  expect(parse(deep(32), report).nodes.map((node) => node.keyword.text)).toEqual(['a', 'after'])
  expect(told).toEqual([])
  for (const levels of [33, 200_000]) {
    const { nodes, unclosed } = parse(deep(levels), report)
    expect(nodes.map((node) => node.keyword.text)).toEqual(['a', 'after'])
    expect(unclosed).toEqual([])
  }
  expect(told).toEqual(Array(2).fill('blocks are more than 32 deep; this one is left out'))
})

test('a word knows where it stands', () => {
  const [node] = parse('\n  key "two words" x', silent).nodes
  expect(node?.at).toEqual({ start: 3, end: 20 })
  expect(node?.words.map((word) => word.at)).toEqual([
    { start: 7, end: 18 },
    { start: 19, end: 20 },
  ])
})

const scripts: readonly (readonly [claim: string, line: string, words: readonly string[]])[] = [
  ['both kinds of quotes group', `notify "/a b" 'c d'`, ['notify', '/a b', 'c d']],
  ['adjacent pieces join', `notify /a' 'b"c d"`, ['notify', '/a bc d']],
  ['one kind of quote protects the other', `notify "it's" '"x"'`, ['notify', "it's", '"x"']],
  ['escapes are read, in quotes and outside', 'notify "a\\x41 \\d" b\\ c', ['notify', 'aA d', 'b c']],
  ['an escaped quote ends nothing', 'notify "/x \\"a b\\" c" root', ['notify', '/x "a b" c', 'root']],
  ['an escaped backslash is for the command', 'notify "/x a\\\\ b"', ['notify', '/x a\\ b']],
  ['user and group follow the command', 'notify "/bin/x y" root wheel', ['notify', '/bin/x y', 'root', 'wheel']],
]
for (const [claim, line, words] of scripts)
  test(`script lines: ${claim}`, () => {
    const tree = parse(line, silent)
    expect(tree.scriptWords(tree.nodes[0] as Node).map((word) => word.text)).toEqual(words)
  })

const commands: readonly (readonly [claim: string, text: string, argv: readonly string[] | undefined])[] = [
  ['blanks separate arguments', '/bin/x  a\tb', ['/bin/x', 'a', 'b']],
  ['both kinds of quotes group', `x 'a b' "c d"`, ['x', 'a b', 'c d']],
  ['pieces join', `x a'b c'"d"`, ['x', 'ab cd']],
  ['hexadecimal and octal escapes', 'x \\x41\\102 \\x4', ['x', 'AB', '\x04']],
  ['named and control escapes', 'x \\t\\n\\E\\cA', ['x', '\t\n\x1b\x01']],
  ['an escaped blank does not separate', 'x a\\ b', ['x', 'a b']],
  ['an escaped quote is a character', `x \\"a\\'`, ['x', `"a'`]],
  ['an empty argument can be quoted', `x ''`, ['x', '']],
  ['an open quote is no command', `x 'a`, undefined],
]
for (const [claim, text, argv] of commands)
  test(`command strings: ${claim}`, () => {
    expect(commandArguments(text)).toEqual(argv)
  })

const hostile: readonly (readonly [what: string, text: string])[] = [
  ['a word of 1 MiB', 'x'.repeat(1 << 20)],
  ['a quoted word of 1 MiB', `a "${'x'.repeat(1 << 20)}`],
  ['300 000 lines', 'key value # note\n'.repeat(300_000 / 4)],
  ['half a million blank lines', `a${'\n'.repeat(1 << 19)}`],
  ['a quarter million open braces', '{'.repeat(1 << 18)],
  ['a quarter million blocks inside one another', 'a{'.repeat(1 << 17)],
  ['a quarter million closing braces', '}'.repeat(1 << 18)],
]
for (const [what, text] of hostile)
  test(`the grammar takes ${what}`, { timeout: 60_000 }, () => {
    expect(parse(text, silent).nodes).toBeInstanceOf(Array)
  })
