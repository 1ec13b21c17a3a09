/** The record of ipvsadm's answers, replayed over a table in memory. */
import { expect, test } from 'vitest'
import { accessTable } from '../../../src/cli/ipvsadm/table-access.ts'
import { outcomeOf } from './lookups.ts'
import { modelBackend } from './model-backend.ts'
import { readRecord } from './record.ts'

const shown = (letter: string, text: string): readonly string[] =>
  text === ''
    ? []
    : text
        .slice(0, -1)
        .split('\n')
        .map((line) => `${letter} ${line}`)

test('the record is whole', () => {
  const steps = readRecord()
  expect(steps.length).toBeGreaterThan(400)
  expect(steps.filter(({ recorded }) => !recorded.at(-1)?.startsWith('='))).toEqual([])
})

test('every command line of the record prints and returns what it did', async () => {
  const table = accessTable(modelBackend())
  const others: object[] = []
  for (const { line, argv, recorded } of readRecord()) {
    const { stdout, stderr, exitCode } = await outcomeOf(argv, table)
    const got = [...shown('O', stdout), ...shown('E', stderr), `=${exitCode}`]
    if (got.join('\n') !== recorded.join('\n')) others.push({ line, got, recorded })
  }
  expect(others).toEqual([])
})
