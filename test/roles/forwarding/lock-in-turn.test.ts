/** The lock of the pinned maps: who waits for it is patient with each that comes before, and not with one that keeps it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lockInTurn } from '../../../src/roles/forwarding/lock-in-turn.ts'
import { lockFile } from '../../../src/sys/privileges/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A lock that is held; `onWait` hears how many milliseconds have been waited for it so far. */
function held(name: string, onWait: (waited: number, free: () => void) => void) {
  const path = join(directory, name)
  const first = lockFile(path)
  if (!first.ok) throw new Error(first.error.message)
  writeFileSync(path, '1\n')
  let waited = 0
  const wait = async (length: number): Promise<void> => {
    waited += length
    onWait(waited, () => first.value.close())
  }
  return { path, taken: lockInTurn(path, 4711, wait), waited: () => waited }
}

test('a process that keeps it for ten seconds is named', async () => {
  const { path, taken, waited } = held('kept', () => {})
  expect(await taken).toEqual({
    ok: false,
    error: { reason: 'system', message: `${path}: process 1 has held it for 10 s; end it` },
  })
  expect(waited()).toBeGreaterThan(9_000)
})

test('the ten seconds begin anew with each that has its turn', async () => {
  const { path, taken, waited } = held('handed-on', (waited, free) => {
    if (waited % 9_000 === 0) writeFileSync(join(directory, 'handed-on'), `${waited}\n`)
    if (waited === 36_000) free()
  })
  const lock = await taken
  expect(lock.ok && waited()).toBe(36_000)
  expect(lockFile(path)).toMatchObject({ ok: false, error: { code: 'EAGAIN' } })
  if (lock.ok) lock.value.close()
})
