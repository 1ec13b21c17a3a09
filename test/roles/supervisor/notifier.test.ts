/** FIFOs, their readers, and mail in the supervisor: what is told when, and what happens when nobody listens. */
import { expect, test } from 'vitest'
import { fail, ok, type Result, seconds } from '../../../src/base/index.ts'
import type { Configuration, GlobalDefs, MailSettings } from '../../../src/model/index.ts'
import { virtualRouterKey } from '../../../src/model/index.ts'
import type { MailError, SentLetter } from '../../../src/sys/mail/index.ts'
import { fakeWorld, settle } from './fake-world.ts'
import { configurationFor, realServer, router, virtualServer } from './models.ts'

const second = 1_000_000
const mail: MailSettings = {
  recipients: ['a@example.org'],
  server: 'relay',
  port: 25,
  connectTimeout: seconds(30),
}
const routers = ['VI_1', 'VI_2'].map((name, i) => router(name, { virtualRouterId: 51 + i, smtpAlert: true }))

function model(global: Partial<GlobalDefs>, more: Partial<Configuration> = {}): Configuration {
  const plain = configurationFor({ virtualRouters: routers, virtualServers: [], ...more })
  return { ...plain, global: { ...plain.global, ...global } }
}

async function running(global: Partial<GlobalDefs>, more: Partial<Configuration> = {}) {
  const world = fakeWorld()
  world.load(model(global, more))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  await world.pass(1)
  const enters = (name: string, state: string, priority = 100) => {
    const one = routers.find((candidate) => candidate.name === name) ?? router(name)
    const key = virtualRouterKey(one)
    world.living('vrrp')[0]?.say({ type: 'virtual-router-state', key, name, state, priority })
    return settle()
  }
  const reload = async (changed: Configuration) => {
    world.load(changed)
    await started.value.reload()
    await world.pass(1)
  }
  return { world, supervisor: started.value, enters, reload }
}

const text = (world: ReturnType<typeof fakeWorld>, path: string) => world.fifos.get(path)?.text

test('a FIFO hears what is of its kind, the one for all hears everything', async () => {
  const fifos = { all: { path: '/all' }, vrrp: { path: '/vrrp' }, lvs: { path: '/lvs' } }
  const { world, enters } = await running({ fifos })
  await enters('VI_1', 'BACKUP')
  await enters('VI_1', 'MASTER', 99)
  expect(text(world, '/all')).toBe('INSTANCE "VI_1" BACKUP 100\nINSTANCE "VI_1" MASTER 99\n')
  expect(text(world, '/vrrp')).toBe(text(world, '/all'))
  expect(text(world, '/lvs')).toBe('')
})

test('a FIFO belongs to its user, else to whom scripts run as', async () => {
  const fifos = { all: { path: '/all', user: 'u', group: 'g' }, vrrp: { path: '/vrrp' } }
  const { world } = await running({ fifos, scriptUser: { user: 's' } })
  expect(world.fifos.get('/all')?.owner).toEqual({ user: 'u', group: 'g' })
  expect(world.fifos.get('/vrrp')?.owner).toEqual({ user: 's' })
})

test('while nobody reads, the last line of each object is kept, and comes in order when somebody does', async () => {
  const { world, supervisor, enters, reload } = await running({ fifos: { all: { path: '/all' } } })
  const fifo = world.fifos.get('/all')
  if (fifo === undefined) throw new Error('there is no FIFO')
  fifo.full = true
  await enters('VI_2', 'BACKUP', 77)
  for (let i = 0; i < 2_000; i++) await enters('VI_1', i % 2 === 0 ? 'MASTER' : 'BACKUP', i % 254)
  const deliveries = async () => (await supervisor.reports.snapshot()).deliveries
  expect(await deliveries()).toEqual([{ to: '/all', waiting: 1_000, lost: 1_001 }])
  fifo.empty()
  expect(await deliveries()).toEqual([{ to: '/all', waiting: 0, lost: 1_001 }])
  await reload(model({}))
  expect(await deliveries()).toEqual([{ to: '/all', waiting: 0, lost: 1_001 }])
  const lines = fifo.text.trimEnd().split('\n')
  expect(lines).toHaveLength(1_000)
  expect(lines[0]).toBe('INSTANCE "VI_2" BACKUP 77')
  expect(lines.at(-1)).toBe(`INSTANCE "VI_1" BACKUP ${1_999 % 254}`)
  expect(world.log.filter((line) => /FIFO/.test(line))).toEqual([
    'warn nobody reads the FIFO; lines that later ones make void are lost {"fifo":"/all"}',
    'info FIFO is read again {"fifo":"/all","lost":1001}',
  ])
})

