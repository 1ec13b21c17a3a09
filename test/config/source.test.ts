// biome-ignore-all lint/suspicious/noTemplateCurlyInString: uses of definitions look like that
import { expect, test } from 'vitest'
import { loadConfiguration } from '../../src/config/index.ts'
import { glob } from '../../src/config/source/glob.ts'
import { expand } from '../../src/config/source/index.ts'
import { turns } from '../../src/config/source/sequence.ts'
import { load, MAIN, memoryFiles, told } from './files.ts'

const lines = (text: string, more: Readonly<Record<string, string>> = {}, configId = 'alpha') => {
  const messages: string[] = []
  const files = memoryFiles({ [MAIN]: text, ...more })
  const { source } = expand(
    MAIN,
    new TextEncoder().encode(text),
    files,
    { configId, environment: { SITE: 'north' } },
    (one) => messages.push(`${one.line}:${one.column} ${one.message}`),
  )
  return { text: source.text.split('\n').filter((line) => line !== ''), messages, source }
}

const rows: readonly (readonly [claim: string, text: string, lines: readonly string[]])[] = [
  ['@id keeps its line where the id is the own', '@alpha a\n@beta b', ['a']],
  ['@^id keeps its line where the id is another', '@^alpha a\n@^beta b', ['b']],
  ['conditions may be stacked', '@alpha @^beta a\n@alpha @beta b', ['a']],
  ['a condition holds for a closing brace too', 'a {\n@alpha }', ['a {', '}']],
  ['a definition is put where its name is used', '$A=1 2\nx ${A} y', ['x 1 2 y']],
  ['$NAME is a use before a blank, comma, bracket or line end', '$A=1\nx $A,$A) $A', ['x 1,1) 1']],
  ['values are looked up when used, so they may name later ones', '$A=${B}\n$B=2\nx ${A}', ['x 2']],
  ['a later definition replaces an earlier one', '$A=1\nx $A\n$A=2\nx $A', ['x 1', 'x 2']],
  ['a definition may hold nothing', '$A=\nx ${A}y', ['x y']],
  ['comments are no part of a definition', '$A=1 # one\nx ${A}', ['x 1']],
  ['names in comments stay', '$A=1\nx # $A', ['x # $A']],
  ['predefined names', 'x ${_PWD} ${_INSTANCE} ${_ENV SITE}', ['x /etc/keepalived alpha north']],
  ['${_HASH} begins a comment for the grammar', 'x ${_HASH} y', ['x # y']],
  ['a multi-line definition stands for its lines', '$A= \\\n b { \\\n c \\\n }\nx\n$A', ['x', 'b {', 'c', '}']],
  [
    'a comment in a multi-line definition ends before its backslash, and the definition goes on',
    '$A= # c \\\n b # c \\\n # c \\\n c \\ ! c\n d # c\nx\n$A',
    ['x', 'b', 'c', 'd'],
  ],
  ['a line of comment only ends a multi-line definition', '$A= \\\nb \\\n# c\nc\n$A', ['c', 'b']],
  ['a blank line ends a multi-line definition', '$A= \\\nb \\\n\nc\n$A', ['c', 'b']],
  ['definitions nest', '$IN= \\\n i ${N}\n$OUT= \\\n o \\\n $IN\n$N=1\n$OUT\n$N=2\n$OUT', ['o', 'i 1', 'o', 'i 2']],
  ['a condition inside a multi-line definition', '$A= \\\n@beta b \\\n@alpha c\n$A', ['c']],
  ['a multi-line definition under a condition that fails takes its lines along', '@beta $A= \\\n b \\\n c\nd', ['d']],
  ['~SEQ(V,N) counts from 1', '~SEQ(V,3) x $V', ['x 1', 'x 2', 'x 3']],
  ['~SEQ(V,A,B) counts either way', '~SEQ(V,2,0) x ${V}y', ['x 2y', 'x 1y', 'x 0y']],
  ['~SEQ(V,A,STEP,B)', '~SEQ(V,1,2,6) x $V', ['x 1', 'x 3', 'x 5']],
  ['~SEQx writes hexadecimal', '~SEQx(V,9,11) x $V', ['x 9', 'x a', 'x b']],
  ['the leftmost sequence is the outer loop', '~SEQ(A,2) ~SEQ(B,2) x $A $B', ['x 1 1', 'x 1 2', 'x 2 1', 'x 2 2']],
  ['~LST takes values in turn', '~LST(V,p,q) x $V', ['x p', 'x q']],
  ['~LST with several variables', '~LST({A,B},{1,2},{3}) x $A,${B}', ['x 1,2', 'x 3,']],
  ['~LST with empty values', '~LST(V,p,) x [${V}]\n~LST(V,) y [${V}]', ['x [p]', 'x []', 'y []']],
  ['after a sequence its variable has the last value', '$V=old\n~SEQ(V,2) x $V\ny $V', ['x 1', 'x 2', 'y 2']],
  [
    'a condition before a sequence, and one in each turn',
    '@alpha ~SEQ(V,2) @alpha x $V\n@beta ~SEQ(V,2) y',
    ['x 1', 'x 2'],
  ],
  ['bounds and steps of a sequence in C notation', '~SEQ(V,0x9,010) x $V', ['x 9', 'x 8']],
  ['blanks in the brackets of a sequence mean nothing', '~SEQ( V , 1 , 2 )x$V', ['x1', 'x2']],
  ['a sequence that is not first on its line is text', 'x ~SEQ(V,2) $V', ['x ~SEQ(V,2) $V']],
  ['there is no @!id, and no list of ids', '@!beta a\n@alpha,beta b\n@alpha|beta c', []],
  ['a condition may come out of a definition', '$A=@alpha x\n$A\n$B=@beta y\n$B', ['x']],
  [
    'a blank before = makes it no definition, and blanks after it mean nothing',
    '$A =1\n$B= 2\nx $A ${B}',
    ['$A =1', 'x $A 2'],
  ],
  ['a definition of a predefined name goes before', '$_INSTANCE=mine\nx ${_INSTANCE}', ['x mine']],
  ['a multi-line definition may begin on its first line', '$A=x \\\n y\n$A', ['x', 'y']],
  ['bounds of _RANDOM hold whichever comes first', 'x ${_RANDOM 7 7} ${_RANDOM 70000}', ['x 7 70000']],
  ['a sequence takes definitions as bounds', '$N=2\n~SEQ(V,$N) x $V', ['x 1', 'x 2']],
  ['a sequence may repeat a multi-line definition', '$A= \\\n x $V \\\n y\n~SEQ(V,2) $A', ['x 1', 'y', 'x 2', 'y']],
]
for (const [claim, text, result] of rows)
  test(`expansion: ${claim}`, () => {
    const got = lines(text)
    expect(got.text.map((line) => line.trim())).toEqual(result)
    expect(got.messages).toEqual([])
  })

