/** What the supervisor remembers and runs: scripts, health, the control socket, dumps. */
import { describe, expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { realServerKey, serviceKey } from '../../../src/model/index.ts'
import type { HealthRecord } from '../../../src/roles/ipc/index.ts'
import type { Supervisor } from '../../../src/roles/supervisor/index.ts'
import { fakeWorld, settle } from './fake-world.ts'
import { configurationFor, realServer, router, virtualServer } from './models.ts'

type World = ReturnType<typeof fakeWorld>

const second = 1_000_000
const script = (name: string) => ({ argv: [`/etc/${name}`] })

async function running(world: World, ...[more]: Parameters<World['start']>): Promise<Supervisor> {
  const started = await world.start(more)
  if (!started.ok) throw new Error(started.error.message)
  return started.value
}

const ran = (world: World) => world.commands.map(({ command }) => command.argv.join(' '))

const state = (name: string, entered: string, more: object = {}) => ({
  type: 'virtual-router-state',
  key: 'eth0/ipv4/51',
  name,
  state: entered,
  priority: 100,
  ...more,
})

const health = (up: boolean, more: Partial<HealthRecord> = {}): HealthRecord => ({
  serviceKey: virtualServer(1).key,
  realServerKey: realServerKey(realServer(1)),
  up,
  failedCheckers: up ? [] : ['["tcp",["192.0.2.1",80]]'],
  since: '2026-01-01T00:00:00.000Z',
  ...more,
})

describe('scripts of a virtual router', () => {
  const notify = { master: script('master'), backup: script('backup'), deleted: script('deleted'), any: script('any') }

  test('the specific one runs, and after it the general one with INSTANCE NAME STATE PRIORITY', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [router('VI_1', { notify })] }))
    await running(world)
    world.living('vrrp')[0]?.say(state('VI_1', 'MASTER'))
    await settle()
    expect(ran(world)).toEqual(['/etc/master'])
    world.commands[0]?.end()
    expect(ran(world)).toEqual(['/etc/master', '/etc/any INSTANCE VI_1 MASTER 100'])
  })

  test('they run in the order of the changes, one after the other', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [router('VI_1', { notify: { any: script('any') } })] }))
    await running(world)
    for (const entered of ['BACKUP', 'MASTER', 'BACKUP']) world.living('vrrp')[0]?.say(state('VI_1', entered))
    await settle()
    expect(ran(world)).toEqual(['/etc/any INSTANCE VI_1 BACKUP 100'])
    world.commands[0]?.end(3)
    world.commands[1]?.end()
    expect(ran(world).map((line) => line.split(' ')[3])).toEqual(['BACKUP', 'MASTER', 'BACKUP'])
  })

  test('one that hangs holds up the next for five seconds only', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [router('VI_1', { notify: { any: script('any') } })] }))
    await running(world)
    for (const entered of ['BACKUP', 'MASTER']) world.living('vrrp')[0]?.say(state('VI_1', entered))
    await world.pass(4.9 * second)
    expect(ran(world)).toHaveLength(1)
    await world.pass(0.2 * second)
    expect(ran(world)).toHaveLength(2)
  })

  test('a state that is entered again, or resumed after a restart, runs nothing', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [router('VI_1', { notify: { any: script('any') } })] }))
    await running(world)
    world.living('vrrp')[0]?.say(state('VI_1', 'MASTER', { resumed: true }))
    world.living('vrrp')[0]?.say(state('VI_1', 'MASTER'))
    await settle()
    expect(ran(world)).toEqual([])
  })

  test('a router that a reload removed still has its last script', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualRouters: [router('VI_1', { notify })] }))
    const supervisor = await running(world)
    world.load(configurationFor({ virtualRouters: [router('VI_2', { virtualRouterId: 52 })] }))
    await supervisor.reload()
    world.living('vrrp')[0]?.say(state('VI_1', 'DELETED'))
    await settle()
    expect(ran(world)).toEqual(['/etc/deleted'])
  })
})