test('a reader gets the path, is started again when it ends, later and later', async () => {
  const reader = { argv: ['/bin/reader', 'x'] }
  const { world } = await running({ fifos: { all: { path: '/all', reader } } })
  expect(world.commands.map(({ command }) => command.argv)).toEqual([['/bin/reader', 'x', '/all']])
  world.commands[0]?.end(1)
  await world.pass(0.9 * second)
  expect(world.commands).toHaveLength(1)
  await world.pass(0.2 * second)
  expect(world.commands).toHaveLength(2)
  world.commands[1]?.end(1)
  await world.pass(1.9 * second)
  expect(world.commands).toHaveLength(2)
  await world.pass(0.2 * second)
  expect(world.commands).toHaveLength(3)
})

test('at the stop the last lines are written, the pipe is closed, and a reader that goes on is told to end', async () => {
  const reader = { argv: ['/bin/reader'] }
  const { world, supervisor, enters } = await running({ fifos: { all: { path: '/all', reader } } })
  const stopped = supervisor.stop()
  await enters('VI_1', 'STOP', 0)
  await settle()
  const fifo = world.fifos.get('/all')
  await world.pass(0.5 * second)
  expect(fifo?.open).toBe(false)
  expect(world.commands[0]?.killed).toEqual([])
  await world.pass(0.6 * second)
  expect(world.commands[0]?.killed).toEqual(['SIGTERM'])
  await stopped
})

test('a reload leaves a FIFO that stays alone, closes one that is gone, and opens a new one', async () => {
  const kept = { path: '/kept', reader: { argv: ['/bin/reader'] } }
  const { world, reload } = await running({ fifos: { all: kept, vrrp: { path: '/old' } } })
  await reload(model({ fifos: { all: kept, vrrp: { path: '/new' } } }))
  expect(world.fifos.get('/kept')?.open).toBe(true)
  expect(world.fifos.get('/old')?.open).toBe(false)
  expect(world.fifos.get('/new')?.open).toBe(true)
  expect(world.commands).toHaveLength(1)
})

test('fifo_write_vrrp_states_on_reload: what a reload does not change is said again, groups first', async () => {
  const group = { name: 'G', members: ['VI_1'], tracks: [], trackingWeight: false, notify: {} }
  const global = { fifos: { vrrp: { path: '/v' } }, fifoStatesOnReload: true as const }
  const { world, enters, reload } = await running(global, { syncGroups: [group] })
  await enters('VI_1', 'MASTER')
  await enters('VI_1', 'MASTER_PRIORITY', 90)
  await enters('VI_2', 'BACKUP', 50)
  world.living('vrrp')[0]?.say({ type: 'sync-group-state', name: 'G', state: 'MASTER' })
  await settle()
  const fifo = world.fifos.get('/v')
  if (fifo === undefined) throw new Error('there is no FIFO')
  fifo.text = ''
  await reload(model(global, { syncGroups: [group], virtualRouters: routers.slice(0, 1) }))
  expect(fifo.text).toBe('GROUP "G" MASTER 0\nINSTANCE "VI_1" MASTER 90\n')
})

test('what sending takes is loaded beforehand, and only where there is a server', async () => {
  const { world } = await running({ mail })
  await world.pass(2 * second)
  expect(world.mailPrepared).toBe(true)
  const { world: without } = await running({})
  await without.pass(2 * second)
  expect(without.mailPrepared).toBe(false)
})

const taken = { refused: [], later: [] }
const refused = { message: 'connection refused', final: false, away: true }

