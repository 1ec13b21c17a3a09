/** Hundreds of letters at once, to a relay that puts some off and goes away, and to one that a reload replaces: each comes once. */
import { join } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import { type Host, openRelay, repositoryRoot, toRelay, until } from './library/index.ts'

/** The relay goes away after so many letters, and puts off each so many-th. */
const [UNTIL_AWAY, DELAYED] = [60, 5]
/** A relay that was away is asked every 30 seconds, and a letter that was put off waits for five. */
const PATIENCE = 180_000

const addressesOf = (servers: number) => Array.from({ length: servers }, (_, i) => `10.0.0.${i + 1}`)

const configuration = (servers: number, to = toRelay) => `global_defs {
  router_id director
  smtp_alert
  ${to}
}
virtual_server 192.0.2.100 80 {
  delay_loop 1
  lb_algo rr
  lb_kind DR
  protocol TCP
${addressesOf(servers)
  .map((address) => `  real_server ${address} 80 {\n    TCP_CHECK {\n      retry 0\n    }\n  }`)
  .join('\n')}
}
`

const service = (state: string) => `[director] Virtualserver [192.0.2.100]:tcp:80 - ${state}`
const server = (address: string, state: string) =>
  `[director] Realserver [${address}]:tcp:80 of virtual server [192.0.2.100]:tcp:80 - ${state}`
/** Of the start, and of the failure of all servers. */
const ofFailure = (servers: number) => [
  service('UP'),
  ...addressesOf(servers).map((address) => server(address, 'DOWN')),
  service('DOWN'),
]

/** A director and its real servers, which are there or not. */
async function scene(host: Host) {
  host.ip('route', 'add', 'local', '10.0.0.0/24', 'dev', 'lo')
  const comeBack = () => host.nginx({ listen: ['80'], body: 'fine' })
  const first = await comeBack()
  return { comeBack, fail: () => first.stop() }
}

/** A relay that says what it takes, and what it puts off. */
async function openTryingRelay(host: Host) {
  const program = join(repositoryRoot, 'test/lab/library/trying-relay.mjs')
  const relay = host.spawn('relay', [process.execPath, program, `${UNTIL_AWAY}`, `${DELAYED}`])
  await relay.line(/"ready"/)
  const subjects = (what: 'taken' | 'delayed'): readonly string[] =>
    relay.lines.flatMap(({ text }) => JSON.parse(text)[what] ?? [])
  return { relay, subjects }
}

lab(
  '200 servers fail and come back while the relay puts letters off and goes away: each letter comes once',
  async (lab) => {
    const host = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
    const servers = await scene(host)
    const { relay, subjects } = await openTryingRelay(host)
    const daemon = await host.holdfastd(configuration(200))
    const mailShows = (claim: string, fits: (waiting: number) => boolean) =>
      daemon.shows(
        claim,
        ({ deliveries = [] }) => deliveries.some(({ to, waiting }) => to === 'mail' && fits(waiting)),
        PATIENCE,
      )
    const told = (letters: readonly string[]) =>
      mailShows(`${letters.length} letters are told`, (waiting) => waiting + UNTIL_AWAY >= letters.length)

    await servers.fail()
    await relay.line(/"left"/, PATIENCE)
    const failure = ofFailure(200)
    await told(failure)
    await servers.comeBack()
    const recovery = [service('UP'), ...addressesOf(200).map((address) => server(address, 'UP'))]
    await told([...failure, ...recovery])
    expect(subjects('taken')).toHaveLength(UNTIL_AWAY)

    relay.write('back\n')
    const { deliveries } = await mailShows('none waits', (waiting) => waiting === 0)
    expect(deliveries).toEqual([{ to: 'mail', waiting: 0, lost: 0 }])
    const taken = subjects('taken')
    expect([...taken].sort()).toEqual([...failure, ...recovery].sort())
    for (const address of addressesOf(200))
      expect(taken.indexOf(server(address, 'DOWN'))).toBeLessThan(taken.indexOf(server(address, 'UP')))
    expect(taken.filter((subject) => /Virtualserver/.test(subject))).toEqual(['UP', 'DOWN', 'UP'].map(service))
    expect(subjects('delayed').length).toBeGreaterThan(UNTIL_AWAY / DELAYED)
    expect(taken).toEqual(expect.arrayContaining([...subjects('delayed')]))
  },
  600_000,
)

/** Takes connections and says nothing, but how many it has. */
const MUTE = `let count = 0
require('node:net').createServer(() => console.log('connections', ++count)).listen(2526, '127.0.0.1', () => console.log('ready'))`

lab(
  'a reload replaces a relay that hangs: nothing waits for it, and what it had comes to the next, each once',
  async (lab) => {
    const host = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
    const servers = await scene(host)
    const letters = await openRelay(host)
    const mute = host.spawn('mute', [process.execPath, '-e', MUTE])
    await mute.line(/ready/)
    const daemon = await host.holdfastd(configuration(20, toRelay.replace('2525', '2526\n  smtp_connect_timeout 3600')))
    await servers.fail()
    await mute.line(/connections 10$/)
    await daemon.shows('all letters are told', ({ deliveries = [] }) => deliveries[0]?.waiting === 22)

    daemon.configure(configuration(20))
    daemon.process.signal('SIGHUP')
    const limits = { detail: () => host.logs() }
    // The virtual server's second letter waits for its first.
    await until('the next relay has all that the first had not', () => letters().length === 11, limits)
    await mute.stop('SIGKILL')
    await until('it has the others too', () => letters().length === 22, limits)
    const { deliveries } = await daemon.shows('none waits', (snapshot) => snapshot.deliveries?.[0]?.waiting === 0)
    expect(deliveries).toEqual([{ to: 'mail', waiting: 0, lost: 0 }])
    const subjects = letters().map(({ subject }) => subject)
    expect([...subjects].sort()).toEqual([...ofFailure(20)].sort())
    expect(subjects.filter((subject) => /Virtualserver/.test(subject))).toEqual(['UP', 'DOWN'].map(service))
    expect(mute.output).not.toContain('connections 11')
  },
)
