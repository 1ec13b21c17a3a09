import { describe, expect, test } from 'vitest'
import type { Supervisor } from '../../../src/roles/supervisor/index.ts'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, router, virtualServer } from './models.ts'

type World = ReturnType<typeof fakeWorld>

const second = 1_000_000

async function running(world: World, ...[more]: Parameters<World['start']>): Promise<Supervisor> {
  const started = await world.start(more)
  if (!started.ok) throw new Error(started.error.message)
  return started.value
}

const kinds = (world: World, role: 'vrrp' | 'checker' | 'forwarding', nth = -1) =>
  world.roles
    .filter((one) => one.role === role)
    .at(nth)
    ?.heard.map(({ type }) => type)

const roleNames = (world: World) => world.roles.filter((one) => one.alive()).map(({ role }) => role)

describe('start', () => {
  test('each role with objects is offered its slice and then committed; the service manager hears READY', async () => {
    const world = fakeWorld()
    await running(world)
    expect(roleNames(world).sort()).toEqual(['checker', 'forwarding', 'vrrp'])
    for (const role of ['vrrp', 'checker', 'forwarding'] as const)
      expect(kinds(world, role)).toEqual(['offer', 'commit'])
    expect(world.told[0]).toMatch(/^READY=1\nSTATUS=1 virtual routers, 1 virtual servers$/)
    expect(world.files.get('/run/holdfast/holdfastd.pid')).toBe('42\n')
  })

  test('the signal that stops the daemon is relayed to the vrrp role that serves', async () => {
    const world = fakeWorld()
    await running(world)
    const first = world.relayedTo
    expect(first).toBe(world.living('vrrp')[0]?.pid)
    world.living('vrrp')[0]?.die()
    await world.pass(second)
    expect(world.relayedTo).toBe(world.living('vrrp')[0]?.pid)
    expect(world.relayedTo).not.toBe(first)
  })

  test('roles without objects are not started', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualServers: [] }))
    await running(world)
    expect(roleNames(world)).toEqual(['vrrp'])
  })

  test('-P starts the vrrp role only, -C the others only', async () => {
    const world = fakeWorld()
    await running(world, { checkers: false })
    expect(roleNames(world)).toEqual(['vrrp'])
    const other = fakeWorld()
    await running(other, { vrrp: false })
    expect(roleNames(other).sort()).toEqual(['checker', 'forwarding'])
  })

  test('a run directory that another daemon holds is refused before anything is read', async () => {
    const world = fakeWorld()
    world.locked = false
    expect(await world.start()).toEqual({ ok: false, error: { exitCode: 1, message: 'already running (pid 7)' } })
    expect(world.roles).toEqual([])
  })

  test('without a readable configuration it ends with 6 and the first error', async () => {
    const world = fakeWorld()
    world.loaded = { complaints: [{ severity: 'error', text: '/etc/x:1:1: error: no such file' }] }
    expect(await world.start()).toEqual({
      ok: false,
      error: { exitCode: 6, message: '/etc/x:1:1: error: no such file' },
    })
  })

  test('with --strict an error, which otherwise costs what it is about, ends it with 6', async () => {
    const world = fakeWorld()
    const complaints = [
      { severity: 'warning', text: '/etc/x:1:1: warning: an old word' },
      { severity: 'error', text: '/etc/x:2:1: error: no such id' },
    ] as const
    world.loaded = { ...world.loaded, complaints }
    expect(await world.start({ strict: true })).toEqual({
      ok: false,
      error: { exitCode: 6, message: '--strict: 1 errors, the first: /etc/x:2:1: error: no such id' },
    })
    expect(world.roles).toEqual([])
    world.loaded = { ...world.loaded, complaints: complaints.slice(0, 1) }
    expect((await world.start({ strict: true })).ok).toBe(true)
  })

  test('with nothing to run it ends with 2', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [], virtualServers: [] }))
    expect(await world.start()).toMatchObject({ ok: false, error: { exitCode: 2 } })
  })

  test('errors beside something to run do not stop the start', async () => {
    const world = fakeWorld()
    world.load(configurationFor(), { severity: 'error', text: 'x:1:1: error: this one is left out' })
    await running(world)
    expect(world.log).toContain('error x:1:1: error: this one is left out')
  })

  test('a role that refuses ends the start with its reason, and no role stays', async () => {
    const world = fakeWorld()
    world.answer = (role) => (role === 'forwarding' ? { refused: 'no BPF here' } : 'ready')
    expect(await world.start()).toEqual({ ok: false, error: { exitCode: 1, message: 'no BPF here' } })
    expect(roleNames(world)).toEqual([])
  })

  test('a role that dies before it has answered is started and asked again, and told nothing of a predecessor', async () => {
    const world = fakeWorld()
    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    const starting = world.start()
    await world.pass(0)
    for (let death = 1; death <= 4; death++) {
      if (death === 4) world.answer = () => 'ready'
      world.living('vrrp')[0]?.die()
      await world.pass(second)
    }
    expect((await starting).ok).toBe(true)
    expect(kinds(world, 'vrrp')).toEqual(['offer', 'commit'])
    expect(world.living('vrrp')[0]?.heard[0]).not.toHaveProperty('slice.resume')
    expect(world.roles.filter(({ role }) => role !== 'vrrp')).toHaveLength(2)
  })

  test('a role that dies again and again before it has answered ends the start', async () => {
    const world = fakeWorld()
    world.answer = (role) => (role === 'checker' ? 'silent' : 'ready')
    const starting = world.start()
    for (let death = 0; death < 5; death++) {
      await world.pass(second)
      world.living('checker')[0]?.die({ code: 70, signal: undefined })
    }
    await world.pass(60 * second)
    expect(await starting).toEqual({
      ok: false,
      error: { exitCode: 1, message: 'the checker role ended (exit code 70)' },
    })
    expect(world.roles.filter(({ role }) => role === 'checker')).toHaveLength(5)
    expect(roleNames(world)).toEqual([])
  })

  test('with -R one death before the answer ends the start', async () => {
    const world = fakeWorld()
    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    const starting = world.start({ respawn: false })
    await world.pass(0)
    world.living('vrrp')[0]?.die()
    await world.pass(second)
    expect(await starting).toMatchObject({ ok: false, error: { message: 'the vrrp role ended (signal SIGKILL)' } })
    expect(world.roles).toHaveLength(3)
  })

  test('a role that does not answer ends the start', async () => {
    const world = fakeWorld()
    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    const starting = world.start()
    await world.pass(61 * second)
    expect(await starting).toMatchObject({ ok: false, error: { message: 'the vrrp role does not answer' } })
  })

  test('pins of an earlier run without virtual servers now are cleared by a forwarding role that ends again', async () => {
    const world = fakeWorld()
    world.pins = true
    world.load(configurationFor({ virtualServers: [] }))
    await running(world)
    expect(kinds(world, 'forwarding')).toEqual(['offer', 'commit', 'services-wanted', 'stop'])
    expect(world.roles.find(({ role }) => role === 'forwarding')?.heard.at(-1)).toEqual({ type: 'stop', leave: false })
    expect(roleNames(world)).toEqual(['vrrp'])
  })
})