describe('whom a script runs as', () => {
  const notify = { any: script('any') }
  type Case = {
    readonly users?: string[]
    readonly security?: true
    readonly unsafe?: string
    readonly scriptUser?: string
    readonly own?: string
  }
  async function runAs({ users = ['root'], security, unsafe, scriptUser, own }: Case) {
    const world = fakeWorld()
    world.users = users
    world.unsafe = unsafe
    const configuration = configurationFor({
      virtualRouters: [
        router('VI_1', { notify: { any: own === undefined ? notify.any : { ...notify.any, user: own } } }),
      ],
    })
    world.load({
      ...configuration,
      global: {
        ...configuration.global,
        enableScriptSecurity: security === true,
        ...(scriptUser === undefined ? {} : { scriptUser: { user: scriptUser } }),
      },
    })
    await running(world)
    world.living('vrrp')[0]?.say(state('VI_1', 'MASTER'))
    await settle()
    const [run] = world.commands
    return run === undefined ? 'not run' : (run.command.user ?? 'ourselves')
  }
  const rows: readonly [claim: string, circumstances: Case, user: string][] = [
    ['its own user beats all', { own: 'alice', scriptUser: 'bob', users: ['keepalived_script'] }, 'alice'],
    ['script_user beats the default user', { scriptUser: 'bob', users: ['keepalived_script'] }, 'bob'],
    ['keepalived_script, where that user exists', { users: ['keepalived_script'] }, 'keepalived_script'],
    ['else the daemon itself', {}, 'ourselves'],
    ['but with enable_script_security a script without a user is not run', { security: true }, 'not run'],
    ['nor as root one that others can change', { security: true, scriptUser: 'root', unsafe: 'writable' }, 'not run'],
    [
      'whatever its name',
      { security: true, scriptUser: 'toor', users: ['root', 'toor'], unsafe: 'writable' },
      'not run',
    ],
    ['while without it that one runs', { scriptUser: 'root', unsafe: 'writable' }, 'root'],
    ['and as another user it runs', { security: true, scriptUser: 'bob', unsafe: 'writable' }, 'bob'],
  ]
  for (const [claim, circumstances, user] of rows)
    test(claim, async () => expect(await runAs(circumstances)).toBe(user))
})

