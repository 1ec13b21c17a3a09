/** When checkers ask and how often they ask again, at each level it can be said on and for each kind, in the whole daemon. */
import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { type Holdfastd, type Host, until } from '../lab/library/index.ts'
import { allEnd, type CheckRow, serverOf, virtualServerOf, weightsOf } from './check-table.ts'
import { kinds, serveAllKinds } from './kinds.ts'

/** What a row comes to while everybody answers, and once nobody does. */
type TimedRow = CheckRow & {
  readonly then: string
  /** Failures that are forgiven and told. */
  readonly forgiven: number
}

const ADDRESS = '192.0.2.21'
const row = (claim: string, real: string, ends: string, then: string, forgiven = 0): TimedRow => ({
  claim,
  real,
  ends,
  then,
  forgiven,
})

/** Its virtual server says: retry 3, delay_before_retry 0.1, delay_loop 0.3, warmup 0, and nothing of alpha. */
function rowsOf(flag: string): readonly TimedRow[] {
  const tcp = (...lines: readonly string[]) =>
    `TCP_CHECK {\nconnect_port 8080\nlog_all_failures\n${lines.join('\n')}\n}`
  const urls = 'HTTP_GET {\nconnect_port 8080\nalpha\ndelay_loop 3600\nurl {\npath /\n}\nurl {\npath /two\n}'
  const down = 'down connection-refused'
  // Two that say the same would be one check.
  const most = Object.keys(kinds).length
  const each = Object.entries(kinds).map(([name, { good, check, port }], i) => {
    const retry = most - i
    const where = port === undefined ? 'connect_timeout 1' : `connect_port ${port}`
    const failed = port === undefined ? 'down response-timeout' : down
    const real = check(`connect_ip ${ADDRESS}\n${where}\nretry ${retry}\nlog_all_failures`)
    return row(`${name}: retry ${retry}`, real, `up ${good}`, failed, retry)
  })
  return [
    ...each,
    row(
      'MISC_CHECK: retry 2',
      `MISC_CHECK {\nmisc_path "/usr/bin/test -e ${flag}"\nretry 2\nlog_all_failures\n}`,
      'up accepted',
      'down script-failed',
      2,
    ),
    row('retry of the virtual server', tcp(), 'up connected', down, 3),
    row('retry of the real server', `retry 1\n${tcp()}`, 'up connected', down, 1),
    row('retry of the checker', `retry 1\n${tcp('retry 4')}`, 'up connected', down, 4),
    row('retry 0', tcp('retry 0'), 'up connected', down, 0),
    row('not told unless asked for', 'TCP_CHECK {\nconnect_port 8080\n}', 'up connected', down, 0),
    row(
      'delay_before_retry of the real server',
      `delay_before_retry 3600\n${tcp()}`,
      'up connected',
      'up connection-refused',
      1,
    ),
    row(
      'delay_before_retry of the checker',
      tcp('delay_before_retry 3600', 'retry 6'),
      'up connected',
      'up connection-refused',
      1,
    ),
    row('delay_loop of the real server', `delay_loop 3600\n${tcp()}`, 'up connected', 'up connected'),
    row('delay_loop of the checker', `delay_loop 3600\n${tcp('delay_loop 0.2')}`, 'up connected', down, 3),
    row('warmup of the real server', `warmup 10000000\n${tcp()}`, 'unknown -', 'unknown -'),
    row('warmup of the checker', `warmup 10000000\n${tcp('warmup 0', 'retry 5')}`, 'up connected', down, 5),
    row('alpha of the real server', `alpha\n${tcp('warmup 10000000')}`, 'unknown -', 'unknown -'),
    row('alpha of the checker', tcp('alpha', 'warmup 10000000'), 'unknown -', 'unknown -'),
    row('alpha of neither', `alpha\n${tcp('alpha no', 'warmup 10000000')}`, 'unknown -', 'unknown -'),
    row('two urls, one in a delay_loop', `${urls}\n}`, 'unknown accepted', 'unknown accepted'),
    row('two urls with fast_recovery', `${urls}\nfast_recovery\n}`, 'up accepted', 'up accepted'),
  ]
}