describe('reload', () => {
  test('all roles are asked before any is told to go', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.load(configurationFor({ virtualRouters: [router('VI_1', { priority: 150 })] }))
    expect(await supervisor.reload()).toEqual({ ok: true, value: undefined })
    expect(kinds(world, 'vrrp')).toEqual(['offer', 'commit', 'offer', 'commit'])
    expect(world.told.slice(1).map((state) => state.split('\n')[0])).toEqual(['RELOADING=1', 'READY=1'])
    expect(world.told[1]).toMatch(/MONOTONIC_USEC=\d+$/)
  })

  test('one role that refuses undoes it for all; its reason is kept for status', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.answer = (role) => (role === 'vrrp' ? { refused: 'eth9 is taken' } : 'ready')
    expect(await supervisor.reload()).toEqual({ ok: false, error: 'eth9 is taken' })
    expect(kinds(world, 'checker')).toEqual(['offer', 'commit', 'offer', 'withdraw'])
    expect(kinds(world, 'vrrp')).toEqual(['offer', 'commit', 'offer', 'withdraw'])
    expect((await supervisor.reports.snapshot()).lastReloadError).toBe('eth9 is taken')
  })

  const refused = [
    [
      'with an error',
      { configuration: configurationFor(), complaints: [{ severity: 'error', text: 'f:3:1: error: broken' }] },
      /^f:3:1: error: broken$/,
    ],
    [
      'that is empty',
      { configuration: configurationFor({ virtualRouters: [], virtualServers: [] }), complaints: [] },
      /^\/etc\/keepalived\/keepalived\.conf: no vrrp_instance, no virtual_server and no bfd_instance in it; .*--allow-empty/,
    ],
    ['that is missing', { complaints: [{ severity: 'error', text: 'f:1:1: error: no such file' }] }, /no such file/],
  ] as const
  for (const [what, loaded, reason] of refused)
    test(`a configuration ${what} is refused with its reason and no role hears of it`, async () => {
      const world = fakeWorld()
      const supervisor = await running(world)
      world.loaded = loaded
      const result = await supervisor.reload()
      expect(result.ok ? '' : result.error).toMatch(reason)
      for (const { heard } of world.roles) expect(heard.map(({ type }) => type)).toEqual(['offer', 'commit'])
    })

  test('checkers are told of what changes only; a new role is told everything', async () => {
    const world = fakeWorld()
    const [one, two] = [virtualServer(1), virtualServer(2)]
    world.load(configurationFor({ virtualServers: [one, two] }))
    const supervisor = await running(world)
    const other = { ...two, quorum: 2 }
    world.load(configurationFor({ virtualServers: [structuredClone(one), other] }))
    expect((await supervisor.reload()).ok).toBe(true)
    expect(world.living('checker')[0]?.heard[2]).toMatchObject({
      type: 'offer',
      slice: { virtualServers: [{ unchanged: one.key }, { key: two.key, quorum: 2 }] },
    })
    world.living('checker')[0]?.die()
    await world.pass(second)
    expect(world.living('checker')[0]?.heard[0]).toMatchObject({
      type: 'offer',
      slice: {
        virtualServers: [
          { key: one.key, quorum: 1 },
          { key: two.key, quorum: 2 },
        ],
      },
    })
  })

  test('warnings alone do not refuse it', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.load(configurationFor(), { severity: 'warning', text: 'f:3:1: warning: not supported yet' })
    expect((await supervisor.reload()).ok).toBe(true)
  })

  test('the first virtual server starts the roles it needs; the last one going ends them, with an empty list first', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualServers: [] }))
    const supervisor = await running(world)
    world.load(configurationFor())
    expect((await supervisor.reload()).ok).toBe(true)
    expect(roleNames(world).sort()).toEqual(['checker', 'forwarding', 'vrrp'])

    world.load(configurationFor({ virtualServers: [] }))
    expect((await supervisor.reload()).ok).toBe(true)
    expect(roleNames(world)).toEqual(['vrrp'])
    expect(kinds(world, 'checker')).toEqual(['offer', 'commit', 'offer', 'commit', 'stop'])
    expect(world.roles.find(({ role }) => role === 'checker')?.heard[2]).toMatchObject({
      slice: { virtualServers: [] },
    })
  })

  test('a role started for a reload that is refused does not stay', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualServers: [] }))
    const supervisor = await running(world)
    world.load(configurationFor())
    world.answer = (role) => (role === 'forwarding' ? { refused: 'no BPF here' } : 'ready')
    expect((await supervisor.reload()).ok).toBe(false)
    await world.pass(second)
    expect(roleNames(world)).toEqual(['vrrp'])
  })

  test('a role started for a reload that dies before it has answered is started again, but not after a stop', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualServers: [] }))
    const supervisor = await running(world)
    world.load(configurationFor())
    world.answer = (role) => (role === 'checker' ? 'silent' : 'ready')
    const reloading = supervisor.reload()
    await world.pass(0)
    world.living('checker')[0]?.die()
    await world.pass(second)
    expect(kinds(world, 'checker')).toEqual(['offer'])
    world.living('checker')[0]?.die()
    await world.pass(0)
    await supervisor.stop()
    expect(await reloading).toEqual({ ok: false, error: 'the daemon is stopping' })
    await world.pass(60 * second)
    expect(roleNames(world)).toEqual([])
    expect(world.roles.filter(({ role }) => role === 'checker')).toHaveLength(2)
  })

  test('one that is asked for during another is done after it, once', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    await Promise.all([supervisor.reload(), supervisor.reload(), supervisor.reload()])
    expect(kinds(world, 'vrrp')?.filter((type) => type === 'offer')).toHaveLength(3)
  })

  test('the death of a role during it refuses it; the role comes back with the old configuration', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.load(configurationFor({ virtualRouters: [router('VI_1', { priority: 150 })] }))
    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    const reloading = supervisor.reload()
    await world.pass(second)
    world.answer = () => 'ready'
    world.living('vrrp')[0]?.die()
    await world.pass(second)
    expect(await reloading).toMatchObject({ ok: false, error: 'the vrrp role ended (signal SIGKILL)' })
    const again = world.living('vrrp')[0]
    expect(again?.heard.map(({ type }) => type)).toEqual(['offer', 'commit'])
    expect(again?.heard[0]).toMatchObject({ slice: { routers: [{ priority: 100 }] } })
  })
})