const bad: readonly (readonly [claim: string, text: string, message: RegExp])[] = [
  ['a definition of itself', '$A=x ${A}\ny ${A}', /^2:3 definition \$A grows without end/],
  [
    'definitions that double',
    `$A0=${'x'.repeat(9)}\n${Array.from({ length: 40 }, (_, i) => `$A${i + 1}=\${A${i}}\${A${i}}`).join('\n')}\ny \${A40}`,
    /grows without end/,
  ],
  [
    'empty definitions that double',
    `$A0=\n${Array.from({ length: 30 }, (_, i) => `$A${i + 1}=\${A${i}}\${A${i}}`).join('\n')}\ny \${A30}`,
    /grows without end/,
  ],
  ['a multi-line definition of itself', '$A= \\\n x \\\n $A\n$A', /use one another without end/],
  ['a multi-line definition of itself twice', '$A= \\\n $A \\\n $A\n$A', /without end|too large/],
  ['a multi-line definition among other words', '$A= \\\n b\nx $A y', /^3:3 \$A is a multi-line definition/],
  ['sequences that multiply', '~SEQ(A,9999) ~SEQ(B,9999) x', /grows too large/],
  ['a step of zero', '~SEQ(A,1,0,3) x', /never lead/],
  ['no bracket', '~SEQ(A,1', /closing bracket/],
  ['a list with too many values', '~LST({A},{1,2}) x', /more values/],
]
for (const [claim, text, message] of bad)
  test(`expansion is refused and reported: ${claim}`, { timeout: 60_000 }, () => {
    const got = lines(text)
    expect(got.messages.join('\n')).toMatch(message)
  })

test.each([
  ['x ${NONE} $NONE "${NONE}" # ${NONE}', ['1:3 there is no definition $NONE=… before this line; ${NONE} stays']],
  [
    '$NAME=1\nx ${NAMES}',
    ['2:3 there is no definition $NAMES=… before this line; ${NAMES} stays (did you mean $NAME?)'],
  ],
  ['$NET=10.0.0\nx $NET.1 "$NET.1" $OTHER.1', ['2:3 $NET stays: it is glued to what follows (write ${NET})']],
  ['$SITE=${PORT}\nx ${SITE}', ['2:3 there is no definition $PORT=… before this line; ${PORT} stays']],
])('names that are left are told: %s', (text, expected) => {
  const { diagnostics } = load(text)
  expect(
    diagnostics
      .filter(({ kind }) => kind === 'source')
      .map(
        ({ line, column, message, remedy }) =>
          `${line}:${column} ${message}${remedy === undefined ? '' : ` (${remedy})`}`,
      ),
  ).toEqual(expected)
})

