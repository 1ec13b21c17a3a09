import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { type ChildExit, forkChild } from '../../../src/sys/process/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'role-child-'))
afterAll(() => rmSync(folder, { recursive: true }))
const built = pathToFileURL(join(import.meta.dirname, '../../../dist/sys/process/index.js'))

/** What a child says that runs this with `parent`, its end of the channel, and how it ends. */
function heardFrom(body: string): Promise<{ readonly messages: readonly unknown[]; readonly exit: ChildExit }> {
  const module = join(folder, 'child.mjs')
  writeFileSync(module, `import { parentChannel } from '${built.href}'\nconst parent = parentChannel()\n${body}`)
  const messages: unknown[] = []
  return new Promise((resolve) => {
    forkChild(
      { module, args: [], nodeOptions: [], environment: process.env, output: 'ignore' },
      { onMessage: (message) => messages.push(message), onExit: (exit) => resolve({ messages, exit }) },
    )
  })
}

test('messages of one turn and of later ones arrive each by itself and in order, also those before the channel is closed', async () => {
  const { messages, exit } = await heardFrom(`
    for (let i = 0; i < 3; i++) parent.send({ i })
    setTimeout(() => { parent.send('later'); parent.send([1, 2]); parent.close() })`)
  expect(messages).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }, 'later', [1, 2]])
  expect(exit.code).toBe(0)
})

test('the last words of a process that ends at once are heard', async () => {
  const { messages, exit } = await heardFrom(`
    process.on('uncaughtExceptionMonitor', (error) => parent.send(error.message))
    parent.send('first')
    throw new Error('a bug')`)
  expect(messages).toEqual(['first', 'a bug'])
  expect(exit.code).toBe(1)
})