/** What is asked where nothing of the kind is written, told of because checker_log_all_failures is. */
function unsaidRows(flag: string): readonly TimedRow[] {
  const down = 'down connection-refused'
  const { 'host of SMTP_CHECK': _same, ...different } = kinds
  const each = Object.entries(different).map(([name, { good, check, port }]) => {
    const where = port === undefined ? 'connect_timeout 1' : `connect_port ${port}`
    const real = check(`connect_ip ${ADDRESS}\n${where}`)
    return row(
      name,
      real,
      `up ${good}`,
      port === undefined ? 'down response-timeout' : down,
      name === 'DNS_CHECK' ? 3 : 1,
    )
  })
  const misc = `MISC_CHECK {\nmisc_path "/usr/bin/test -e ${flag}"\n}`
  return [
    ...each,
    row('MISC_CHECK', misc, 'up accepted', 'down script-failed', 0),
    row('log_all_failures no', 'TCP_CHECK {\nconnect_port 8080\nlog_all_failures no\n}', 'up connected', down, 0),
  ]
}

/** How often each row was forgiven a failure from here on, as the log tells it. */
function forgivenBy(daemon: Holdfastd, rows: readonly CheckRow[]): () => Record<string, number> {
  const before = daemon.process.lines.length
  return () => {
    const told = daemon.process.lines
      .slice(before)
      .filter(({ text }) => / info .*probe failed and is repeated/.test(text))
    return Object.fromEntries(
      rows.map(({ claim }, i) => [claim, told.filter(({ text }) => text.includes(`${ADDRESS}:${1001 + i}`)).length]),
    )
  }
}
const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

lab('every checker asks when it is told to, and as often', async (lab) => {
  const lan = lab.segment()
  const [director, another] = [11, 12].map((n) =>
    lab.host(`director${n}`, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } }),
  ) as [Host, Host]
  const server = lab.host('server', { eth0: { segment: lan, addresses: [`${ADDRESS}/24`] } })
  const all = await serveAllKinds(server)
  const flag = director.file('flag', '')
  const configuration = (rows: readonly CheckRow[], timing: string, more = '') =>
    `global_defs {\nscript_user root\n${more}\n}\n${virtualServerOf(rows, `delay_loop 0.3\nwarmup 0\n${timing}`)}`
  const [rows, unsaid] = [rowsOf(flag), unsaidRows(flag)]
  const daemons = await Promise.all([
    director.holdfastd(configuration(rows, 'delay_before_retry 0.1\nretry 3')),
    another.holdfastd(configuration(unsaid, '', 'checker_log_all_failures')),
  ])
  const [begun] = await Promise.all([allEnd(daemons[0], rows), allEnd(daemons[1], unsaid)])
  const inTable = ({ claim }: CheckRow) => !/^alpha of the|in a delay_loop$/.test(claim)
  expect(weightsOf(begun, rows)).toEqual(
    Object.fromEntries(rows.map((one) => [one.claim, inTable(one) ? 1 : undefined])),
  )
  // What is asked once in an hour was asked at the start.
  const asked = serverOf(begun, rows, 'delay_loop of the real server')?.checkers[0]?.lastProbe

  const told = [forgivenBy(daemons[0], rows), forgivenBy(daemons[1], unsaid)] as const
  rmSync(flag)
  server.sysctl('net.ipv4.icmp_echo_ignore_all=1')
  await all.stop()
  const later = (one: TimedRow): CheckRow => ({ ...one, ends: one.then })
  const [ended] = await Promise.all([allEnd(daemons[0], rows.map(later)), allEnd(daemons[1], unsaid.map(later))])
  expect(serverOf(ended, rows, 'delay_loop of the real server')?.checkers[0]?.lastProbe).toBe(asked)
  for (const [i, expected] of [rows, unsaid].entries()) {
    const forgiven = Object.fromEntries(expected.map((one) => [one.claim, one.forgiven]))
    const counted = told[i] as (typeof told)[0]
    await until('what was said has come', () => total(counted()) >= total(forgiven), {
      detail: () => JSON.stringify(counted()),
    })
    expect(counted()).toEqual(forgiven)
  }
})