describe('scripts of servers', () => {
  const server = virtualServer(1, {
    omega: true,
    quorumUp: script('quorum-up'),
    quorumDown: script('quorum-down'),
    realServers: [realServer(1, { notifyUp: script('up'), notifyDown: script('down') })],
  })

  const changed = (up: boolean, announce = true) => ({ type: 'real-server-health', record: health(up), announce })
  const quorum = (up: boolean, announce = true) => ({
    type: 'quorum',
    serviceKey: server.key,
    up,
    sorryServerInUse: false,
    announce,
  })
  const wanted = (complete = false) => ({
    type: 'services-wanted',
    complete,
    services: [{ service: { address: server.service, scheduler: 'rr', onePacket: false }, destinations: [] }],
  })
  const orders = (world: World) =>
    world
      .living('forwarding')[0]
      ?.heard.flatMap((heard) => (heard['type'] === 'services-wanted' ? [heard['order']] : []))
  const applied = (order: number, ...failures: object[]) => ({ type: 'services-applied', order, failures })

  async function serving(world: World): Promise<Supervisor> {
    world.load(configurationFor({ virtualServers: [server] }))
    const supervisor = await running(world)
    world.living('checker')[0]?.say(wanted(true))
    await settle()
    world.living('forwarding')[0]?.say(applied(1))
    await settle()
    return supervisor
  }
  const say = async (world: World, role: 'checker' | 'forwarding', ...messages: object[]) => {
    for (const message of messages) world.living(role)[0]?.say({ ...message })
    await settle()
  }

  test('what is to be announced runs notify_up or notify_down, in order; what is only known runs nothing', async () => {
    const world = fakeWorld()
    await serving(world)
    for (const [up, announce] of [
      [true, false],
      [false, true],
      [false, false],
      [true, true],
    ] as const) {
      await say(world, 'checker', changed(up, announce))
      world.commands.at(-1)?.end()
    }
    expect(ran(world)).toEqual(['/etc/down', '/etc/up'])
  })

  test('a quorum runs its script when the checker says so, not when it was so before', async () => {
    const world = fakeWorld()
    await serving(world)
    await say(world, 'checker', quorum(false, false), quorum(true), quorum(false))
    world.commands[0]?.end()
    expect(ran(world)).toEqual(['/etc/quorum-up', '/etc/quorum-down'])
  })

  test('a quorum that another checker role finds as it was runs no script again', async () => {
    const world = fakeWorld()
    await serving(world)
    await say(world, 'checker', quorum(true), quorum(true))
    expect(ran(world)).toEqual(['/etc/quorum-up'])
  })

  test('scripts wait until the forwarding table is as they tell', async () => {
    const world = fakeWorld()
    await serving(world)
    await say(world, 'checker', wanted(), changed(false), quorum(false))
    expect([orders(world), ran(world)]).toEqual([[1, 2], []])
    await say(world, 'forwarding', applied(2))
    expect(ran(world)).toEqual(['/etc/down', '/etc/quorum-down'])
  })

  test('a failure that is retried is waited for, one that stays is not', async () => {
    const world = fakeWorld()
    await serving(world)
    const failure = { serviceKey: server.key, reason: 'the table is full' }
    await say(world, 'checker', wanted(), changed(false))
    await say(world, 'forwarding', applied(2, failure))
    expect(ran(world)).toEqual([])
    await say(world, 'forwarding', applied(2, { ...failure, final: true }))
    expect(ran(world)).toEqual(['/etc/down'])
  })

  test('scripts of a group wait for each of its services', async () => {
    const world = fakeWorld()
    const second = { kind: 'address', protocol: 'tcp', address: address('203.0.113.200'), port: 80 } as const
    const whole = { ...server, group: { name: 'G', others: [second] } }
    world.load(configurationFor({ virtualServers: [whole] }))
    await running(world)
    await say(world, 'checker', wanted(true))
    await say(world, 'forwarding', applied(1))
    await say(world, 'checker', wanted(), changed(false))
    await say(world, 'forwarding', applied(2, { serviceKey: serviceKey(second), reason: 'the table is full' }))
    expect(ran(world)).toEqual([])
    await say(world, 'forwarding', applied(2))
    expect(ran(world)).toEqual(['/etc/down'])
  })

  test('a forwarding role that dies is given what it missed, and then the scripts run', async () => {
    const world = fakeWorld()
    await serving(world)
    await say(world, 'checker', wanted(), changed(false))
    world.living('forwarding')[0]?.die()
    await world.pass(second)
    expect(orders(world)).toEqual([3])
    await say(world, 'forwarding', applied(3))
    expect(ran(world)).toEqual(['/etc/down'])
  })

  test('without an answer they run after five seconds, and the log says so', async () => {
    const world = fakeWorld()
    await serving(world)
    await say(world, 'checker', wanted(), changed(false))
    await world.pass(4.9 * second)
    expect(ran(world)).toEqual([])
    await world.pass(0.2 * second)
    expect(ran(world)).toEqual(['/etc/down'])
    expect(world.log.find((line) => line.startsWith('warn scripts run before'))).toContain(server.key)
  })

  test('a virtual server that a reload removes has its last scripts', async () => {
    const world = fakeWorld()
    const supervisor = await serving(world)
    world.load(configurationFor({ virtualServers: [virtualServer(2)] }))
    await supervisor.reload()
    const { serviceKey, realServerKey: key } = health(false)
    await say(
      world,
      'checker',
      { type: 'services-wanted', complete: true, services: [] },
      { type: 'real-server-removed', serviceKey, realServerKey: key },
      quorum(false),
    )
    expect(ran(world)).toEqual([])
    await say(world, 'forwarding', applied(2))
    expect(ran(world)).toEqual(['/etc/down', '/etc/quorum-down'])
  })

  test('at a stop nobody waits for the table', async () => {
    const world = fakeWorld()
    const supervisor = await serving(world)
    await say(world, 'checker', wanted(), changed(false))
    const stopping = supervisor.stop()
    await world.pass(5.1 * second)
    await stopping
    expect(ran(world)).toEqual(['/etc/down', '/etc/quorum-down'])
  })

  test('with omega the stop tells that all goes down, and gives the scripts five seconds', async () => {
    const world = fakeWorld()
    world.load(configurationFor({ virtualServers: [server] }))
    const supervisor = await running(world)
    const stopping = supervisor.stop()
    await world.pass(4.9 * second)
    expect(ran(world)).toEqual(['/etc/down', '/etc/quorum-down'])
    expect(world.commands.map(({ killed }) => killed)).toEqual([[], []])
    await world.pass(0.2 * second)
    await stopping
    expect(world.commands.map(({ killed }) => killed)).toEqual([['SIGTERM'], ['SIGTERM']])
  })
})

describe('startup_script and shutdown_script', () => {
  test('run before the first role and after the last', async () => {
    const world = fakeWorld()
    const configuration = configurationFor()
    world.load({
      ...configuration,
      global: { ...configuration.global, startupScript: script('startup'), shutdownScript: script('shutdown') },
    })
    const starting = world.start()
    await settle()
    expect(world.roles).toEqual([])
    world.commands[0]?.end()
    const started = await starting
    if (!started.ok) throw new Error(started.error.message)
    const stopping = started.value.stop()
    await settle()
    expect([ran(world).at(-1), world.roles.some((one) => one.alive())]).toEqual(['/etc/shutdown', false])
    world.commands[1]?.end()
    await stopping
  })
})