describe('a role that dies', () => {
  test('is started again, offered and committed what it had', async () => {
    const world = fakeWorld()
    await running(world)
    world.living('checker')[0]?.die()
    await world.pass(second)
    expect(world.roles.filter(({ role }) => role === 'checker')).toHaveLength(2)
    expect(kinds(world, 'checker')).toEqual(['offer', 'commit'])
  })

  test('is started again at once after a healthy life, and after ever longer waits when it dies quickly', async () => {
    const world = fakeWorld()
    await running(world)
    await world.pass(20 * second)
    const waits: number[] = []
    for (let death = 0; death < 10; death++) {
      world.living('vrrp')[0]?.die()
      let waited = 0
      await world.pass(0)
      while (world.living('vrrp').length === 0 && waited < 10_000) {
        await world.pass(10_000)
        waited += 10
      }
      waits.push(waited)
    }
    expect(waits).toEqual([0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  })

  test('ends the daemon with -R', async () => {
    const world = fakeWorld()
    const supervisor = await running(world, { respawn: false })
    world.living('checker')[0]?.die()
    expect(await supervisor.done).toBe(1)
    expect(roleNames(world)).toEqual([])
  })

  test('and refuses to go on is killed and tried again', async () => {
    const world = fakeWorld()
    await running(world)
    world.answer = (role) => (role === 'vrrp' ? { refused: 'not now' } : 'ready')
    world.living('vrrp')[0]?.die()
    await world.pass(second)
    world.answer = () => 'ready'
    await world.pass(10 * second)
    expect(kinds(world, 'vrrp')).toEqual(['offer', 'commit'])
  })

  test('vrrp: the next one is told who was master, and when the last one died', async () => {
    const world = fakeWorld()
    await running(world)
    const [vrrp] = world.living('vrrp')
    vrrp?.say({ type: 'virtual-router-state', key: 'eth0/ipv4/51', name: 'VI_1', state: 'MASTER', priority: 100 })
    vrrp?.say({ type: 'virtual-router-state', key: 'eth0/ipv4/52', name: 'VI_2', state: 'MASTER', priority: 100 })
    vrrp?.say({ type: 'virtual-router-state', key: 'eth0/ipv4/52', name: 'VI_2', state: 'BACKUP', priority: 100 })
    await world.pass(3 * second)
    vrrp?.die()
    await world.pass(second)
    expect(world.living('vrrp')[0]?.heard[0]).toMatchObject({
      slice: { resume: { masters: [{ key: 'eth0/ipv4/51' }], diedAt: 1_003_000_000 } },
    })
  })

  test('vrrp: who does not serve before it dies has changed nothing; when a backup may have it, the address goes', async () => {
    const world = fakeWorld()
    await running(world)
    const entered = { type: 'virtual-router-state', key: 'eth0/ipv4/51', name: 'VI_1', state: 'MASTER', priority: 100 }
    world.living('vrrp')[0]?.say(entered)
    await world.pass(0)
    // One that comes back in time.
    world.living('vrrp')[0]?.die()
    await world.pass(5 * second)
    expect(world.swept).toEqual([])

    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    world.living('vrrp')[0]?.die()
    await world.pass(2 * second)
    world.living('vrrp')[0]?.die()
    await world.pass(0.9 * second)
    expect(world.swept).toEqual([])
    expect(world.living('vrrp')[0]?.heard[0]).toMatchObject({ slice: { resume: { diedAt: 1_005_000_000 } } })
    await world.pass(0.2 * second)
    expect(world.swept).toEqual([['VI_1']])
  })

  test('or hangs: one that says nothing for fifteen seconds is killed and started again', async () => {
    const world = fakeWorld()
    await running(world)
    await world.pass(60 * second)
    expect(world.roles).toHaveLength(3)
    world.living('checker')[0]?.hang()
    await world.pass(14 * second)
    expect(world.roles).toHaveLength(3)
    await world.pass(6 * second)
    expect(world.roles.map(({ role }) => role)).toEqual([...world.roles.slice(0, 3).map(({ role }) => role), 'checker'])
    expect(world.log).toContain('error role does not answer; it is killed {"role":"checker"}')
    expect(kinds(world, 'checker')).toEqual(['offer', 'commit'])
  })

  test('vrrp that hangs: the next one is told when it fell silent, not when it was killed', async () => {
    const world = fakeWorld()
    await running(world)
    world.living('vrrp')[0]?.say({
      type: 'virtual-router-state',
      key: 'eth0/ipv4/51',
      name: 'VI_1',
      state: 'MASTER',
      priority: 100,
    })
    await world.pass(0)
    world.living('vrrp')[0]?.hang()
    await world.pass(30 * second)
    expect(world.living('vrrp')[0]?.heard[0]).toMatchObject({ slice: { resume: { diedAt: 1_000_000_000 } } })
  })

  test('is not taken for hanging when the whole host stood still', async () => {
    const world = fakeWorld()
    await running(world)
    for (let standstill = 0; standstill < 10; standstill++) {
      world.living('checker')[0]?.hang()
      await world.pass(10 * second)
      world.standStill(60 * second)
      await world.pass(4 * second)
      world.living('checker')[0]?.recover()
      await world.pass(4 * second)
    }
    expect(world.roles).toHaveLength(3)
  })

  test('vrrp: a first one is told nothing, so that it looks for an orphan', async () => {
    const world = fakeWorld()
    await running(world)
    expect(world.living('vrrp')[0]?.heard[0]).not.toHaveProperty('slice.resume')
  })

  test('forwarding: the next one gets the complete list of services, with every change since', async () => {
    const world = fakeWorld()
    await running(world)
    const service = (last: number, scheduler: string) => ({
      service: { address: virtualServer(last).service, scheduler, onePacket: false },
      destinations: [],
    })
    const [checker] = world.living('checker')
    checker?.say({ type: 'services-wanted', complete: true, services: [service(1, 'rr'), service(2, 'rr')] })
    checker?.say({ type: 'services-wanted', complete: false, services: [service(2, 'wlc')] })
    await world.pass(0)
    expect(kinds(world, 'forwarding')).toEqual(['offer', 'commit', 'services-wanted', 'services-wanted'])
    world.living('forwarding')[0]?.die()
    await world.pass(second)
    expect(world.living('forwarding')[0]?.heard[2]).toEqual({
      type: 'services-wanted',
      order: 3,
      complete: true,
      services: [service(1, 'rr'), service(2, 'wlc')],
    })
  })

  test('forwarding: before the checker has said everything the next one is told nothing', async () => {
    const world = fakeWorld()
    await running(world)
    world.living('forwarding')[0]?.die()
    await world.pass(second)
    expect(kinds(world, 'forwarding')).toEqual(['offer', 'commit'])
  })
})

describe('stop', () => {
  test('the vrrp role ends first; then the others, then the daemon with 0 and its files', async () => {
    const world = fakeWorld()
    const supervisor = await running(world, { vrrpPidFile: '/run/vrrp.pid' })
    expect(world.files.get('/run/vrrp.pid')).toMatch(/^\d+\n$/)
    await supervisor.stop()
    expect(await supervisor.done).toBe(0)
    expect(roleNames(world)).toEqual([])
    expect(world.told.at(-1)).toMatch(/^STOPPING=1/)
    // What happened stays to be asked about.
    expect([...world.files.keys()]).toEqual(['/run/holdfast/journal'])
  })

  test('told twice, the vrrp role waits for no other router any more', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    const vrrp = world.roles.find(({ role }) => role === 'vrrp')
    void supervisor.stop()
    expect(vrrp?.heard.at(-1)).toEqual({ type: 'stop', leave: false })
    await supervisor.stop()
    expect(vrrp?.heard.slice(-2)).toEqual([{ type: 'stop', leave: false }, { type: 'stop-at-once' }])
    expect(await supervisor.done).toBe(0)
  })

  test('during a reload it wins: the reload is refused and no role is left or started', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.answer = (role) => (role === 'vrrp' ? 'silent' : 'ready')
    const reloading = supervisor.reload()
    await world.pass(second)
    await supervisor.stop()
    expect(await reloading).toEqual({ ok: false, error: 'the daemon is stopping' })
    await world.pass(60 * second)
    expect(roleNames(world)).toEqual([])
  })

  test('what a dead vrrp role may have left is taken off after the roles have ended', async () => {
    const world = fakeWorld()
    const supervisor = await running(world, { respawn: false })
    expect(world.swept).toEqual([])
    world.roles.find(({ role }) => role === 'vrrp')?.die({ code: undefined, signal: 'SIGKILL' })
    expect(await supervisor.done).toBe(1)
    expect(world.swept).toEqual([world.loaded.configuration?.virtualRouters.map(({ name }) => name)])
  })

  test('-V and -I reach the roles', async () => {
    const world = fakeWorld()
    const supervisor = await running(world, { keepAddresses: true, keepForwarding: true })
    await supervisor.stop()
    expect(world.swept).toEqual([])
    const last = (role: string) => world.roles.find((one) => one.role === role)?.heard.at(-1)
    expect(last('vrrp')).toEqual({ type: 'stop', leave: true })
    expect(last('forwarding')).toEqual({ type: 'stop', leave: true })
  })
})

describe('net_namespace', () => {
  const within = (netNamespace: string) => {
    const base = configurationFor()
    return { ...base, global: { ...base.global, netNamespace } }
  }

  test('is entered before anything is started, and a reload cannot change it', async () => {
    const world = fakeWorld()
    world.load(within('red'))
    const supervisor = await running(world)
    expect(world.namespaces).toEqual([['red', undefined]])
    world.load(within('blue'))
    const changed = await supervisor.reload()
    expect(changed.ok ? undefined : changed.error).toMatch(/net_namespace cannot change while the daemon runs/)
    world.load(within('red'))
    expect((await supervisor.reload()).ok).toBe(true)
    expect(world.namespaces).toHaveLength(1)
  })
})
