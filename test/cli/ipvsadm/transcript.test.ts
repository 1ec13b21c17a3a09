/**
 * What ipvsadm 1.31 printed over Debian's kernel 6.1, replayed over a table in memory: `>` a command line, `O` and `E` the
 * lines of standard output and error, `=` the exit code. What is left out of the record stands in docs/ipvsadm.md.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { accessTable } from '../../../src/cli/ipvsadm/table-access.ts'
import { outcomeOf } from './lookups.ts'
import { modelBackend } from './model-backend.ts'

type Step = { readonly line: string; readonly argv: readonly string[]; readonly recorded: string[] }

/** Words as a shell would split them; double quotes only. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))

const steps: Step[] = []
for (const line of readFileSync(new URL('transcript.txt', import.meta.url), 'utf8').split('\n')) {
  if (line.startsWith('> ')) steps.push({ line: line.slice(2), argv: wordsOf(line.slice(2)).slice(1), recorded: [] })
  else if (line !== '') steps.at(-1)?.recorded.push(line)
}

const shown = (letter: string, text: string): readonly string[] =>
  text === ''
    ? []
    : text
        .slice(0, -1)
        .split('\n')
        .map((line) => `${letter} ${line}`)

test('the record is whole', () => {
  expect(steps.length).toBeGreaterThan(300)
  expect(steps.filter(({ recorded }) => !recorded.at(-1)?.startsWith('='))).toEqual([])
})

test('every command line of the record prints and returns what it did', async () => {
  const table = accessTable(modelBackend())
  const others: object[] = []
  for (const { line, argv, recorded } of steps) {
    const { stdout, stderr, exitCode } = await outcomeOf(argv, table)
    const got = [...shown('O', stdout), ...shown('E', stderr), `=${exitCode}`]
    if (got.join('\n') !== recorded.join('\n')) others.push({ line, got, recorded })
  }
  expect(others).toEqual([])
})
