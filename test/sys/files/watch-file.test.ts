import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { watchFile } from '../../../src/sys/files/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-watch-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Does something, and waits until the watcher has called back. */
async function heardOf(path: string, happen: () => void): Promise<void> {
  let end = () => {}
  await new Promise<void>((resolve) => {
    end = watchFile(path, resolve)
    happen()
  })
  end()
}

test('a file that is made, written, replaced and removed is told of', async () => {
  const path = join(directory, 'value')
  await heardOf(path, () => writeFileSync(path, '1'))
  await heardOf(path, () => writeFileSync(path, '2'))
  await heardOf(path, () => {
    writeFileSync(`${path}.new`, '3')
    renameSync(`${path}.new`, path)
  })
  await heardOf(path, () => rmSync(path))
})

test('a directory that comes later is found', async () => {
  const path = join(directory, 'later', 'value')
  await heardOf(path, () => {
    mkdirSync(join(directory, 'later'))
    writeFileSync(path, '1')
  })
})

test('other files of the directory are not told of, and nothing is after the end', async () => {
  const path = join(directory, 'mine')
  let heard = 0
  const end = watchFile(path, () => heard++)
  writeFileSync(join(directory, 'other'), '1')
  // What comes for a file of ours after that shows that the first has been passed over.
  await heardOf(path, () => writeFileSync(path, '1'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toBeLessThanOrEqual(2)
  end()
  const before = heard
  await heardOf(path, () => writeFileSync(path, '2'))
  expect(heard).toBe(before)
})

test('what a link leads to is told of, in whatever directory it changes', async () => {
  const [path, target] = [join(directory, 'link'), join(directory, 'elsewhere', 'value')]
  mkdirSync(join(directory, 'elsewhere'))
  writeFileSync(target, '1')
  symlinkSync(target, path)
  await heardOf(path, () => writeFileSync(target, 'another'))
  await heardOf(path, () => rmSync(target))
})
