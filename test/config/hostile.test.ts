// biome-ignore-all lint/suspicious/noTemplateCurlyInString: uses of definitions look like that
/** Files that no user writes on purpose: a clear complaint each, in bounded time and room. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ok } from '../../src/base/index.ts'
import { exitCodeForTest, loadConfiguration } from '../../src/config/index.ts'
import { configurationFiles } from '../../src/sys/files/index.ts'
import { load, MAIN, memoryFiles, told } from './files.ts'

const MEBI = 1 << 20
const rows: readonly (readonly [what: string, text: string, complaint: RegExp])[] = [
  ['a sequence of a billion steps', '~SEQ(A,1,1000000000) x $A', /^1:1 error source: ~SEQ: more than 65536 values/],
  ['definitions that use each other', '$A=$B\n$B=$A\nx $A', /^3:3 error source: definition \$A grows without end$/],
  [
    'multi-line definitions that use each other',
    '$A= \\\n x \\\n $B\n$B= \\\n y \\\n $A\n$A',
    /error source: definitions that use one another/,
  ],
  [
    'definitions that double',
    `$A0=xxxxxxxxxxxxxxxx\n${Array.from({ length: 40 }, (_, i) => `$A${i + 1}=$A${i} $A${i}\n`).join('')}x $A40`,
    /error source: definition \$A40 grows without end/,
  ],
  [
    'definitions of nothing that double',
    `$A0=\n${Array.from({ length: 30 }, (_, i) => `$A${i + 1}=\${A${i}}\${A${i}}\n`).join('')}x $A30`,
    /grows without end/,
  ],
  [
    'a use with many blanks and no end',
    `$A=\${x${' '.repeat(900)}\n$B=${'${A}'.repeat(60)}\nx $B`,
    /unknown keyword x/,
  ],
  ['a line of 1 MiB', `x ${'y'.repeat(MEBI)}`, /^1:1 error source: line of more than 1023 bytes/],
  ['carriage returns of 1 MiB', `${'\r'.repeat(MEBI)}x`, /^1:1 error source: line of more than 1023 bytes/],
  ['quotes that are left open', 'script "a\n'.repeat(5000), /^1:8 error syntax: quote is not closed on its line$/],
  ['opening braces of 1 MiB', 'x {\n'.repeat(MEBI / 4), /blocks are more than 32 deep/],
  ['closing braces', '}\n'.repeat(50_000), /^1:1 error syntax: extra \}/],
  [
    'a block with 130,000 misplaced ones in it',
    `vrrp_instance A {\n${'vrrp_instance B {\n}\n'.repeat(130_000)}`,
    /missing \} before vrrp_instance/,
  ],
  [
    'a line with a block of 130,000 lines',
    `vrrp_instance A {\npriority 1 {\n${'x\n'.repeat(130_000)}}\n}`,
    /unexpected \{: priority takes no block/,
  ],
]
for (const [what, text, complaint] of rows)
  test(`${what}: told, with its place, and over soon`, { timeout: 60_000 }, () => {
    const { diagnostics } = load(text)
    const found = told({ diagnostics }).filter((one) => complaint.test(one))
    expect(found.length, told({ diagnostics }).slice(0, 3).join('\n')).toBeGreaterThan(0)
    expect(diagnostics.length).toBeLessThanOrEqual(1000)
  })

const WORDS = MEBI
for (const [what, text, expected] of [
  [
    'words outside of blocks',
    `${'x '.repeat(64)}\n`.repeat(WORDS / 64 + 1),
    [`${WORDS / 64 + 1}:1 error syntax: more than ${WORDS} words outside of blocks; the rest is not read`],
  ],
  [
    'a block',
    `vrrp_instance A {\n${'x\n'.repeat(WORDS)}}\n`,
    [`1:17 error syntax: block of more than ${WORDS} words; it is left out`],
  ],
  [
    'a block without end',
    `vrrp_instance A {\n${'x\n'.repeat(WORDS)}`,
    [
      `1:17 error syntax: block of more than ${WORDS} words; it is left out`,
      '1:17 error syntax: missing }: the block opened here is never closed',
    ],
  ],
  [
    'lines',
    '\n'.repeat(4 * MEBI + 1),
    [`${4 * MEBI}:1 error source: the file goes on after this line; the rest is not read`],
  ],
] as const)
  test(`${what}: a million too many are told, and take no more room`, { timeout: 60_000 }, () => {
    const { diagnostics } = load(text)
    expect(told({ diagnostics }).filter((one) => one.includes(' error '))).toEqual(expected)
  })

for (const [encoding, bytes] of [
  ['UTF-16, the low byte first', Buffer.from('vrrp_instance A {\n}\n', 'utf16le')],
  ['UTF-16 with its mark', Buffer.from('\ufeffvrrp_instance A {\n}\n', 'utf16le')],
  ['UTF-16, the high byte first', Buffer.from('vrrp_instance A {\n}\n', 'utf16le').swap16()],
  ['UTF-16 with its mark, the high byte first', Buffer.from('\ufeffvrrp_instance A {\n}\n', 'utf16le').swap16()],
] as const)
  test(`${encoding}: one complaint with its remedy`, () => {
    const { diagnostics } = load(new Uint8Array(bytes))
    expect(diagnostics.map(({ line, message, remedy }) => [line, message, remedy])).toEqual([
      [1, 'the file is UTF-16; nothing of it is read', 'save it as UTF-8'],
    ])
  })

test('files that include each other, and one that includes itself, are read once', () => {
  const { diagnostics } = load('include a\ninclude keepalived.conf\nx', {
    '/etc/keepalived/a': 'include b\ny',
    '/etc/keepalived/b': 'include a\nz',
  })
  expect(
    diagnostics.filter(({ kind }) => kind === 'source').map(({ file, line, message }) => `${file}:${line} ${message}`),
  ).toEqual([
    `${MAIN}:2 include keepalived.conf: ${MAIN} includes itself; it is not read again`,
    '/etc/keepalived/b:1 include a: /etc/keepalived/a includes itself; it is not read again',
  ])
  expect(diagnostics.filter(({ kind }) => kind === 'unknown-keyword')).toHaveLength(3)
})

test('of a pattern for 100,000 files the first are read, and that is told', () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `f${i}`)
  let read = 0
  const ports = {
    ...memoryFiles({ [MAIN]: 'include d/*' }),
    list: () => names,
  }
  const { diagnostics } = loadConfiguration(
    {
      ...ports,
      read(path) {
        if (path === MAIN) return ports.read(path)
        read++
        return ok({ bytes: new TextEncoder().encode('# nothing\n'), executable: false })
      },
    },
    MAIN,
    { configId: 'a' },
  )
  expect(read).toBeLessThan(5000)
  expect(told({ diagnostics })).toEqual([
    '1:1 warning source: include d/*: more than 32 files deep or 4096 in all; not read',
  ])
})

test('folders, pipes, devices and what is not there are told, and hold nobody up', { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-'))
  try {
    mkdirSync(join(directory, 'folder'))
    execFileSync('mkfifo', [join(directory, 'pipe')])
    const lines = ['folder', 'pipe', '/dev/zero', '/dev/tty', '/proc/self/mem', 'absent', 'none/*']
    writeFileSync(join(directory, 'main'), lines.map((name) => `include ${name}\n`).join(''))
    const { diagnostics } = loadConfiguration(configurationFiles, join(directory, 'main'), { configId: 'a' })
    expect(diagnostics.map(({ line, kind }) => `${line} ${kind}`)).toEqual(lines.map((_, i) => `${i + 1} include`))
    const noFile = ['the configuration is not a file', 'name a file with -f']
    for (const [main, ...words] of [
      ['folder', ...noFile],
      ['pipe', ...noFile],
      ['/dev/zero', ...noFile],
      ['/dev/tty', ...noFile],
      ['/proc/self/mem', expect.stringMatching(/^cannot read .*: input/), 'look whether it is a configuration'],
      ['absent', 'no such configuration file', 'create it, or name another with -f'],
    ] as const) {
      const loaded = loadConfiguration(configurationFiles, resolve(directory, main), { configId: 'a' })
      expect(loaded.diagnostics.map(({ message, remedy }) => [message, remedy])).toEqual([words])
      expect(exitCodeForTest(loaded)).toBe(4)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a file of more than 64 MiB is told, and not read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-'))
  try {
    const main = join(directory, 'main')
    writeFileSync(main, '')
    truncateSync(main, 64 * MEBI + 1)
    const { configuration, diagnostics } = loadConfiguration(configurationFiles, main, { configId: 'a' })
    expect([configuration, diagnostics.map(({ kind, message }) => [kind, message])]).toEqual([
      undefined,
      [['no-configuration', 'the configuration file is larger than 64 MiB']],
    ])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a file of /proc without end is told, and not read whole', () => {
  const { diagnostics } = loadConfiguration(configurationFiles, '/proc/self/pagemap', { configId: 'a' })
  expect(diagnostics.map(({ message }) => message)).toEqual(['the configuration file is larger than 64 MiB'])
})

test('a file of /proc is read to its end', () => {
  const read = configurationFiles.read('/proc/sys/kernel/ostype')
  expect(read.ok && new TextDecoder().decode(read.value.bytes)).toBe('Linux\n')
})

const YAML = '/etc/holdfast.yaml'
const bomb = [
  `a0: &a0 [${'x,'.repeat(9)}]`,
  ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`),
].join('\n')
for (const [what, text, complaint] of [
  ['YAML of more than 4 MiB', `x: "${'y'.repeat(4 * MEBI)}"`, /^1:1 error source: YAML of more than 4 MiB; nothing/],
  ['YAML of a million words', `[${'x,'.repeat(MEBI)}]`, /^1:1 error source: YAML of more than 600000 tokens; nothing/],
  ['YAML of half a million mistakes', '"'.repeat(MEBI / 2), /^1:3 error syntax: Unexpected/],
  ['YAML in UTF-16', 'a\0:\0', /^1:1 error source: the file is UTF-16; nothing/],
  ['YAML of 100,000 brackets', '['.repeat(100_000), /^1:\d+ error syntax: nested far more than 32 deep$/],
  ['aliases that multiply', bomb, /^1:1 warning unknown-keyword: unknown keyword a0/],
  ['an alias of what it stands in', 'a: &a\n  b: *a\n', /blocks are more than 32 deep/],
] as const)
  test(`${what}: told, with its place, and over soon`, { timeout: 60_000 }, () => {
    const { diagnostics } = loadConfiguration(memoryFiles({ [YAML]: text }), YAML, { configId: 'a' })
    const found = told({ diagnostics })
    expect(
      found.some((one) => complaint.test(one)),
      found.slice(0, 3).join('\n'),
    ).toBe(true)
    expect(diagnostics.length).toBeLessThanOrEqual(1000)
  })

test('what takes n takes four times as long for four times as much, not sixteen times', { timeout: 60_000 }, () => {
  const text = (count: number) =>
    Array.from(
      { length: count },
      (_, i) =>
        `virtual_server 10.${i >> 8}.${i & 255}.1 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\n${[2, 3, 4, 5, 6].map((n) => `real_server 10.${i >> 8}.${i & 255}.${n} 80 {\nTCP_CHECK {\nconnect_timeout 3\n}\n}\n`).join('')}}\n`,
    ).join('')
  const processorTime = (of: string): number => {
    const before = process.cpuUsage()
    expect(load(of).diagnostics).toEqual([])
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  const [small, large] = [text(150), text(600)]
  processorTime(large)
  const least = (of: string) => Math.min(...[1, 2, 3].map(() => processorTime(of)))
  expect(least(large) / least(small)).toBeLessThan(10)
})