describe('health', () => {
  const file = '/run/holdfast/health.json'

  test('is kept on disk at a change and told to the next checker', async () => {
    const world = fakeWorld()
    await running(world)
    world.living('checker')[0]?.say({ type: 'real-server-health', record: health(false), announce: false })
    await world.pass(second)
    expect(JSON.parse(world.files.get(file) ?? '')).toMatchObject({ bootId: 'this-boot', records: [{ up: false }] })
    world.living('checker')[0]?.die()
    await world.pass(second)
    expect(world.living('checker')[0]?.heard[0]).toMatchObject({ slice: { health: [health(false)] } })
  })

  test('of a daemon that was killed is told to the first checker of the next, without scripts', async () => {
    const world = fakeWorld()
    world.files.set(
      file,
      JSON.stringify({ bootId: 'this-boot', writtenAt: 1_700_000_999_000, records: [health(false)] }),
    )
    world.load(
      configurationFor({
        virtualServers: [virtualServer(1, { realServers: [realServer(1, { notifyDown: script('down') })] })],
      }),
    )
    await running(world)
    expect(world.living('checker')[0]?.heard[0]).toMatchObject({ slice: { health: [health(false)] } })
    world.living('checker')[0]?.say({ type: 'real-server-health', record: health(false), announce: false })
    await settle()
    expect(ran(world)).toEqual([])
  })

  test('is on disk a second after a change at the latest, though others follow without end', async () => {
    const world = fakeWorld()
    await running(world)
    for (let i = 0; i < 22; i++) {
      world.living('checker')[0]?.say({ type: 'real-server-health', record: health(i % 2 === 0), announce: false })
      await world.pass(0.05 * second)
    }
    const { records } = JSON.parse(world.files.get(file) ?? '{}') as { records?: readonly HealthRecord[] }
    expect(records).toHaveLength(1)
  })

  test('of all servers is written every 15 seconds, and in between of those that change', async () => {
    const world = fakeWorld()
    await running(world)
    const say = (realServerKey: string, up: boolean) =>
      world.living('checker')[0]?.say({
        type: 'real-server-health',
        record: { ...health(up), realServerKey },
        announce: false,
      })
    const written = () =>
      (world.files.get(file) ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { records: readonly HealthRecord[] }).records.map(({ up }) => up))
    for (const server of ['192.0.2.1:80', '192.0.2.2:80', '192.0.2.3:80']) say(server, true)
    await world.pass(second)
    expect(written()).toEqual([[true, true, true]])
    say('192.0.2.2:80', false)
    await world.pass(second)
    say('192.0.2.3:80', false)
    say('192.0.2.2:80', true)
    await world.pass(second)
    expect(written()).toEqual([[true, true, true], [false], [false, true]])
    world.replaced = 0
    await world.pass(15 * second)
    expect([written(), world.replaced]).toEqual([[[true, true, false]], 1])
  })

  test('is the last that was written of each server, up to a line that has no end', async () => {
    const line = (writtenAt: number, ...records: readonly HealthRecord[]) =>
      `${JSON.stringify({ bootId: 'this-boot', writtenAt, records })}\n`
    const other = { ...health(true), realServerKey: '192.0.2.200:80' }
    for (const [tail, known] of [
      ['', [health(true), other]],
      [line(1_700_000_999_000, health(false)), [health(false), other]],
      [line(1_700_000_999_000, health(false)).slice(0, -5), [health(true), other]],
    ] as const) {
      const world = fakeWorld()
      world.files.set(file, line(1_700_000_990_000, health(true), other) + tail)
      await running(world)
      expect(world.living('checker')[0]?.heard[0]).toMatchObject({ slice: { health: known } })
    }
  })

  const unbelievable: readonly [string, string][] = [
    ['another boot', JSON.stringify({ bootId: 'another', writtenAt: 1_700_000_999_000, records: [health(false)] })],
    ['a minute ago', JSON.stringify({ bootId: 'this-boot', writtenAt: 1_700_000_930_000, records: [health(false)] })],
    ['a future', JSON.stringify({ bootId: 'this-boot', writtenAt: 1_700_009_000_000, records: [health(false)] })],
    ['a broken disk', '{"bootId":"this-b'],
    [
      'somebody else',
      JSON.stringify({ bootId: 'this-boot', writtenAt: 1_700_000_999_000, records: [{ up: 'no' }, 7] }),
    ],
  ]
  for (const [whence, text] of unbelievable)
    test(`from ${whence} is not believed`, async () => {
      const world = fakeWorld()
      world.files.set(file, text)
      await running(world)
      expect(world.living('checker')[0]?.heard[0]).toMatchObject({ slice: { health: [] } })
    })

  test('is written again and again, so that its age tells when the daemon died; an orderly stop removes it', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.living('checker')[0]?.say({ type: 'real-server-health', record: health(false), announce: false })
    await world.pass(100 * second)
    expect(JSON.parse(world.files.get(file) ?? '').writtenAt).toBeGreaterThan(1_700_001_080_000)
    const stopping = supervisor.stop()
    await world.pass(2 * second)
    await stopping
    await world.pass(60 * second)
    expect(world.files.has(file)).toBe(false)
  })

  test('of a server that a reload removed is forgotten', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    world.living('checker')[0]?.say({ type: 'real-server-health', record: health(false), announce: false })
    await settle()
    world.load(configurationFor({ virtualServers: [virtualServer(2)] }))
    await supervisor.reload()
    world.living('checker')[0]?.die()
    await world.pass(second)
    expect(world.living('checker')[0]?.heard[0]).toMatchObject({ slice: { health: [] } })
  })
})

