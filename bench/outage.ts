/**
 * How long the virtual address is away, Holdfast beside Debian's keepalived in the same run: on the death of the master's
 * host (all its cables cut), on an orderly stop, on SIGKILL of the whole daemon, when the master's interface goes down, and
 * when it comes back up and the stronger router takes the address again; at three advertisement intervals.
 *
 * A client asks the address ten times a millisecond (echo.c) and a witness sees who claims it. `away` is the longest row
 * of questions without an answer from the event on. Where a master falls silent, it is what lies between half an interval after its last
 * advertisement and the first answer: where in its interval it dies decides as much as who waits for it. After a SIGKILL the
 * dead daemon's host still answers for the address, so there the new master's first ARP claim takes the place of the answer.
 * Medians of several rounds, the two daemons in turn.
 */
import { join } from 'node:path'
import process, { argv } from 'node:process'
import { type Host, type Lab, type LabProcess, millis, nowMillis, openLab, until } from '../test/lab/library/index.ts'

const ADDRESS = '192.0.2.100'
/** Microseconds between two questions. */
const EVERY = 100
/** Answers in that many milliseconds. */
const answersIn = (ms: number): number => (ms * 1_000) / EVERY
const usual = Number(argv[2] ?? 5)
/** Events whose names have this in them; all unless given. */
const only = argv[3] ?? ''
/** The same of intervals. */
const within = argv[4] ?? ''

const settings = [
  { name: 'v2, 1 s', version: 2, interval: 1 },
  { name: 'v3, 0.1 s', version: 3, interval: 0.1 },
  { name: 'v3, 0.01 s', version: 3, interval: 0.01 },
] as const
type Setting = (typeof settings)[number]

/** Where tenths of a millisecond count, more rounds, so that the median does not tell of what else the machine did. */
const roundsOf = ({ interval }: Setting, event: EventName): number =>
  interval < 0.1 || (interval < 1 && event === 'failing back') ? 2 * usual - 1 : usual

const events = ['host death', 'stop', 'SIGKILL', 'link down', 'failing back'] as const
type EventName = (typeof events)[number]

const daemons = ['holdfast', 'keepalived'] as const
type DaemonName = (typeof daemons)[number]
type Daemon = { stop(): Promise<unknown>; pids(): readonly number[] }

const configuration = ({ version, interval }: Setting, priority: number): string => `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  version ${version}
  priority ${priority}
  advert_int ${interval}
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
`

const start = (host: Host, daemon: DaemonName, text: string): Promise<Daemon> =>
  daemon === 'holdfast' ? host.holdfastd(text) : host.keepalived(text)

async function measure(daemon: DaemonName, setting: Setting, event: EventName): Promise<number> {
  const lab = openLab()
  try {
    return await measureIn(lab, daemon, setting, event)
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`)
    throw error
  } finally {
    lab.close()
  }
}

async function measureIn(lab: Lab, daemon: DaemonName, setting: Setting, event: EventName): Promise<number> {
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [strong, weak, client] = [lab.host('strong', on(11)), lab.host('weak', on(12)), lab.host('client', on(1))]
  const first = await start(strong, daemon, configuration(setting, 200))
  await strong.holds(ADDRESS)
  await start(weak, daemon, configuration(setting, 100))
  const wire = await client.capture('arp or ip proto 112')
  const [strongMac, weakMac] = [strong.mac(), weak.mac()]
  const probe = client.spawn('echo', [join(import.meta.dirname, '../echo'), ADDRESS, String(EVERY)])
  const claimOf = (mac: string, from: number) =>
    wire.next(
      (frame) => frame.kind === 'arp' && frame.senderMac === mac && frame.senderAddress === ADDRESS,
      from,
      20_000,
    )
  const answersSteadily = async () => {
    const settled = nowMillis() + 1000
    await until(
      'the address answers steadily',
      async () => (await answersSince(probe, settled)).number > answersIn(200),
    )
  }
  await answersSteadily()
  const returning = event === 'failing back'
  if (returning) {
    const left = nowMillis()
    strong.linkDown()
    await claimOf(weakMac, left)
    await answersSteadily()
  }

  // Now, because to find them takes longer than the shortest interval.
  const pids = first.pids()
  const { at } = await wire.next(({ kind }) => kind === 'vrrp', nowMillis())
  await millis(at + 500 * setting.interval - nowMillis())
  const happened = nowMillis()
  if (event === 'host death') strong.cut()
  else if (event === 'stop') void first.stop()
  else if (event === 'SIGKILL') for (const pid of pids) process.kill(pid, 'SIGKILL')
  else if (event === 'link down') strong.linkDown()
  else strong.linkUp()
  const claim = await claimOf(returning ? strongMac : weakMac, happened)
  await until('the address answers again', async () => (await answersSince(probe, claim.at)).number > answersIn(50))
  const { longest, until: answered } = await answersSince(probe, happened)
  if (event === 'stop' || returning) return longest
  const last = wire.last((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11')
  if (last === undefined) throw new Error('the first master has advertised nothing')
  return (event === 'SIGKILL' ? claim.at : answered) - last.at - 500 * setting.interval
}

type Answers = { readonly number: number; readonly longest: number; readonly until: number }

/** How many answers came since then, how long the longest silence was, and when it ended; in milliseconds. */
async function answersSince(probe: LabProcess, since: number): Promise<Answers> {
  const asked = probe.lines.length
  probe.write(`${Math.round(since * 1000)}\n`)
  const { text } = await until('the probe tells', () => probe.lines[asked], { every: 5 })
  const [number = Number.NaN, longest = Number.NaN, end = Number.NaN] = text.split(' ').map(Number)
  return { number, longest: longest / 1000, until: end / 1000 }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
/** Where neither was away they are equal. */
const ratio = (ours: number, theirs: number): string => (ours === theirs ? 1 : ours / theirs).toFixed(2)
const shown = (ms: number): string =>
  (ms < 1000 ? `${ms.toFixed(ms < 10 ? 2 : 1)} ms` : `${(ms / 1000).toFixed(2)} s`).padStart(9)

process.stdout.write(
  `address away, median of ${usual}, at 0.01 s and failing back below 1 s of ${2 * usual - 1} (SIGKILL: claimed by the other director)\n`,
)
process.stdout.write(
  `${'interval'.padEnd(12)}${'event'.padEnd(12)} ${'Holdfast'.padStart(9)} ${'keepalived'.padStart(10)}   ratio\n`,
)
for (const setting of settings)
  for (const event of events) {
    if (!event.includes(only) || !setting.name.includes(within)) continue
    const seen: Record<DaemonName, number[]> = { holdfast: [], keepalived: [] }
    for (let round = 0; round < roundsOf(setting, event); round++)
      for (const daemon of daemons) seen[daemon].push(await measure(daemon, setting, event))
    const [ours, theirs] = [median(seen.holdfast), median(seen.keepalived)]
    const row = `${setting.name.padEnd(12)}${event.padEnd(12)} ${shown(ours)} ${shown(theirs).padStart(10)}   ${ratio(ours, theirs)}\n`
    process.stdout.write(row)
  }
process.exit(0)
