/** Tracked scripts and files in the supervisor: how they are run and read, and what the vrrp role hears. */
import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import type { TrackScript } from '../../../src/model/index.ts'
import { fakeWorld, settle } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

const second = 1_000_000
const script: TrackScript = {
  name: 'chk',
  command: { argv: ['/bin/chk'] },
  interval: seconds(2),
  timeout: seconds(1),
  rise: 1,
  fall: 2,
  initFail: false,
}
const model = (more: Parameters<typeof configurationFor>[0]) =>
  configurationFor({
    virtualRouters: [router('VI_1', { tracks: [{ kind: 'script', name: 'chk', weight: 0, reverse: false }] })],
    virtualServers: [],
    ...more,
  })

async function running(more: Parameters<typeof configurationFor>[0]) {
  const world = fakeWorld()
  world.load(model(more))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  await world.pass(1)
  return { world, supervisor: started.value }
}
const heard = (world: ReturnType<typeof fakeWorld>) =>
  (world.living('vrrp')[0]?.heard ?? []).flatMap((message) =>
    message['type'] === 'observed' ? (message['observed'] as { key: string; observation: object }[]) : [],
  )

test('a script is run at once and then at its interval, and the role hears of changes only', async () => {
  const { world } = await running({ trackScripts: [script] })
  expect(world.commands.map(({ command }) => command.argv)).toEqual([['/bin/chk']])
  world.commands[0]?.end(0)
  await settle()
  expect(heard(world)).toEqual([{ key: 'script chk', observation: { type: 'good' } }])
  for (const result of [1, 0, 1, 1]) {
    await world.pass(2 * second)
    world.commands.at(-1)?.end(result)
    await settle()
  }
  expect(heard(world).at(-1)).toEqual({
    key: 'script chk',
    observation: { type: 'bad', reason: 'ended with exit code 1' },
  })
  expect(heard(world)).toHaveLength(2)
})

test('the role begins with scripts of init_fail as failed, at a start and in a reload, and is told when they succeed', async () => {
  const failing = { ...script, initFail: true }
  const { world, supervisor } = await running({ trackScripts: [failing] })
  const offered = () => {
    const offers = world.living('vrrp')[0]?.heard.filter(({ type }) => type === 'offer') ?? []
    return (offers.at(-1)?.['slice'] as { observed?: readonly object[] } | undefined)?.observed
  }
  const notYet = (name: string) => ({
    key: `script ${name}`,
    observation: { type: 'bad', reason: 'has not run yet' },
  })
  expect(offered()).toEqual([notYet('chk')])
  world.commands[0]?.end(0)
  await settle()
  expect(heard(world).at(-1)).toEqual({ key: 'script chk', observation: { type: 'good' } })
  world.load(model({ trackScripts: [failing, { ...failing, name: 'new' }, { ...script, name: 'eager' }] }))
  await supervisor.reload()
  expect(offered()).toEqual([notYet('new')])
  world.load(model({ trackScripts: [{ ...failing, command: { argv: ['/bin/other'] } }] }))
  await supervisor.reload()
  expect(offered()).toEqual([notYet('chk')])
})

test('why a script has failed is told also after a reload that changes how it is run, and while it recovers', async () => {
  const { world, supervisor } = await running({ trackScripts: [{ ...script, rise: 3 }] })
  const bad = { key: 'script chk', observation: { type: 'bad', reason: 'ended with exit code 3' } }
  world.commands[0]?.end(3)
  await settle()
  expect(heard(world)).toEqual([bad])
  await world.pass(2 * second)
  world.commands.at(-1)?.end(0)
  await settle()
  world.load(model({ trackScripts: [{ ...script, rise: 3, interval: seconds(5) }] }))
  expect(await supervisor.reload()).toMatchObject({ ok: true })
  await settle()
  expect(heard(world).at(-1)).toEqual(bad)
})

test('one that hangs has failed at its time-out, gets SIGTERM and SIGKILL, and holds nothing up', async () => {
  const { world } = await running({ trackScripts: [script] })
  await world.pass(1.1 * second)
  expect(heard(world)).toEqual([{ key: 'script chk', observation: { type: 'bad', reason: 'takes longer than 1 s' } }])
  await world.pass(2 * second)
  expect(world.commands[0]?.killed).toEqual(['SIGTERM', 'SIGKILL'])
  expect(world.commands).toHaveLength(1)
})

test('a script that may not be run is said once, with the reason, and counts for nothing', async () => {
  const world = fakeWorld()
  world.unsafe = '/opt belongs to alice (mode 0755), not to root'
  world.load(
    model({
      trackScripts: [{ ...script, command: { argv: ['/opt/chk'], user: 'root' } }],
      global: { ...configurationFor().global, enableScriptSecurity: true },
    }),
  )
  await world.start()
  await world.pass(10 * second)
  expect(world.commands).toHaveLength(0)
  expect(heard(world)).toEqual([{ key: 'script chk', observation: { type: 'ignored' } }])
  expect(world.log.filter((line) => line.includes('/opt belongs to alice'))).toHaveLength(1)
})