test('a name without definition is part of its word, and opens no block', () => {
  const loaded = load(
    'vrrp_instance ${NAME} {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n192.0.2.1\n}\nnotify \\x${Y}z\n}\n',
  )
  expect(loaded.model.virtualRouters.map(({ name }) => name)).toEqual(['${NAME}'])
  expect(loaded.diagnostics.filter(({ kind }) => kind === 'syntax')).toEqual([])
})

test('every character knows where it was written', () => {
  const { source } = lines('$A=10.0.0.1\n  @alpha key $A tail\n~SEQ(I,2) x $I')
  const place = (word: string) => {
    const { line, column } = source.placeOf(source.text.indexOf(word))
    return `${line}:${column}`
  }
  expect([place('key'), place('10.0.0.1'), place('0.0.1'), place('tail'), place('x 2')]).toEqual([
    '2:10',
    '2:14',
    '2:14',
    '2:17',
    '3:11',
  ])
})

test('a line of a multi-line definition is placed where it was written, and tells where it was used', () => {
  const loaded = load('$R= \\\n virtual_router_id 300\nvrrp_instance A {\ninterface eth0\n$R\n}')
  const complaint = loaded.diagnostics.find((one) => one.kind === 'value')
  expect([complaint?.line, complaint?.column]).toEqual([2, 20])
  expect(complaint?.related).toEqual([{ file: MAIN, line: 5, column: 1, message: 'used here' }])
})

const router = (address: string) =>
  `vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n${address}\n}\n}\n`
