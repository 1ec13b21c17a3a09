import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, expect, test } from 'vitest'
import { readText, replaceText } from '../../../src/sys/files/index.ts'

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

test('a whole file is read, of /proc as well, and what begins with a mark of byte order keeps it', () => {
  const path = join(directory, 'whole')
  expect([replaceText(path, '\ufeffmany words '.repeat(1_000)).ok, readText(path)]).toEqual([
    true,
    { ok: true, value: '\ufeffmany words '.repeat(1_000) },
  ])
  expect(readText('/proc/self/status')).toMatchObject({ ok: true, value: expect.stringMatching(/^Name:.*ctxt/s) })
})

test('what is larger than it may be is not read, nor what is no file: nobody waits for a writer', () => {
  const path = join(directory, 'large')
  replaceText(path, '12345')
  expect(readText(path, 4)).toEqual({ ok: false, error: { code: 'EFBIG', message: `${path}: larger than 4 bytes` } })
  const fifo = join(directory, 'fifo')
  execFileSync('mkfifo', [fifo])
  for (const one of [fifo, '/dev/zero', directory])
    expect(readText(one)).toEqual({ ok: false, error: { code: 'EINVAL', message: `${one}: not a regular file` } })
  expect(readText(join(directory, 'none'))).toMatchObject({ ok: false, error: { code: 'ENOENT' } })
})
