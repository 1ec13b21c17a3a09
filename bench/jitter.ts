/**
 * How evenly advertisements come, Holdfast beside Debian's keepalived on the same segment at the same time, each master of
 * a virtual router of its own, seen by a third host through the kernel's time stamps. The deviation is that of one gap
 * between two advertisements from the configured interval. `busy`: Holdfast's checker makes about a thousand HTTP probes a
 * second meanwhile; keepalived runs without its checkers, which need ip_vs. `large`: as many probes of 2,000 real servers of
 * 1,000 virtual servers, all of which a reload changes about every two seconds. `real-time`: both with vrrp_rt_priority.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { type Capture, type Host, type Lab, openLab, until } from '../test/lab/library/index.ts'

/** For each row of a hundred advertisements a second; the others last longer, for a percentile of a few is chance. */
const usual = Number(argv[2] ?? 10)
const secondsOf = ({ interval }: Row): number => (interval < 0.1 ? usual : 2.5 * usual)
/** One of `none`, `busy`, `large`; all unless given. */
const only = argv[3]
const REAL_SERVERS = 100
/** Milliseconds, out of step with the advertisements. */
const EVERY_OTHER_SECOND = 1_937
const ours = { name: 'Holdfast', id: 51, address: '192.0.2.100' } as const
const theirs = { name: 'keepalived', id: 52, address: '192.0.2.101' } as const

type Row = { readonly interval: number; readonly checker: 'none' | 'busy' | 'large'; readonly realTime: boolean }

const rows: readonly Row[] = [0.01, 0.1].flatMap((interval) => [
  { interval, checker: 'none', realTime: false } as const,
  { interval, checker: 'busy', realTime: false } as const,
  { interval, checker: 'busy', realTime: true } as const,
  { interval, checker: 'large', realTime: false } as const,
])

const router = ({ id, address }: typeof ours | typeof theirs, { interval, realTime }: Row): string => `global_defs {
  router_id bench
  ${realTime ? 'vrrp_rt_priority 50' : ''}
}
vrrp_instance VI_${id} {
  state MASTER
  interface eth0
  virtual_router_id ${id}
  version 3
  priority 200
  advert_int ${interval}
  virtual_ipaddress {
    ${address}/24
  }
}
`

/** One real server a line of addresses 10.9.0.n, each asked ten times a second. */
const service = (): string => `virtual_server ${ours.address} 80 {
  delay_loop 0.1
  warmup 0.1
  lb_algo rr
  lb_kind NAT
  protocol TCP
${Array.from(
  { length: REAL_SERVERS },
  (_, i) => `  real_server 10.9.0.${i + 1} 8080 {
    HTTP_GET {
      url {
        path /
      }
      connect_timeout 2
    }
  }
`,
).join('')}}
`

const LARGE = 1_000
const largeAddress = (n: number): string => `10.9.${n >> 8}.${n & 255}`

/** A thousand virtual servers of two real servers, each probed every two seconds. @param weight of every real server */
const large = (weight: number): string =>
  Array.from(
    { length: LARGE },
    (_, i) => `virtual_server ${ours.address} ${i + 1} {
  delay_loop 2
  lb_algo rr
  lb_kind NAT
  protocol TCP
${[0, 1]
  .map(
    (n) => `  real_server ${largeAddress(256 + 2 * i + n)} 8080 {
    weight ${weight}
    TCP_CHECK {
      connect_timeout 5
    }
  }
`,
  )
  .join('')}}
`,
  ).join('')

type Deviations = { readonly count: number; readonly p50: number; readonly p99: number; readonly most: number }

function deviations(wire: Capture, id: number, from: number, interval: number): Deviations {
  const times = wire.frames.flatMap((frame) =>
    frame.kind === 'vrrp' && frame.virtualRouterId === id && frame.at >= from ? [frame.at] : [],
  )
  const off = times.slice(1).map((at, i) => Math.abs(at - (times[i] as number) - interval * 1000))
  off.sort((a, b) => a - b)
  const quantile = (part: number): number => off[Math.min(off.length - 1, Math.floor(part * off.length))] ?? Number.NaN
  return { count: off.length, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1) }
}

