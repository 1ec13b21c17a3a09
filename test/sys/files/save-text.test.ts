import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { saveText } from '../../../src/sys/files/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-save-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('a saved text and the directory made for it are for their owner alone, whatever the mask', () => {
  const before = process.umask(0)
  try {
    const path = join(directory, 'copies/one')
    expect(saveText(path, 'text')).toEqual({ ok: true, value: undefined })
    expect(readFileSync(path, 'utf8')).toBe('text')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'copies')).mode & 0o777).toBe(0o700)
    expect(process.umask()).toBe(0)
  } finally {
    process.umask(before)
  }
})

test('a place that cannot be is a failure with its name', () => {
  const path = join(directory, 'copies/one/below')
  expect(saveText(path, 'text')).toMatchObject({ ok: false, error: { message: expect.stringContaining(path) } })
})
