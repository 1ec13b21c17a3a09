/** Scripts of MISC_CHECK in the supervisor: what it runs for the checker role, and how a run ends. */
import { expect, test } from 'vitest'
import { micros, seconds } from '../../../src/base/index.ts'
import type { MiscChecker } from '../../../src/model/index.ts'
import { question } from '../../../src/proto/health/index.ts'
import { real, timing, virtual } from '../checker/harness.ts'
import { fakeWorld, settle } from './fake-world.ts'
import { configurationFor } from './models.ts'

const second = 1_000_000
const misc = (over: Partial<MiscChecker> = {}): MiscChecker => ({
  kind: 'misc',
  timing,
  command: { argv: ['/bin/chk', 'a b'] },
  timeout: seconds(3),
  ...over,
})
const modelOf = (checker: MiscChecker) =>
  configurationFor({ virtualRouters: [], virtualServers: [virtual([real('10.0.0.1', { checkers: [checker] })])] })

async function running(checker = misc()) {
  const world = fakeWorld()
  world.load(modelOf(checker))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  await world.pass(1)
  const role = () => world.living('checker')[0]
  return {
    world,
    supervisor: started.value,
    role,
    async ask(id: number, script = question(checker)) {
      role()?.say({ type: 'run-script', id, script })
      await settle()
    },
    /** What the role was told of each. */
    told: () => (role()?.heard ?? []).flatMap(({ type, id, end }) => (type === 'script-ended' ? [[id, end]] : [])),
  }
}

test('a script is run as configured, and its end is told once', async () => {
  const { world, ask, told } = await running(misc({ command: { argv: ['/bin/chk', 'a b'], user: 'root' } }))
  await ask(1)
  expect(world.commands.map(({ command }) => command)).toEqual([{ argv: ['/bin/chk', 'a b'], user: 'root' }])
  world.commands[0]?.end(4)
  await world.pass(20 * second)
  expect(told()).toEqual([[1, { type: 'exited', code: 4 }]])
})

test('what is not configured is not run, whoever asks', async () => {
  const { world, ask, told, supervisor } = await running()
  await ask(1, question(misc({ command: { argv: ['/bin/evil'] } })))
  await ask(2, '/bin/evil')
  expect(world.commands).toEqual([])
  const refused = { type: 'not-run', reason: 'it is not configured any more' }
  expect(told()).toEqual([
    [1, refused],
    [2, refused],
  ])
  world.load(modelOf(misc({ command: { argv: ['/bin/other'] } })))
  await supervisor.reload()
  await ask(3)
  expect(world.commands).toEqual([])
})

test('one that takes too long has failed at once; it is told to end and then made to, and the next waits for it', async () => {
  const { world, ask, told } = await running()
  await ask(1)
  await world.pass(3 * second)
  expect(told()).toEqual([[1, { type: 'timed-out' }]])
  expect(world.commands[0]?.killed).toEqual(['SIGTERM'])
  await ask(2)
  expect(world.commands).toHaveLength(1)
  await world.pass(2 * second)
  expect(world.commands[0]?.killed).toEqual(['SIGTERM', 'SIGKILL'])
  world.commands[0]?.end(0)
  await settle()
  expect(world.commands).toHaveLength(2)
  world.commands[1]?.end(0)
  await world.pass(20 * second)
  expect(told()).toEqual([
    [1, { type: 'timed-out' }],
    [2, { type: 'exited', code: 0 }],
  ])
})

test('one that no signal reaches is there once, and each run that waits for it fails in its time', async () => {
  const { world, ask, told } = await running()
  await ask(1)
  await world.pass(3 * second)
  await ask(2)
  await world.pass(3 * second)
  await ask(3)
  await world.pass(3 * second)
  expect(told().map(([id, end]) => [id, (end as { type: string }).type])).toEqual([
    [1, 'timed-out'],
    [2, 'timed-out'],
    [3, 'timed-out'],
  ])
  expect(world.commands).toHaveLength(1)
  expect(world.commands[0]?.killed).toEqual(['SIGTERM', 'SIGKILL'])
  await world.pass(10 * second)
  expect(world.commands[0]?.killed.at(-1)).toBe('SIGKILL')
})

test('one that nobody waits for any more is ended, and so are those of a role that dies', async () => {
  const { world, ask, told, role } = await running(misc({ timeout: micros(3_600 * second) }))
  await ask(1)
  role()?.say({ type: 'end-script', id: 1 })
  await settle()
  expect(world.commands[0]?.killed).toEqual(['SIGTERM'])
  world.commands[0]?.end(0)
  await settle()
  expect(told()).toEqual([])
  await ask(2)
  role()?.die()
  await settle()
  expect(world.commands[1]?.killed).toEqual(['SIGTERM'])
})

test('one that script security forbids says why', async () => {
  const world = fakeWorld()
  const model = modelOf(misc())
  world.load({ ...model, global: { ...model.global, enableScriptSecurity: true } })
  await world.start()
  await world.pass(1)
  const role = world.living('checker')[0]
  role?.say({ type: 'run-script', id: 1, script: question(misc()) })
  await settle()
  const reason = 'enable_script_security is on and no user is set; add script_user or create keepalived_script'
  expect(role?.heard.at(-1)).toEqual({ type: 'script-ended', id: 1, end: { type: 'not-run', reason } })
})