test('mail about one object goes out once for each state, in order, one after the other', async () => {
  const { world, enters } = await running({ mail })
  let take = () => {}
  world.answerMail = () => new Promise((resolve) => (take = () => resolve(ok(taken))))
  await enters('VI_1', 'BACKUP')
  await enters('VI_1', 'MASTER')
  expect(world.letters.map(({ subject }) => subject)).toEqual(['[test] VRRP Instance VI_1 - Entering BACKUP state'])
  take()
  await settle()
  expect(world.letters.at(-1)?.subject).toBe('[test] VRRP Instance VI_1 - Entering MASTER state')
  expect(world.letters[0]).toMatchObject({ from: 'root@here', to: ['a@example.org'] })
})

test('the same state is not mailed twice in a row', async () => {
  const { world, enters } = await running({ mail: { ...mail, withoutFaults: true } })
  await enters('VI_1', 'BACKUP')
  await enters('VI_1', 'FAULT')
  await enters('VI_1', 'BACKUP')
  await enters('VI_1', 'MASTER')
  expect(world.letters.map(({ subject }) => subject.split(' - ')[1])).toEqual([
    'Entering BACKUP state',
    'Entering MASTER state',
  ])
})

test('a server that is away is asked again, and what it never takes is given up and counted', async () => {
  const { world, supervisor, enters } = await running({ mail })
  world.answerMail = async () => fail(refused)
  await enters('VI_1', 'BACKUP')
  for (const pause of [5, 30, 120, 600, 600, 600, 600]) {
    const before = world.letters.length
    await world.pass((pause - 1) * second)
    expect(world.letters).toHaveLength(before)
    await world.pass(1.1 * second)
    expect(world.letters).toHaveLength(before + 1)
  }
  expect(world.log.filter((line) => /mail/.test(line))).toEqual([
    'warn mail cannot be sent; it is tried again {"subject":"[test] VRRP Instance VI_1 - Entering BACKUP state","reason":"connection refused"}',
    'error mail is given up {"subject":"[test] VRRP Instance VI_1 - Entering BACKUP state","reason":"connection refused","lost":1}',
  ])
  await enters('VI_1', 'MASTER')
  await world.pass(30 * second)
  expect(world.letters.at(-1)?.subject).toContain('MASTER')
  expect((await supervisor.reports.snapshot()).deliveries).toEqual([{ to: 'mail', waiting: 1, lost: 1 }])
})

/** Ten more than are sent at once. */
const crowd = Array.from({ length: 20 }, (_, i) => router(`VI_${i + 1}`, { virtualRouterId: i + 1, smtpAlert: true }))

/** All of them say something, to a mail server that leaves each letter open. */
async function crowded(global: Partial<GlobalDefs> = {}) {
  const begun = await running({ mail, ...global }, { virtualRouters: crowd })
  const { world } = begun
  const open: ((sent: Result<SentLetter, MailError>) => void)[] = []
  world.answerMail = () => new Promise((resolve) => open.push(resolve))
  const say = (state: string) => {
    for (const { name } of crowd) {
      const key = virtualRouterKey(crowd.find((one) => one.name === name) ?? router(name))
      world.living('vrrp')[0]?.say({ type: 'virtual-router-state', key, name, state, priority: 100 })
    }
    return settle()
  }
  const answer = (sent: Result<SentLetter, MailError>) => {
    for (const resolve of open.splice(0)) resolve(sent)
    return settle()
  }
  return { ...begun, say, answer, open }
}

test('ten letters are under way at once, and a slow one holds up none about another object', async () => {
  const { world, say, open } = await crowded()
  await say('MASTER')
  expect(world.letters).toHaveLength(10)
  const [slow, ...others] = open.splice(0)
  for (const resolve of others) resolve(ok(taken))
  await settle()
  for (const resolve of open.splice(0)) resolve(ok(taken))
  await settle()
  for (const resolve of open.splice(0)) resolve(ok(taken))
  await settle()
  expect(world.letters).toHaveLength(20)
  slow?.(ok(taken))
  expect(new Set(world.letters.map(({ subject }) => subject)).size).toBe(20)
})

