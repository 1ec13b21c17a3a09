import { expect, test } from 'vitest'
import type { DaemonSettings } from '../../../src/model/index.ts'
import { readReloadTime } from '../../../src/roles/supervisor/reload-time.ts'
import { fakeWorld } from './fake-world.ts'
import { configurationFor } from './models.ts'

const second = 1_000_000
const now = new Date(2026, 10, 21, 12, 0, 0).getTime()
const local = (...fields: [number, number, number, number, number, number]) => new Date(...fields).getTime()

const times: readonly (readonly [string, ReturnType<typeof readReloadTime>])[] = [
  ['12:00:01\n', { at: local(2026, 10, 21, 12, 0, 1), daily: true }],
  ['11:59:59', { at: local(2026, 10, 22, 11, 59, 59), daily: true }],
  ['26-11-22 08:30:00', { at: local(2026, 10, 22, 8, 30, 0), daily: false }],
  ['2026-11-22 08:30:00', { at: local(2026, 10, 22, 8, 30, 0), daily: false }],
  ['2026-11-22 08:30:00 Z', { at: Date.UTC(2026, 10, 22, 8, 30, 0), daily: false }],
  ['2026-11-20 08:30:00', undefined],
  ['2027-02-30 08:30:00', undefined],
  ['24:00:00', undefined],
  ['soon', undefined],
  ['', undefined],
]
for (const [text, time] of times)
  test(`reload_time_file with ${JSON.stringify(text)}`, () => expect(readReloadTime(text, now)).toEqual(time))

function withSettings(daemon: DaemonSettings) {
  const base = configurationFor()
  return { ...base, global: { ...base.global, daemon } }
}

async function running(daemon: DaemonSettings, files: Readonly<Record<string, string>> = {}) {
  const world = fakeWorld()
  for (const [path, text] of Object.entries(files)) world.files.set(path, text)
  world.load(withSettings(daemon))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  return { world, supervisor: started.value }
}
const reloads = (world: ReturnType<typeof fakeWorld>) =>
  world.log.filter((line) => line.startsWith('info reloading')).length

/** The world's wall clock begins in UTC at 22:30:00 of 2023-11-14. */
const path = '/etc/reload.time'

test('a reload happens at the time in the file, which is removed then', async () => {
  const { world } = await running({ reloadTimeFile: path }, { [path]: '2023-11-14 22:40:00 Z\n' })
  await world.pass(9 * 60 * second)
  expect(reloads(world)).toBe(0)
  await world.pass(60 * second)
  expect(reloads(world)).toBe(1)
  expect(world.files.has(path)).toBe(false)
})

test('with reload_repeat a time of day stays, and comes again', async () => {
  const { world } = await running({ reloadTimeFile: path, reloadRepeat: true }, { [path]: '22:40:00Z' })
  await world.pass(49 * 3_600 * second)
  expect(reloads(world)).toBe(3)
  expect(world.files.has(path)).toBe(true)
})

test('a file that is written later counts, one that is taken away or holds nonsense does not', async () => {
  const { world } = await running({ reloadTimeFile: path })
  const write = async (text: string) => {
    world.files.set(path, text)
    world.watched.get(path)?.()
    await world.pass(second)
  }
  await write('22:50:00Z')
  await write('tomorrow')
  expect(world.log.some((line) => line.startsWith('warn no time for a reload'))).toBe(true)
  await world.pass(3_600 * second)
  expect(reloads(world)).toBe(0)
  await write('23:40:00Z')
  await world.pass(3_600 * second)
  expect(reloads(world)).toBe(1)
})

test('reload_file is there exactly while the configuration is read', async () => {
  const marker = '/run/holdfast/keepalived.reload'
  const { world, supervisor } = await running({ reloadFile: '' }, { [marker]: 'stale' })
  expect(world.files.has(marker)).toBe(false)
  const seen: boolean[] = []
  const { loaded } = world
  Object.defineProperty(world, 'loaded', {
    get() {
      seen.push(world.files.has(marker))
      return loaded
    },
  })
  await supervisor.reload()
  expect(seen).toEqual([true])
  expect(world.files.has(marker)).toBe(false)
})

