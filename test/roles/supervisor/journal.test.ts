import { expect, test } from 'vitest'
import type { ControlClient } from '../../../src/roles/supervisor/index.ts'
import { fakeWorld } from './fake-world.ts'
import { router } from './models.ts'

const second = 1_000_000
const path = '/run/holdfast/journal'

const transition = {
  at: '2026-11-21T18:00:00.000Z',
  from: 'backup',
  to: 'master',
  event: 'deadline-reached',
  cause: 'master-silent',
  because: 'no master was heard for 3.4 s',
  consequences: [{ what: 'advertised priority 100', after: 0.0002 }],
}

async function running() {
  const world = fakeWorld()
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  return { world, supervisor: started.value }
}

/** What a client of the control socket is answered. */
function client() {
  const answers: Readonly<Record<string, unknown>>[] = []
  const state = { open: true, reads: true }
  const face: Omit<ControlClient, 'sendText'> = {
    send(value) {
      answers.push(value as Readonly<Record<string, unknown>>)
      return state.reads
    },
    close() {
      state.open = false
    },
    onClosed() {},
  }
  const entries = () =>
    answers.flatMap((answer) => answer['entries'] as readonly { message: string; fields: Record<string, unknown> }[])
  return { face, state, answers, entries }
}

test('a change of state is noted with its cause and consequences, outlives the role, and goes with its virtual router', async () => {
  const { world, supervisor } = await running()
  const [vrrp] = world.living('vrrp')
  const key = 'eth0/ipv4/51'
  vrrp?.say({ type: 'virtual-router-transition', key, transition })
  await world.pass(second)
  const asked = client()
  world.control?.(asked.face, JSON.stringify({ request: 'log', name: 'VI_1' }))
  expect(asked.entries()).toMatchObject([
    {
      message: 'VI_1 entered master because no master was heard for 3.4 s',
      fields: {
        router: 'VI_1',
        from: 'backup',
        event: 'deadline-reached',
        done: 'advertised priority 100 after 0.2 ms',
      },
    },
  ])
  expect(asked.answers.at(-1)).toMatchObject({ type: 'log', more: false })
  vrrp?.die()
  await world.pass(second)
  const later = client()
  world.control?.(later.face, JSON.stringify({ request: 'log' }))
  const messages = later.entries().map(({ message }) => message)
  expect(messages).toContain('VI_1 entered master because no master was heard for 3.4 s')
  expect(messages).toContain('role ended unexpectedly')
  world.routers = [{ ...router('VI_1'), state: 'master' }]
  const [shown] = (await supervisor.reports.snapshot()).virtualRouters
  expect(shown).not.toHaveProperty('history')
  expect((await supervisor.reports.snapshot(true)).virtualRouters[0]?.history).toEqual([transition])
})

test('a daemon that follows one that was killed has its journal, one after a reboot has not', async () => {
  const { world } = await running()
  await world.pass(second)
  const text = world.files.get(path) ?? ''
  expect(text).toContain('"message":"running"')
  const next = fakeWorld()
  next.files.set(path, `${text}{"boot":"this-boot","at":1,"lev`)
  await next.start()
  const asked = client()
  next.control?.(asked.face, JSON.stringify({ request: 'log' }))
  expect(asked.entries().filter(({ message }) => message === 'running')).toHaveLength(2)
  const rebooted = fakeWorld()
  rebooted.files.set(path, text.replaceAll('this-boot', 'another-boot'))
  await rebooted.start()
  const again = client()
  rebooted.control?.(again.face, JSON.stringify({ request: 'log' }))
  expect(again.entries().filter(({ message }) => message === 'running')).toHaveLength(1)
})

test('the changes of a virtual router outlive a daemon that was killed, but not what is broken of them', async () => {
  const { world } = await running()
  const key = 'eth0/ipv4/51'
  world.living('vrrp')[0]?.say({ type: 'virtual-router-transition', key, transition })
  await world.pass(second)
  const next = fakeWorld()
  const broken = { boot: 'this-boot', at: 1, level: 'info', message: 'x', fields: {} }
  const changes = [{}, { key }, { key, transition: { ...transition, cause: 1 } }, { key: 1, transition }]
  const lines = changes.map((change) => JSON.stringify({ ...broken, change })).join('\n')
  next.files.set(path, `${world.files.get(path)}${lines}\n`)
  next.routers = [{ ...router('VI_1'), state: 'master' }]
  const started = await next.start()
  if (!started.ok) throw new Error(started.error.message)
  expect((await started.value.reports.snapshot(true)).virtualRouters[0]?.history).toEqual([transition])
})

test('who follows is told of each entry, of one name only if one was named, and is let go when it does not read', async () => {
  const { world } = await running()
  const [vrrp] = world.living('vrrp')
  const all = client()
  const other = client()
  world.control?.(all.face, JSON.stringify({ request: 'log', follow: true }))
  world.control?.(other.face, JSON.stringify({ request: 'log', follow: true, name: 'VI_9' }))
  const before = all.entries().length
  vrrp?.say({ type: 'log', level: 'info', message: 'one', fields: { router: 'VI_1' } })
  vrrp?.say({ type: 'log', level: 'debug', message: 'only for bugs', fields: { router: 'VI_9' } })
  await world.pass(0)
  expect(all.entries().slice(before)).toMatchObject([{ message: 'one', fields: { router: 'VI_1', role: 'vrrp' } }])
  expect(other.entries()).toEqual([])
  all.state.reads = false
  vrrp?.say({ type: 'log', level: 'info', message: 'two' })
  vrrp?.say({ type: 'log', level: 'info', message: 'three' })
  await world.pass(0)
  expect(all.state.open).toBe(false)
  expect(all.entries().at(-1)).toMatchObject({ message: 'two' })
})

test('what is remembered is bounded, and so is the file', async () => {
  const { world } = await running()
  const [vrrp] = world.living('vrrp')
  for (let i = 0; i < 6_000; i++)
    vrrp?.say({ type: 'log', level: 'info', message: `entry ${i}`, fields: { padding: 'x'.repeat(100) } })
  await world.pass(second)
  for (let i = 6_000; i < 6_010; i++) vrrp?.say({ type: 'log', level: 'info', message: `entry ${i}` })
  await world.pass(second)
  const asked = client()
  world.control?.(asked.face, JSON.stringify({ request: 'log' }))
  expect(asked.entries()).toHaveLength(2_000)
  expect(asked.entries().at(-1)).toMatchObject({ message: 'entry 6009' })
  expect(world.files.get(path)?.length).toBeLessThan(1024 * 1024)
})

test('only what happened since a point in time is shown', async () => {
  const { world } = await running()
  await world.pass(10 * second)
  const since = 1_700_000_000_000 + 1_000_000 + 5_000
  world.living('vrrp')[0]?.say({ type: 'log', level: 'warn', message: 'late' })
  await world.pass(0)
  const asked = client()
  world.control?.(asked.face, JSON.stringify({ request: 'log', since }))
  expect(asked.entries().map(({ message }) => message)).toEqual(['late'])
})