/** A web server that answers on the addresses of every real server, reached over a link of its own. */
async function realServers(lab: Lab, director: Host): Promise<void> {
  const inside = lab.segment('inside')
  const web = lab.host('web', { eth0: { segment: inside, addresses: ['10.9.0.254/24'] } })
  const numbers = [...Array(REAL_SERVERS).keys()].map((i) => i + 1)
  const more = [...Array(2 * LARGE).keys()].map((i) => i + 256)
  const batch = join(web.directory, 'addresses')
  // The many are behind it: a host keeps a thousand neighbours.
  const all = [
    ...numbers.map((n) => `addr add ${largeAddress(n)}/24 dev eth0`),
    ...more.map((n) => `addr add ${largeAddress(n)}/32 dev lo`),
  ]
  writeFileSync(batch, `${all.join('\n')}\n`)
  web.ip('-batch', batch)
  await web.nginx({ listen: ['8080'], body: 'well' })
  inside.plug(director.namespace, 'eth1')
  director.ip('addr', 'add', '10.9.0.253/24', 'dev', 'eth1')
  director.ip('link', 'set', 'eth1', 'up')
  director.ip('route', 'add', '10.9.0.0/16', 'via', '10.9.0.254')
}

async function measure(lab: Lab, row: Row): Promise<readonly [Deviations, Deviations]> {
  const { checker, interval } = row
  const seconds = secondsOf(row)
  const services = { none: '', busy: service(), large: large(1) }[checker]
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [director, other, witness] = [lab.host('ours', on(11)), lab.host('theirs', on(12)), lab.host('witness', on(13))]
  if (checker !== 'none') await realServers(lab, director)
  const daemon = await director.holdfastd(router(ours, row) + services)
  await other.keepalived(router(theirs, row))
  await Promise.all([director.holds(ours.address), other.holds(theirs.address)])
  if (checker !== 'none')
    await daemon.shows(
      'nine real servers of ten are up',
      ({ virtualServers }) =>
        virtualServers.length > 0 &&
        virtualServers.filter(({ realServers }) => realServers.every(({ state }) => state === 'up')).length >
          0.9 * virtualServers.length,
      60_000,
    )
  const wire = await witness.capture('ip proto 112')
  const began = await wire.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === ours.id)
  // Start-up is not what is measured: compilers and collectors come to rest in the first second.
  const from = began.at + 1000
  let weight = 1
  const reload = () => {
    daemon.configure(router(ours, row) + large(++weight))
    process.kill(daemon.pid, 'SIGHUP')
  }
  const reloading = checker === 'large' ? setInterval(reload, EVERY_OTHER_SECOND) : undefined
  const enough = () => (wire.frames.at(-1)?.at ?? 0) > from + seconds * 1000
  await until('the measuring time is over', enough, { within: (seconds + 15) * 1000, every: 250 })
  clearInterval(reloading)
  return [deviations(wire, ours.id, from, interval), deviations(wire, theirs.id, from, interval)]
}

const line = (...cells: readonly [string, string, string, string, string, string, string, string]): void => {
  const [interval, checker, scheduling, daemon, ...figures] = cells
  const words = interval.padEnd(10) + checker.padEnd(9) + scheduling.padEnd(12) + daemon.padEnd(11)
  process.stdout.write(`${words}${figures.map((figure) => figure.padStart(9)).join('')}\n`)
}

process.stdout.write(
  `deviation from the advertisement interval, ms, ${usual} s a row, 2.5 times that at 0.1 s; both daemons at the same time\n`,
)
line('interval', 'checker', 'scheduling', 'daemon', 'count', 'p50', 'p99', 'most')
for (const row of rows) {
  if (only !== undefined && row.checker !== only) continue
  const lab = openLab()
  try {
    const [mine, other] = await measure(lab, row)
    const what = [`${row.interval} s`, row.checker, row.realTime ? 'real-time' : 'default'] as const
    const ms = ({ count, p50, p99, most }: Deviations) =>
      [String(count), p50.toFixed(3), p99.toFixed(3), most.toFixed(3)] as const
    line(...what, ours.name, ...ms(mine))
    line(...what, theirs.name, ...ms(other))
    const ratio = (of: 'p50' | 'p99' | 'most') => (mine[of] / other[of]).toFixed(2)
    line('', '', '', 'ratio', '', ratio('p50'), ratio('p99'), ratio('most'))
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`)
    throw error
  } finally {
    lab.close()
  }
}
process.exit(0)
