import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openRoleLauncher } from '../../src/cli/daemon/role-launcher.ts'
import { until } from '../lab/library/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'role-launcher-'))
afterAll(() => rmSync(folder, { recursive: true }))

const built = pathToFileURL(join(import.meta.dirname, '../../dist/sys/process/index.js'))
const module = join(folder, 'role.mjs')
// Says what it is, and leaves a file that says that it runs.
writeFileSync(
  module,
  `import { renameSync, writeFileSync } from 'node:fs'
import { parentChannel } from '${built.href}'
const parent = parentChannel()
parent.send({ pid: process.pid, words: process.argv.slice(2) })
parent.onMessage((message) => parent.send({ heard: message }))
parent.onClosed(() => process.exit())
writeFileSync('${folder}/new', String(process.pid))
renameSync('${folder}/new', '${folder}/pid')`,
)

const vrrp = { role: 'vrrp', namespace: undefined, settings: undefined } as const

/** A launcher with a role ahead that runs. */
async function withOneAhead() {
  const file = join(folder, 'pid')
  rmSync(file, { force: true })
  const launcher = openRoleLauncher({ module, environment: process.env, output: 'ignore' })
  launcher.startAhead(vrrp)
  await until('it runs', () => existsSync(file))
  return { launcher, ahead: Number(readFileSync(file, 'utf8')) }
}

const isGone = (pid: number) => until(`${pid} is gone`, () => !existsSync(`/proc/${pid}`))

type Started = ReturnType<Awaited<ReturnType<typeof withOneAhead>>['launcher']['start']>

/** Starts what is asked for, hears its first words, speaks to it, and ends it. */
async function life(start: (onMessage: (message: unknown) => void, onExit: () => void) => Started) {
  const messages: unknown[] = []
  let ended = false
  const child = start(
    (message) => messages.push(message),
    () => {
      ended = true
    },
  )
  expect(messages).toEqual([])
  await until('its first words', () => messages.length > 0)
  child.send('a word')
  await until('its answer', () => messages.length > 1)
  child.kill('SIGKILL')
  await until('its end', () => ended)
  return { pid: child.pid, messages }
}

test('a role that was started ahead is what is started, with all that it has said', async () => {
  const { launcher, ahead } = await withOneAhead()
  const { pid, messages } = await life((onMessage, onExit) => launcher.start(vrrp, { onMessage, onExit }))
  expect(pid).toBe(ahead)
  expect(messages).toEqual([{ pid, words: ['vrrp'] }, { heard: 'a word' }])
})

test('it is there once: what is started again is another', async () => {
  const { launcher, ahead } = await withOneAhead()
  await life((onMessage, onExit) => launcher.start(vrrp, { onMessage, onExit }))
  const { pid } = await life((onMessage, onExit) => launcher.start(vrrp, { onMessage, onExit }))
  expect(pid).not.toBe(ahead)
})

test('a role that is to be run otherwise than was expected is started, and the one ahead ends', async () => {
  const { launcher, ahead } = await withOneAhead()
  const settings = { nice: -5 }
  const { pid, messages } = await life((onMessage, onExit) =>
    launcher.start({ ...vrrp, settings }, { onMessage, onExit }),
  )
  expect(messages[0]).toEqual({ pid, words: ['vrrp', '--process={"nice":-5}'] })
  await isGone(ahead)
})

test('another role leaves the one ahead alone', async () => {
  const { launcher, ahead } = await withOneAhead()
  await life((onMessage, onExit) => launcher.start({ ...vrrp, role: 'checker' }, { onMessage, onExit }))
  const { pid } = await life((onMessage, onExit) => launcher.start(vrrp, { onMessage, onExit }))
  expect(pid).toBe(ahead)
})

test('what was started ahead in vain ends', async () => {
  const { launcher, ahead } = await withOneAhead()
  launcher.discard()
  await isGone(ahead)
  const { pid } = await life((onMessage, onExit) => launcher.start(vrrp, { onMessage, onExit }))
  expect(pid).not.toBe(ahead)
})
