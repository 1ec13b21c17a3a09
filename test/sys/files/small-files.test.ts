import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, expect, test } from 'vitest'
import { replaceText } from '../../../src/sys/files/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-files-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('a file is replaced whole, and nothing else is left beside it', () => {
  const path = join(directory, 'dump')
  expect([replaceText(path, 'long text').ok, replaceText(path, 'new').ok]).toEqual([true, true])
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(readdirSync(directory)).toEqual(['dump'])
})

test('one that others are to see has its mode, whatever our umask', () => {
  const path = join(directory, 'marker')
  const umask = process.umask(0o177)
  try {
    expect([replaceText(path, '', 0o644).ok, statSync(path).mode & 0o777]).toEqual([true, 0o644])
    expect([replaceText(path, '').ok, statSync(path).mode & 0o777]).toEqual([true, 0o600])
  } finally {
    process.umask(umask)
    rmSync(path)
  }
})

test('links that a stranger has laid at the path or at the name used meanwhile are not followed', () => {
  const path = join(directory, 'dump')
  const victim = join(directory, 'victim')
  rmSync(path, { force: true })
  symlinkSync(victim, path)
  symlinkSync(victim, `${path}.${process.pid}.new`)
  expect(replaceText(path, 'text').ok).toBe(true)
  expect(existsSync(victim)).toBe(false)
  expect(lstatSync(path).isFile()).toBe(true)
})
