import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
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