describe('the control socket', () => {
  async function ask(world: World, line: string): Promise<Readonly<Record<string, unknown>>[]> {
    const answers: Readonly<Record<string, unknown>>[] = []
    world.control?.(
      { send: (value) => answers.push(value as (typeof answers)[number]) > 0, close() {}, onClosed() {} },
      line,
    )
    await settle()
    return answers
  }

  test('status answers with a snapshot of every role', async () => {
    const world = fakeWorld()
    await running(world)
    const [answer] = await ask(world, '{"request":"status"}')
    expect(answer).toMatchObject({
      type: 'status',
      snapshot: {
        version: '0.0.0',
        pid: 42,
        roles: [
          { role: 'vrrp', state: 'running', restarts: 0 },
          { role: 'checker', state: 'running' },
          { role: 'forwarding', state: 'running' },
        ],
        forwarding: { backend: 'ebpf' },
      },
    })
  })

  test('a role that does not answer is busy, and not waited for longer than it is silent', async () => {
    const world = fakeWorld()
    await running(world)
    const [checker] = world.living('checker')
    checker?.hang()
    const answers: { snapshot?: { roles: unknown; virtualServers: unknown } }[] = []
    const client = { send: (value: unknown) => answers.push(value as never) > 0, close() {}, onClosed() {} }
    world.control?.(client, '{"request":"status"}')
    await world.pass(4 * second)
    checker?.say({ type: 'snapshot', id: 1, snapshot: '[', more: true })
    await world.pass(4 * second)
    expect(answers).toEqual([])
    await world.pass(2 * second)
    expect(answers).toMatchObject([
      { snapshot: { roles: [{ state: 'running' }, { role: 'checker', state: 'busy' }, { state: 'running' }] } },
    ])
  })

  test('a snapshot in pieces is put together', async () => {
    const world = fakeWorld()
    await running(world)
    const [checker] = world.living('checker')
    checker?.hang()
    const answered = ask(world, '{"request":"status"}')
    checker?.say({ type: 'snapshot', id: 1, snapshot: '[{"key":"a"}', more: true })
    checker?.say({ type: 'snapshot', id: 1, snapshot: ',{"key":"b"}]' })
    expect(await answered).toMatchObject([{ snapshot: { virtualServers: [{ key: 'a' }, { key: 'b' }] } }])
  })

  test('reload answers when it is done, or why not', async () => {
    const world = fakeWorld()
    await running(world)
    expect(await ask(world, '{"request":"reload"}')).toEqual([{ type: 'done', done: 'reload' }])
    world.loaded = { complaints: [] }
    expect(await ask(world, '{"request":"reload"}')).toEqual([
      {
        type: 'error',
        message:
          'reload refused, nothing was changed: /etc/keepalived/keepalived.conf: no configuration that could be used',
      },
    ])
    world.load(
      configurationFor(),
      { severity: 'error', text: 'f:3:1: error: one' },
      { severity: 'warning', text: 'f:4:1: warning: other' },
      { severity: 'error', text: 'f:5:1: error: two' },
    )
    expect(await ask(world, '{"request":"reload"}')).toEqual([
      {
        type: 'error',
        message: 'reload refused, nothing was changed:\n  f:3:1: error: one\n  f:5:1: error: two',
      },
    ])
  })

  test('watch sends a snapshot at once and at each interval', async () => {
    const world = fakeWorld()
    await running(world)
    const answers: unknown[] = []
    let gone = () => {}
    world.control?.(
      {
        send: (value) => answers.push(value) > 0,
        close() {},
        onClosed(handler) {
          gone = handler
        },
      },
      '{"request":"watch","interval":500}',
    )
    await world.pass(1.1 * second)
    expect(answers).toHaveLength(3)
    gone()
    await world.pass(5 * second)
    expect(answers).toHaveLength(3)
  })

  test('a question about the table goes to its role, and the answer comes back in pieces', async () => {
    const world = fakeWorld()
    await running(world)
    const answers: unknown[] = []
    const client = { send: (value: unknown) => answers.push(value) > 0, close() {}, onClosed() {} }
    world.control?.(client, '{"request":"forwarding","ask":{"type":"connections","limit":9}}')
    const [role] = world.living('forwarding')
    const asked = role?.heard.at(-1)
    expect(asked).toMatchObject({ type: 'asked', ask: { type: 'connections', limit: 9 } })
    role?.say({ type: 'answer', id: asked?.['id'], part: ['a'], more: true })
    role?.say({ type: 'answer', id: asked?.['id'], part: ['b'], more: false })
    await settle()
    expect(answers).toEqual([
      { type: 'forwarding', backend: 'ebpf', part: ['a'], more: true },
      { type: 'forwarding', backend: 'ebpf', part: ['b'], more: false },
    ])
  })

  test('a question whose role dies or says nothing is answered with an error', async () => {
    const world = fakeWorld()
    await running(world)
    const answers: unknown[] = []
    const client = { send: (value: unknown) => answers.push(value) > 0, close() {}, onClosed() {} }
    const line = '{"request":"forwarding","ask":{"type":"read"}}'
    world.control?.(client, line)
    world.living('forwarding')[0]?.die()
    await settle()
    expect(answers).toEqual([{ type: 'error', message: 'the forwarding role has ended; try again' }])
    world.control?.(client, line)
    expect(answers.at(-1)).toEqual({ type: 'error', message: 'the forwarding role is starting; try again' })
    await world.pass(second)
    world.control?.(client, line)
    await world.pass(31 * second)
    expect(answers.at(-1)).toEqual({ type: 'error', message: 'the forwarding role does not answer' })
  })

  test('where no table is kept, a question is answered with the backend alone', async () => {
    const world = fakeWorld()
    await running(world, { checkers: false })
    const answers: unknown[] = []
    const client = { send: (value: unknown) => answers.push(value) > 0, close() {}, onClosed() {} }
    world.control?.(client, '{"request":"forwarding","ask":{"type":"read"}}')
    expect(answers).toEqual([{ type: 'forwarding', backend: 'ebpf' }])
  })

  for (const line of [
    '',
    '{"request":"forwarding"}',
    'status',
    '{}',
    'null',
    '[]',
    '{"request":"explode"}',
    '{"request":"watch","interval":1}',
  ])
    test(`${line || 'an empty line'} is answered with an error`, async () => {
      const world = fakeWorld()
      await running(world)
      expect(await ask(world, line)).toMatchObject([{ type: 'error' }])
    })
})

describe('dumps', () => {
  test('SIGUSR1 writes where state_dump_file says, without passwords', async () => {
    const world = fakeWorld()
    const configuration = configurationFor({
      virtualRouters: [router('VI_1', { authentication: { type: 'pass', password: 'sesame' } })],
    })
    world.load({ ...configuration, global: { ...configuration.global, stateDumpFile: '/var/tmp/state' } })
    const supervisor = await running(world)
    expect(await supervisor.reports.dump()).toEqual({ ok: true, value: '/var/tmp/state' })
    const text = world.files.get('/var/tmp/state') ?? ''
    expect(text).toMatch(/^------< VRRP Topology >------\n------< Daemon >------\n Version = 0\.0\.0\n/)
    expect(text).not.toMatch(/sesame/)
  })

  test('SIGUSR2 writes the statistics', async () => {
    const world = fakeWorld()
    const supervisor = await running(world)
    expect(await supervisor.reports.dumpStatistics()).toEqual({ ok: true, value: '/tmp/keepalived.stats' })
  })
})
