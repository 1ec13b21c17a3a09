import { execFileSync } from 'node:child_process'
import {
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, expect, test } from 'vitest'
import { type Fifo, openFifo } from '../../../src/sys/fifo/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-fifo-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let made = 0
const fresh = () => join(directory, `fifo${++made}`)

function opened(path: string): Fifo {
  const fifo = openFifo({ path })
  if (!fifo.ok) throw new Error(fifo.error.message)
  return fifo.value
}

/** What lies in the pipe, by a reader that does not wait. */
function readAll(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const bytes = Buffer.alloc(1 << 17)
  return bytes.toString('utf8', 0, readSync(fd, bytes))
}

test('a pipe is made with keepalived’s mode less the umask, holds what nobody reads yet, and is removed', () => {
  const path = fresh()
  const before = process.umask(0o177)
  const fifo = opened(path)
  process.umask(before)
  expect(statSync(path).isFIFO()).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(fifo.write('one\n')).toBe('written')
  expect(fifo.write('two\n')).toBe('written')
  expect(readAll(path)).toBe('one\ntwo\n')
  fifo.close()
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
})

test('it is given to its user', () => {
  const path = fresh()
  const fifo = openFifo({ path, owner: { uid: 65534, gid: 65534 } })
  expect(fifo.ok).toBe(true)
  expect([statSync(path).uid, statSync(path).gid]).toEqual([65534, 65534])
  if (fifo.ok) fifo.value.close()
})

test('one that is full says so, takes nothing in parts, and calls back when it is read', async () => {
  const path = fresh()
  const fifo = opened(path)
  const line = `${'x'.repeat(4_000)}\n`
  let written = 0
  while (fifo.write(line) === 'written') written++
  expect(fifo.write('y\n')).toBe('written')
  const writable = new Promise<void>((resolve) => fifo.whenWritable(resolve))
  expect(readAll(path)).toBe(`${line.repeat(written)}y\n`)
  await writable
  expect(fifo.write(line)).toBe('written')
  fifo.close()
})

test('a reader that goes does no harm', () => {
  const path = fresh()
  const fifo = opened(path)
  fifo.write('one\n')
  expect(execFileSync('head', ['-n', '1', path], { encoding: 'utf8' })).toBe('one\n')
  expect(fifo.write('two\n')).toBe('written')
  fifo.close()
})

test('a pipe that is there is used, and left', () => {
  const path = fresh()
  execFileSync('mkfifo', [path])
  opened(path).close()
  expect(statSync(path).isFIFO()).toBe(true)
})

test('what is no pipe, or a link to one, or another user’s, is refused and not touched', () => {
  const file = fresh()
  writeFileSync(file, 'text')
  expect(openFifo({ path: file })).toMatchObject({ error: { message: `${file}: is there and is no named pipe` } })
  expect(readFileSync(file, 'utf8')).toBe('text')
  const pipe = fresh()
  execFileSync('mkfifo', [pipe])
  const link = fresh()
  symlinkSync(pipe, link)
  expect(openFifo({ path: link })).toMatchObject({ error: { message: `${link}: is a symbolic link` } })
  execFileSync('chown', ['65534', pipe])
  expect(openFifo({ path: pipe })).toMatchObject({ error: { message: `${pipe}: belongs to another user` } })
  const nowhere = join(directory, 'none', 'fifo')
  expect(openFifo({ path: nowhere })).toMatchObject({
    error: { message: `${nowhere}: no such file or directory` },
  })
})