test('names and masks are the configuration’s, and go back when it says nothing any more', async () => {
  const { world, supervisor } = await running({ processName: 'keepalived', umask: 0o22 })
  world.load(configurationFor())
  await supervisor.reload()
  expect(world.settings.at(0)).toMatchObject({ processName: 'keepalived', umask: 0o22 })
  expect(world.settings.at(-1)).toEqual({})
})

test('config_save_dir keeps a copy of what took effect, and of nothing else', async () => {
  const { world, supervisor } = await running({ configurationCopies: '/var/lib/copies' })
  world.loaded = { ...world.loaded, text: 'second' }
  await supervisor.reload()
  world.loaded = { ...world.loaded, text: 'broken', complaints: [{ severity: 'error', text: 'f:1:1: error: broken' }] }
  await supervisor.reload()
  const copies = [...world.files].filter(([path]) => path.startsWith('/var/lib/copies/'))
  expect(copies).toEqual([['/var/lib/copies/keepalived.conf.42.1', 'second']])
})

test('instance is in the log, the pid file and, with data_use_instance, the dumps; it cannot change', async () => {
  const { world, supervisor } = await running({
    instance: 'blue',
    dumpsWithInstance: true,
    statsDumpFile: '/d.x/stats',
  })
  expect(world.instances).toEqual(['blue'])
  expect(world.files.has('/run/holdfast/holdfastd_blue.pid')).toBe(true)
  expect(await supervisor.reports.dump()).toEqual({ ok: true, value: '/tmp/keepalived.blue.data' })
  expect(await supervisor.reports.dumpStatistics()).toEqual({ ok: true, value: '/d.x/stats.blue' })
  const { global } = world.loaded.configuration ?? configurationFor()
  const inRed = { ...configurationFor(), global: { ...global, netNamespace: 'red' } }
  const other = fakeWorld()
  other.load(inRed)
  const started = await other.start()
  expect(started.ok && (await started.value.reports.dump())).toEqual({
    ok: true,
    value: '/tmp/keepalived.red_blue.data',
  })
  world.load(withSettings({ instance: 'green' }))
  expect(await supervisor.reload()).toMatchObject({
    ok: false,
    error: expect.stringContaining('instance cannot change'),
  })
  await supervisor.stop()
  expect(world.files.has('/run/holdfast/holdfastd_blue.pid')).toBe(false)
})

test('an instance alone leaves the names of dumps as they are, and -p counts more', async () => {
  const world = fakeWorld()
  world.load(withSettings({ instance: 'blue' }))
  const started = await world.start({ pidFile: '/run/ka.pid' })
  expect(started.ok && (await started.value.reports.dump())).toEqual({ ok: true, value: '/tmp/keepalived.data' })
  expect(world.files.has('/run/ka.pid')).toBe(true)
})

test('reload_check_config FILE has what the last check said, good or bad, and nothing when that was nothing', async () => {
  const report = '/var/log/check'
  const { world, supervisor } = await running({ reloadCheckLog: report })
  const good = world.loaded
  expect(world.files.has(report)).toBe(false)
  const complaints = [
    { severity: 'warning', text: 'f:1:1: warning: odd' },
    { severity: 'error', text: 'f:2:1: error: broken' },
  ] as const
  world.loaded = { ...good, complaints }
  expect((await supervisor.reload()).ok).toBe(false)
  expect(world.files.get(report)).toBe('f:1:1: warning: odd\nf:2:1: error: broken\n')
  // What no single line is to blame for.
  world.loaded = { complaints: [] }
  await supervisor.reload()
  expect(world.files.get(report)).toMatch(/: no configuration that could be used\n$/)
  world.loaded = good
  expect((await supervisor.reload()).ok).toBe(true)
  expect(world.files.get(report)).toBe('')
})
