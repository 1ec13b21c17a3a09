/** When checkers ask and how often they ask again, at each level it can be said on and for each kind, in the whole daemon. */
import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { until } from '../lab/library/index.ts'
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

lab('every checker asks when it is told to, and as often', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const server = lab.host('server', { eth0: { segment: lan, addresses: [`${ADDRESS}/24`] } })
  const all = await serveAllKinds(server)
  const flag = director.file('flag', '')
  const rows = rowsOf(flag)
  const daemon = await director.holdfastd(
    `global_defs {\nscript_user root\n}\n${virtualServerOf(rows, 'delay_loop 0.3\ndelay_before_retry 0.1\nretry 3\nwarmup 0')}`,
  )
  const begun = await allEnd(daemon, rows)
  const inTable = ({ claim }: CheckRow) => !/^alpha of the|in a delay_loop$/.test(claim)
  expect(weightsOf(begun, rows)).toEqual(
    Object.fromEntries(rows.map((one) => [one.claim, inTable(one) ? 1 : undefined])),
  )
  // What is asked once in an hour was asked at the start.
  const asked = serverOf(begun, rows, 'delay_loop of the real server')?.checkers[0]?.lastProbe

  const before = daemon.process.lines.length
  rmSync(flag)
  server.sysctl('net.ipv4.icmp_echo_ignore_all=1')
  await all.stop()
  const ended = await allEnd(
    daemon,
    rows.map((one) => ({ ...one, ends: one.then })),
  )
  expect(serverOf(ended, rows, 'delay_loop of the real server')?.checkers[0]?.lastProbe).toBe(asked)
  const told = () =>
    daemon.process.lines.slice(before).filter(({ text }) => / info .*probe failed and is repeated/.test(text))
  const counted = () =>
    rows.map(({ claim }, i) => [claim, told().filter(({ text }) => text.includes(`${ADDRESS}:${1001 + i}`)).length])
  const expected = rows.map(({ claim, forgiven }) => [claim, forgiven])
  await until('what was said has come', () => told().length >= expected.reduce((sum, [, n]) => sum + Number(n), 0))
  expect(counted()).toEqual(expected)
})