test('a relay that takes its time to close has ten connections open, and no more', async () => {
  const { world, say } = await crowded()
  const closers: (() => void)[] = []
  world.answerMail = async () => ok(taken)
  world.closeMail = (onClosed) => void closers.push(onClosed)
  await say('MASTER')
  expect(world.letters).toHaveLength(10)
  for (const close of closers.splice(0, 3)) close()
  await settle()
  expect(world.letters).toHaveLength(13)
  world.closeMail = (onClosed) => onClosed()
  for (const close of closers.splice(0)) close()
  await settle()
  expect(new Set(world.letters.map(({ subject }) => subject)).size).toBe(20)
})

test('a server that is away is asked with one letter at a time; back again it gets all of them', async () => {
  const { world, say, answer } = await crowded()
  await say('MASTER')
  await answer(fail(refused))
  await world.pass(4.9 * second)
  expect(world.letters).toHaveLength(10)
  await world.pass(0.2 * second)
  expect(world.letters).toHaveLength(11)
  await answer(fail(refused))
  await world.pass(29 * second)
  expect(world.letters).toHaveLength(11)
  await world.pass(1.1 * second)
  expect(world.letters).toHaveLength(12)
  world.answerMail = async () => ok(taken)
  await answer(ok(taken))
  await settle()
  expect(new Set(world.letters.map(({ subject }) => subject)).size).toBe(20)
  expect(world.log.filter((line) => /(warn|info) .*mail/.test(line)).map((line) => line.replace(/ [{].*/, ''))).toEqual(
    ['warn mail cannot be sent; it is tried again', 'info the mail server takes mail again'],
  )
  await world.pass(600 * second)
  expect(new Set(world.letters.map(({ subject }) => subject)).size).toBe(20)
})

test('a letter that the server does not take yet, or for one receiver, holds up no other', async () => {
  const { world, enters } = await running({ mail: { ...mail, recipients: ['a@example.org', 'b@example.org'] } })
  world.answerMail = async () => fail({ message: '451 later', final: false, away: false })
  await enters('VI_1', 'MASTER')
  world.answerMail = async () => ok({ refused: [], later: ['b@example.org'] })
  await enters('VI_2', 'MASTER')
  expect(world.letters.map(({ subject }) => subject.split(' ')[3])).toEqual(['VI_1', 'VI_2'])
  world.answerMail = async () => ok(taken)
  await world.pass(5.1 * second)
  expect(world.letters.slice(2).map(({ to, receivers }) => [to.length, receivers])).toEqual([
    [2, undefined],
    [2, ['b@example.org']],
  ])
})

test('a reload that names another server sends what waits to that at once; one that names none gives it up', async () => {
  const { world, reload, enters } = await running({ mail })
  world.answerMail = async () => fail(refused)
  await enters('VI_1', 'MASTER')
  await enters('VI_2', 'MASTER')
  expect(world.letters).toHaveLength(1)
  await reload(model({ mail: { ...mail, port: 2525 } }))
  expect(world.letters.slice(1).map(({ subject }) => subject.split(' ')[3])).toEqual(['VI_2', 'VI_1'])
  await reload(model({ mail: { ...mail, recipients: [] } }))
  expect(world.log.filter((line) => /given up/.test(line))).toEqual([
    expect.stringMatching(/no server or no receivers are configured any more","lost":2/),
  ])
})

test('a reload that names another server sends it at once what waits, and what the former does not take', async () => {
  const { world, reload, say, answer, open } = await crowded()
  await say('MASTER')
  expect(world.letters).toHaveLength(10)
  const ports: number[] = []
  world.answerMail = (_, { port }) => {
    ports.push(port)
    return new Promise((resolve) => open.push(resolve))
  }
  const former = open.splice(0)
  await reload(model({ mail: { ...mail, port: 2525 } }, { virtualRouters: crowd }))
  expect(world.letters).toHaveLength(20)
  const [takes, refuses, delays, ...hang] = former
  takes?.(ok(taken))
  refuses?.(fail({ message: '554 no relay', final: true, away: false }))
  delays?.(ok({ refused: [], later: ['a@example.org'] }))
  for (const resolve of hang) resolve(fail(refused))
  await settle()
  await answer(ok(taken))
  await answer(ok(taken))
  expect(ports).toEqual(Array.from({ length: 19 }, () => 2525))
  const again = world.letters.slice(20)
  expect(again.map(({ subject }) => subject)).toEqual(world.letters.slice(1, 10).map(({ subject }) => subject))
  expect(again.map(({ receivers }) => receivers)).toEqual([undefined, ['a@example.org'], ...hang.map(() => undefined)])
  await world.pass(4_000 * second)
  expect(world.letters).toHaveLength(29)
  expect(world.log.filter((line) => /(warn|error) mail/.test(line))).toEqual([])
})

test('letters under way to a server that a reload takes away are given up when it does not take them', async () => {
  const { world, supervisor, reload, say, open } = await crowded()
  await say('MASTER')
  const { server: _, ...nowhere } = mail
  await reload(model({ mail: nowhere }, { virtualRouters: crowd }))
  const [takes, delays, ...hang] = open.splice(0)
  takes?.(ok(taken))
  delays?.(ok({ refused: [], later: ['a@example.org'] }))
  for (const resolve of hang) resolve(fail(refused))
  await world.pass(4_000 * second)
  expect(world.letters).toHaveLength(10)
  const reasons = world.log.flatMap((line) => /error mail is given up .*"reason":"(.*?)","lost/.exec(line)?.[1] ?? [])
  const none = 'no server or no receivers are configured any more'
  const missed = `the server did not take it for a@example.org; ${none}`
  expect(reasons).toEqual([none, missed, ...hang.map(() => `connection refused; ${none}`)])
  expect((await supervisor.reports.snapshot()).deliveries).toEqual([{ to: 'mail', waiting: 0, lost: 19 }])
})

test('at the stop a server that was away is asked once more', async () => {
  const { world, supervisor, enters } = await running({ mail })
  world.answerMail = async () => fail(refused)
  await enters('VI_1', 'MASTER')
  world.answerMail = async () => ok(taken)
  const stopped = supervisor.stop()
  await world.pass(1.1 * second)
  await stopped
  expect(world.log.filter((line) => /given up/.test(line))).toEqual([])
})

test('what the server refuses for good is not sent again', async () => {
  const { world, enters } = await running({ mail })
  world.answerMail = async () => fail({ message: '550 no such user', final: true, away: false })
  await enters('VI_1', 'BACKUP')
  await world.pass(700 * second)
  expect(world.letters).toHaveLength(1)
})

test('the stop waits a second for mail, and says what is not sent', async () => {
  const { world, supervisor, enters } = await running({ mail })
  world.answerMail = () => new Promise(() => {})
  await enters('VI_1', 'MASTER')
  const stopped = supervisor.stop()
  await world.pass(1.1 * second)
  await stopped
  expect(world.log.filter((line) => /given up/.test(line))).toHaveLength(1)
})

/** A virtual server with one real server, and what its checker says of it. */
async function withServer(global: Partial<GlobalDefs>) {
  const real = realServer(1, { smtpAlert: true })
  const server = virtualServer(1, { realServers: [real], smtpAlert: true })
  const fifos = { lvs: { path: '/lvs' } }
  const { world, supervisor } = await running({ fifos, mail, ...global }, { virtualServers: [server] })
  const says = async (up: boolean, failedCheckers: readonly string[], announce: boolean) => {
    const record = { serviceKey: server.key, realServerKey: '192.0.2.1:80', up, failedCheckers, since: '' }
    const verdict = up ? {} : { verdict: { kind: 'tcp', up } as const }
    world.living('checker')[0]?.say({ type: 'real-server-health', record, announce, ...verdict })
    await settle()
  }
  const quorum = async (up: boolean) => {
    world
      .living('checker')[0]
      ?.say({ type: 'quorum', serviceKey: server.key, up, sorryServerInUse: false, announce: true })
    await settle()
  }
  const subjects = () => world.letters.map(({ subject }) => subject.replace('[test] ', ''))
  return { world, supervisor, says, quorum, subjects }
}

test('lvs_notify_fifo hears of servers and quorums; a checker of several is mailed alone', async () => {
  const { world, says, quorum, subjects } = await withServer({})
  await quorum(true)
  await says(true, [], false)
  await says(false, ['a'], true)
  await quorum(false)
  await says(false, ['a', 'b'], false)
  expect(text(world, '/lvs')).toBe(
    'VS [203.0.113.1]:tcp:80 UP\nRS [192.0.2.1]:tcp:80 [203.0.113.1]:tcp:80 DOWN\nVS [203.0.113.1]:tcp:80 DOWN\n',
  )
  const real = 'Realserver [192.0.2.1]:tcp:80 of virtual server [203.0.113.1]:tcp:80 - DOWN'
  const service = 'Virtualserver [203.0.113.1]:tcp:80 -'
  expect(subjects()).toEqual([`${service} UP`, real, `${service} DOWN`, real])
  expect(world.letters.map(({ body }) => body.split(' ').slice(1, 3).join(' '))).toEqual([
    'Starting with',
    'TCP CHECK',
    'Lost quorum',
    'TCP CHECK',
  ])
})

test('a letter of each of thousands of servers waits; beyond that the oldest are given up, which is said twice', async () => {
  const { world, says, supervisor } = await withServer({})
  world.answerMail = () => new Promise(() => {})
  for (let i = 0; i < 10_020; i++) says(false, ['a'], false)
  await settle()
  const waits = async () => (await supervisor.reports.snapshot()).deliveries?.find(({ to }) => to === 'mail')
  expect(world.letters).toHaveLength(1)
  expect(await waits()).toEqual({ to: 'mail', waiting: 10_000, lost: 20 })
  const given = () => world.log.filter((line) => /given up/.test(line)).map((line) => line.replace(/.*"reason"/, ''))
  expect(given()).toEqual([':"more than 10000 wait","lost":1}'])
  await world.pass(11 * second)
  expect(given()).toEqual([':"more than 10000 wait","lost":1}', ':"more than 10000 wait","letters":19,"lost":20}'])
  const stopped = supervisor.stop()
  await world.pass(1.1 * second)
  await stopped
  expect(given().at(-1)).toBe(':"the daemon ends","lost":10020}')
})

test('rs_init_notifies: what a server is at the start is told of too', async () => {
  const { world, says } = await withServer({ realServerInitNotifies: true })
  await says(true, [], false)
  await says(true, [], false)
  expect(text(world, '/lvs')).toBe('RS [192.0.2.1]:tcp:80 [203.0.113.1]:tcp:80 UP\n')
})

test('a script that hangs keeps those after it waiting for five seconds, however many they are', async () => {
  const notifying = routers.map((one) => ({ ...one, notify: { any: { argv: ['/bin/notify'] } } }))
  const { world, enters } = await running({}, { virtualRouters: notifying })
  const states = () => world.commands.map(({ command }) => command.argv.slice(1).join(' '))
  for (const state of ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER']) await enters('VI_1', state)
  expect(states()).toEqual(['INSTANCE VI_1 BACKUP 100'])
  await enters('VI_2', 'BACKUP')
  expect(states()).toHaveLength(2)
  await world.pass(5.1 * second)
  expect(states().filter((line) => line.includes('VI_1'))).toEqual(
    ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER'].map((state) => `INSTANCE VI_1 ${state} 100`),
  )
  // Who comes later waits for none of them that has had its time.
  await enters('VI_1', 'BACKUP')
  await world.pass(5.1 * second)
  expect(states().at(-1)).toBe('INSTANCE VI_1 BACKUP 100')
})

test('at the stop a script that hangs does not keep the last word from being said', async () => {
  const notify = { master: { argv: ['/bin/hangs'] }, any: { argv: ['/bin/notify'] } }
  const { world, supervisor, enters } = await running(
    {},
    { virtualRouters: routers.map((one) => ({ ...one, notify })) },
  )
  await enters('VI_1', 'MASTER')
  await enters('VI_1', 'STOP')
  const stopped = supervisor.stop()
  await world.pass(3 * second)
  const last = world.commands.at(-1)
  expect(last?.command.argv).toEqual(['/bin/notify', 'INSTANCE', 'VI_1', 'STOP', '100'])
  expect(last?.killed).toEqual([])
  last?.end(0)
  await world.pass(3 * second)
  expect(world.commands[0]?.killed).toEqual(['SIGTERM'])
  await stopped
})
