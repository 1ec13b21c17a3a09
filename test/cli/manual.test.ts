import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { plain } from '../../src/cli/manual/roff.ts'
import { keywordBlocks } from '../../src/config/index.ts'

const run = (command: string, args: readonly string[], input = '') =>
  spawnSync(command, args, { encoding: 'utf8', input, timeout: 60_000 })
const pages = ['holdfast.1', 'holdfastd.8', 'holdfast.conf.5', 'holdfast-ipvsadm.8'] as const
/** As man(1) shows them, on lines long enough for nothing to be broken. */
const shown = Object.fromEntries(
  pages.map((page) => [
    page,
    run(
      'groff',
      ['-man', '-Tutf8', '-P-cbou', '-rLL=500n', '-ww', '-'],
      run(resolve('bin/holdfast'), ['manual', page]).stdout,
    ),
  ]),
)
const textOf = (page: (typeof pages)[number]): string => shown[page]?.stdout ?? ''

for (const page of pages)
  test(`${page} has nothing that groff complains about, and the sections that are looked for`, () => {
    expect(shown[page]).toMatchObject({ stderr: '', status: 0 })
    for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'SEE ALSO'])
      expect(textOf(page)).toMatch(new RegExp(`^${title}$`, 'm'))
  })

test('holdfast(1) has every command and option that a shell completes', () => {
  const text = textOf('holdfast.1')
  const script = run(resolve('bin/holdfast'), ['completion', 'fish']).stdout
  const offered = [...script.matchAll(/^complete -c holdfast -n '[^"]*"(holdfast[^"]*)"' (?:-a|-l) ([\w-]+)/gm)]
  expect(offered.length).toBeGreaterThan(100)
  for (const [line, path, word] of offered) {
    const what = line.includes(' -l ') ? `--${word}` : `${path} ${word}`.replace('holdfast ', '')
    expect(text).toMatch(new RegExp(`^ +.*${what}\\b`, 'm'))
  }
})

test('holdfastd(8) has every option of it', () => {
  const text = textOf('holdfastd.8')
  const flags = run(resolve('bin/holdfastd'), ['--help']).stderr.match(/--[a-z_-]+/g) ?? []
  expect(flags.length).toBeGreaterThan(20)
  for (const flag of flags) if (flag !== '--help') expect(text).toContain(flag)
})

test('a page is ASCII and has no line that groff would take for a request', () => {
  expect(plain('.so\n’tis 2²⁰ — a\\b')).toBe('\\&.so\n\\(cqtis 2\\[u00B2]\\[u2070] \\[u2014] a\\eb')
})

test('holdfast.conf(5) has every keyword with its meaning', () => {
  const text = textOf('holdfast.conf.5')
  const keywords = keywordBlocks().flatMap((block) => block.keywords)
  expect(keywords.length).toBeGreaterThan(500)
  const words = new Set(text.split(/[\s,]+/))
  expect(keywords.flatMap(({ names }) => names).filter((name) => !words.has(name))).toEqual([])
})