test('a role that is started again is told with its offer what is known', async () => {
  const { world } = await running({ trackScripts: [script] })
  world.commands[0]?.end(0)
  await settle()
  world.living('vrrp')[0]?.die()
  await world.pass(second)
  const offer = world.living('vrrp')[0]?.heard.find((message) => message['type'] === 'offer')
  expect(offer?.['slice']).toMatchObject({ observed: [{ key: 'script chk', observation: { type: 'good' } }] })
})

test('a reload goes on with a script of the same command, and ends one that is gone', async () => {
  const { world, supervisor } = await running({ trackScripts: [script] })
  world.commands[0]?.end(0)
  await settle()
  world.load(model({ trackScripts: [{ ...script, interval: seconds(5) }] }))
  await supervisor.reload()
  await world.pass(1)
  world.commands.at(-1)?.end(0)
  await settle()
  expect(world.commands).toHaveLength(2)
  await world.pass(5 * second)
  world.load(model({ trackScripts: [], virtualRouters: [router('VI_1')] }))
  await supervisor.reload()
  expect(world.commands.at(-1)?.killed).toEqual(['SIGTERM'])
  const before = world.commands.length
  await world.pass(20 * second)
  expect(world.commands).toHaveLength(before)
})

test('a stop ends what runs', async () => {
  const { world, supervisor } = await running({ trackScripts: [script] })
  const stopped = supervisor.stop()
  await world.pass(second)
  await stopped
  expect(world.commands[0]?.killed).toEqual(['SIGTERM'])
})

const file = { name: 'load', path: '/run/load' }
const tracksFile = {
  virtualRouters: [router('VI_1', { tracks: [{ kind: 'file' as const, name: 'load', weight: 1, reverse: false }] })],
}

test('a file is read at the start and at each change; missing, empty and nonsense are 0', async () => {
  const { world } = await running({ ...tracksFile, trackFiles: [file] })
  const value = () => heard(world).at(-1)?.observation
  expect(value()).toEqual({ type: 'value', value: 0 })
  const write = async (text: string | undefined, wait = 0.02) => {
    if (text === undefined) world.files.delete('/run/load')
    else world.files.set('/run/load', text)
    world.watched.get('/run/load')?.()
    await world.pass(wait * second)
  }
  await write('-17\n')
  expect(value()).toEqual({ type: 'value', value: -17 })
  await write('')
  expect(value()).toEqual({ type: 'value', value: -17 })
  await write('23')
  expect(value()).toEqual({ type: 'value', value: 23 })
  await write('', 0.2)
  expect(value()).toEqual({ type: 'value', value: 0 })
  await write('5')
  await write('five')
  expect(value()).toEqual({ type: 'value', value: 0 })
  await write('6')
  await write(undefined)
  expect(value()).toEqual({ type: 'value', value: 0 })
})

test.each([
  ['7x', 7, 'more than a number'],
  ['7 8', 7, 'more than a number'],
  ['7.9', 7, 'more than a number'],
  ['1e2', 1, 'more than a number'],
  ['12\n13', 12, 'more than a number'],
  ['0x10', 16, undefined],
  ['0XfF', 255, undefined],
  ['010', 8, undefined],
  ['09', 0, 'more than a number'],
  ['0x', 0, 'more than a number'],
  ['-0', 0, undefined],
  ['\t+6 \n', 6, undefined],
  ['-4x', -4, 'more than a number'],
  ['2147483647', 2147483647, undefined],
  ['-2147483648', -2147483648, undefined],
  ['3000000000', 0, 'a number of more than 32 bits'],
  ['-99999999999999999999', 0, 'a number of more than 32 bits'],
  ['x', 0, 'no number'],
  ['- 4', 0, 'no number'],
])('a file with %j counts as keepalived 2.2.7 counts it: %i', async (text, value, wrong) => {
  const { world } = await running({ ...tracksFile, trackFiles: [file] })
  world.files.set('/run/load', text)
  world.watched.get('/run/load')?.()
  await world.pass(0.02 * second)
  expect(heard(world).at(-1)?.observation).toEqual({ type: 'value', value })
  const told = world.log.filter((line) => line.includes('tracked file is not as it should be'))
  expect(told).toEqual(wrong === undefined ? [] : [expect.stringContaining(wrong)])
})

test('init_file writes a missing file at the start, with overwrite any, and on a reload none', async () => {
  const { world, supervisor } = await running({
    ...tracksFile,
    trackFiles: [{ ...file, init: { value: 7, overwrite: false } }],
  })
  expect(world.files.get('/run/load')).toBe('7\n')
  world.files.set('/run/load', '9')
  world.load(model({ ...tracksFile, trackFiles: [{ ...file, init: { value: 8, overwrite: true } }] }))
  await supervisor.reload()
  expect(world.files.get('/run/load')).toBe('9')
  expect(heard(world).at(-1)?.observation).toEqual({ type: 'value', value: 9 })
})