const origins: readonly (readonly [claim: string, text: string, from: readonly string[]])[] = [
  ['a value tells where it was defined', `$X=192.0.2.300\n${router('$X')}`, ['1:1 expanded from $X']],
  [
    'one that holds another tells both',
    `$HOST=300\n$X=192.0.2.${'${HOST}'}\n${router('$X')}`,
    ['2:1 expanded from $X', '1:1 expanded from $HOST'],
  ],
  ['what stands beside a value has nothing to tell', `$X=192.0.2.3\n${router('$X dev lo nonsense')}`, []],
  [
    'the turn of a sequence is told',
    router('~SEQ(i,299,300) 192.0.2.${i}'),
    ['5:1 with $i = 299', '5:1 with $i = 300'],
  ],
  ['all variables of a list', router('~LST({a,b},{192.0,300}) ${a}.2.${b}'), ['5:1 with $a = 192.0, $b = 300']],
]
test.each(origins)('%s', (_, text, from) => {
  const related = load(text).diagnostics.flatMap((one) => one.related)
  expect(related.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(from)
})

test('braces that stand for too many patterns are told, and nothing of them is read', () => {
  const three = '{a,b,c,d,e,f,g}'.repeat(3)
  const { messages } = lines(`include conf.d/${three}.conf`)
  expect(messages).toEqual([`1:1 include conf.d/${three}.conf: its braces stand for more than 256 patterns; not read`])
})

test('include reads files beside the one that includes, in order', () => {
  const { text } = lines('a\ninclude conf.d/*.conf\nz', {
    '/etc/keepalived/conf.d/2.conf': 'two\ninclude ../more',
    '/etc/keepalived/conf.d/1.conf': 'one',
    '/etc/keepalived/conf.d/.hidden.conf': 'hidden',
    '/etc/keepalived/conf.d/../more': 'more',
  })
  expect(text).toEqual(['a', 'one', 'two', 'more', 'z'])
})

test('a complaint in an included file names that file', () => {
  const loaded = load('include b.conf', { '/etc/keepalived/b.conf': '\n wibble' })
  expect(loaded.diagnostics.map((one) => `${one.file}:${one.line}:${one.column}`)).toEqual([
    '/etc/keepalived/b.conf:2:2',
  ])
  expect(loaded.files).toEqual([MAIN, '/etc/keepalived/b.conf'])
})

test('an include may come out of a definition', () => {
  expect(lines('$I=include b.conf\n$I', { '/etc/keepalived/b.conf': 'b' }).text).toEqual(['b'])
})

const includes: readonly (readonly [claim: string, text: string, told: readonly string[], runs: boolean])[] = [
  [
    'a missing file is a warning',
    'include none.conf',
    ['1:1 warning include: include none.conf: /etc/keepalived/none.conf: no such file'],
    true,
  ],
  ['an empty folder is nothing to speak of', 'include *.none', [], true],
  [
    'a missing folder is a warning',
    'include no/*.conf',
    ['1:1 warning include: include no/*.conf: no such folder: /etc/keepalived/no'],
    true,
  ],
  ['includew must find something', 'includew *.none', ['1:1 error include: include *.none: no file matches'], false],
  ['includem is about names, not about patterns', 'includem *.none', [], true],
  [
    'includer of a missing name is a warning',
    'includer none.conf',
    ['1:1 warning include: include none.conf: /etc/keepalived/none.conf: no such file'],
    true,
  ],
  [
    'executables are passed over',
    'include *.sh',
    ['1:1 warning include: include *.sh: /etc/keepalived/run.sh is executable and is passed over'],
    true,
  ],
  [
    'a file that includes itself is read once',
    'include keepalived.conf',
    [`1:1 warning source: include keepalived.conf: ${MAIN} includes itself; it is not read again`],
    true,
  ],
  [
    'include without a name is a word out of place',
    'include',
    ['1:1 warning unknown-keyword: include without a file name has no effect'],
    true,
  ],
]
for (const [claim, text, expected, runs] of includes)
  test(`include: ${claim}`, () => {
    const files = memoryFiles({ [MAIN]: text, '/etc/keepalived/run.sh': '' })
    const run = () => load(text, { '/etc/keepalived/run.sh': '' })
    if (runs) expect(told(run())).toEqual(expected)
    else expect(run).toThrow('no configuration')
    expect(files.list('/etc/keepalived')).toContain('run.sh')
  })

/** Whether each starts, by keepalived 2.2.7: `-t` ends with 6 where it does not. */
const failing: readonly (readonly [line: string, starts: boolean])[] = [
  ['include none.conf', true],
  ['includer none.conf', true],
  ['includem none.conf', false],
  ['includew none.conf', false],
  ['includeb none.conf', true],
  ['includea none.conf', false],
  ['includeb *.none', true],
  ['includea *.none', false],
  ['includem {a,b}.conf', true],
  ['includew {a,b}.conf', true],
  ['includeb {a,b}.conf', false],
  ['includea {a,b}.conf', false],
  ['includew {a,b*}.conf', true],
  ['includea {a,b*}.conf', true],
  ['includem {n,b}.conf', true],
  ['includeb {n,b}.conf', false],
]
for (const [line, starts] of failing)
  test(`${line} ${starts ? 'is forgiven' : 'must not fail'}`, () => {
    const run = () => load(line, { '/etc/keepalived/a.conf': '' })
    if (starts) expect(run).not.toThrow()
    else expect(run).toThrow('no configuration')
  })

/** Which of a missing name, a pattern without match and a missing way fail after include_check, by keepalived 2.2.7. */
const checked: readonly (readonly [words: string, name: boolean, pattern: boolean, way: boolean])[] = [
  ['', true, true, true],
  ['read', false, false, false],
  ['match', true, false, false],
  ['wildcard_match', false, true, false],
  ['brace_match', false, false, true],
  ['+match', true, false, false],
  ['-read', false, false, false],
  ['match +brace_match', true, false, true],
  ['match brace_match', true, false, false],
  ['wibble', false, false, false],
  ['+match -match', false, false, false],
]
for (const [words, ...fails] of checked)
  test(`include_check ${words}: which failures of an include count`, () => {
    const failed = ['none.conf', '*.none', '{a,b}.conf'].map((pattern) => {
      try {
        load(`global_defs {\ninclude_check ${words}\n}\ninclude ${pattern}\n`, { '/etc/keepalived/a.conf': '' })
        return false
      } catch {
        return true
      }
    })
    expect(failed).toEqual(fails)
  })

test('include_check holds in its file and in what that includes, not in the file around it', () => {
  const files = { '/etc/keepalived/a.conf': 'include_check\n', '/etc/keepalived/b.conf': 'include none.conf\n' }
  expect(() => load('global_defs {\ninclude a.conf\n}\ninclude none.conf\n', files)).not.toThrow()
  expect(() => load('global_defs {\ninclude_check\n}\ninclude b.conf\n', files)).toThrow('no configuration')
})

test('a word that include_check does not know, and one too many, are complained of', () => {
  expect(told(load('global_defs {\ninclude_check wibble read +match\n}\n'))).toEqual([
    '2:15 error value: include_check wibble is none of read, match, wildcard_match, brace_match; the word has no effect',
    '2:22 error value: include_check read needs a + or a - before it, as it is not the first; the word has no effect',
  ])
})

test('-e is an include_check for everything from the start', () => {
  const files = memoryFiles({ [MAIN]: 'include none.conf\n' })
  const options = { configId: 'alpha', everyInclude: true }
  expect(loadConfiguration(files, MAIN, options).configuration).toBeUndefined()
})

test('files that include one another are bounded in depth', () => {
  const files: Record<string, string> = {}
  for (let i = 0; i < 100; i++) files[`/etc/keepalived/${i}`] = `include ${i + 1}`
  expect(told(load('include 0', files)).join()).toMatch(/more than 32 files deep/)
})

test('glob knows *, ?, [], [!] and {}', () => {
  const tree: Record<string, readonly string[]> = { '/': ['etc'], '/etc': ['a.conf', 'b.conf', 'c.txt', '.d.conf'] }
  const list = (path: string) => tree[path]
  expect(glob('/etc/*.conf', list)).toEqual(['/etc/a.conf', '/etc/b.conf'])
  expect(glob('/etc/[!a].*', list)).toEqual(['/etc/b.conf', '/etc/c.txt'])
  expect(glob('/etc/?.[ct]*', list)).toEqual(['/etc/a.conf', '/etc/b.conf', '/etc/c.txt'])
  expect(glob('/etc/{b,x,a}.conf', list)).toEqual(['/etc/b.conf', '/etc/x.conf', '/etc/a.conf'])
  expect(glob('/*/.d*', list)).toEqual(['/etc/.d.conf'])
  expect(glob(`/etc/${'*a'.repeat(200)}`, () => ['a'.repeat(250)])).toEqual([`/etc/${'a'.repeat(250)}`])
})

test('a sequence of an end below zero counts down from -1', () => {
  expect(turns('SEQ', 'V,-3')).toEqual({ ok: true, value: [[['V', '-1']], [['V', '-2']], [['V', '-3']]] })
  expect(turns('SEQ', 'V,0')).toEqual({ ok: true, value: [[['V', '1']], [['V', '0']]] })
})

const raw: readonly (readonly [claim: string, bytes: string | Uint8Array, told: readonly string[], id: string])[] = [
  ['CR LF ends a line', 'global_defs {\r\nrouter_id x\r\n}\r\n', [], 'x'],
  ['a byte order mark is passed over', '\uFEFFglobal_defs {\nrouter_id x\n}', [], 'x'],
  [
    'bytes that are not UTF-8 are replaced',
    Uint8Array.of(...Buffer.from('global_defs {\nrouter_id x'), 0xff, 0x0a, 0x7d),
    [],
    'x\uFFFD',
  ],
  [
    'a line with a NUL is left out',
    'global_defs {\nrouter_id a\0b\n}',
    ['2:12 error source: NUL byte; the line is left out'],
    'alpha',
  ],
  [
    'a line of more than 1023 bytes is left out',
    `global_defs {\nrouter_id ${'x'.repeat(1014)}\n}`,
    ['2:1 error source: line of more than 1023 bytes; it is left out'],
    'alpha',
  ],
  [
    'bytes count, not characters',
    `global_defs {\nrouter_id ${'ä'.repeat(507)}\n}`,
    ['2:1 error source: line of more than 1023 bytes; it is left out'],
    'alpha',
  ],
  ['a line of 1023 bytes is read', `global_defs {\nrouter_id ${'x'.repeat(1013)}\n}`, [], 'x'.repeat(1013)],
  ['a comment may be as long as it likes', `# ${'x'.repeat(5000)}\nglobal_defs {\nrouter_id x\n}`, [], 'x'],
]
for (const [claim, bytes, expected, id] of raw)
  test(`bytes to lines: ${claim}`, () => {
    const loaded = load(bytes)
    expect(told(loaded)).toEqual(expected)
    expect(loaded.model.global.routerId).toBe(id)
  })

test.each([
  [`regex ${'x'.repeat(1100)}`, 'regex has 0 arguments and not one'],
  [`  expect_header Server ${'x'.repeat(1100)}`, 'expect_header needs the name of a field'],
  ['expect_header Server\0x', 'expect_header needs the name of a field'],
])('a line that is left out leaves no weaker check behind: %#', (line, fault) => {
  const loaded = load(`virtual_server 192.0.2.1 80 {
real_server 192.0.2.2 80 {
HTTP_GET {
url {
path /
${line}
}
}
}
}`)
  expect(loaded.model.virtualServers[0]?.realServers[0]?.checkers).toMatchObject([{ fault }])
  expect(told(loaded).filter((one) => one.startsWith('6:')).length).toBeGreaterThan(1)
})
