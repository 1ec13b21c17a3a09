/**
 * How evenly advertisements come, Holdfast beside Debian's keepalived on the same segment at the same time, each master of
 * a virtual router of its own, seen by a third host through the kernel's time stamps. The deviation is that of one gap
 * between two advertisements from the configured interval. `busy`: Holdfast's checker makes about a thousand HTTP probes a
 * second meanwhile; keepalived runs without its checkers, which need ip_vs. `real-time`: both with vrrp_rt_priority.
 */
import { argv } from 'node:process'
import { type Capture, type Host, type Lab, openLab, until } from '../test/lab/library/index.ts'

/** For each row. */
const seconds = Number(argv[2] ?? 20)
const REAL_SERVERS = 100
const ours = { name: 'Holdfast', id: 51, address: '192.0.2.100' } as const
const theirs = { name: 'keepalived', id: 52, address: '192.0.2.101' } as const

type Row = { readonly interval: number; readonly busy: boolean; readonly realTime: boolean }

const rows: readonly Row[] = [0.01, 0.1].flatMap((interval) => [
  { interval, busy: false, realTime: false },
  { interval, busy: true, realTime: false },
  { interval, busy: true, realTime: true },
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
  for (let i = 1; i <= REAL_SERVERS; i++) web.ip('addr', 'add', `10.9.0.${i}/24`, 'dev', 'eth0')
  await web.nginx({ listen: ['8080'], body: 'well' })
  inside.plug(director.namespace, 'eth1')
  director.ip('addr', 'add', '10.9.0.253/24', 'dev', 'eth1')
  director.ip('link', 'set', 'eth1', 'up')
}

async function measure(lab: Lab, row: Row): Promise<readonly [Deviations, Deviations]> {
  const { busy, interval } = row
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [director, other, witness] = [lab.host('ours', on(11)), lab.host('theirs', on(12)), lab.host('witness', on(13))]
  if (busy) await realServers(lab, director)
  const daemon = await director.holdfastd(busy ? router(ours, row) + service() : router(ours, row))
  await other.keepalived(router(theirs, row))
  await Promise.all([director.holds(ours.address), other.holds(theirs.address)])
  if (busy)
    await daemon.shows('every real server is up', ({ virtualServers }) =>
      virtualServers.every(({ realServers }) => realServers.every(({ state }) => state === 'up')),
    )
  const wire = await witness.capture('ip proto 112')
  const began = await wire.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === ours.id)
  // Start-up is not what is measured: compilers and collectors come to rest in the first second.
  const from = began.at + 1000
  const enough = () => (wire.frames.at(-1)?.at ?? 0) > from + seconds * 1000
  await until('the measuring time is over', enough, { within: (seconds + 15) * 1000, every: 250 })
  return [deviations(wire, ours.id, from, interval), deviations(wire, theirs.id, from, interval)]
}

const line = (...cells: readonly [string, string, string, string, string, string, string, string]): void => {
  const [interval, checker, scheduling, daemon, ...figures] = cells
  const words = interval.padEnd(10) + checker.padEnd(9) + scheduling.padEnd(12) + daemon.padEnd(11)
  process.stdout.write(`${words}${figures.map((figure) => figure.padStart(9)).join('')}\n`)
}

process.stdout.write(
  `deviation from the advertisement interval, ms, ${seconds} s a row; both daemons at the same time\n`,
)
line('interval', 'checker', 'scheduling', 'daemon', 'count', 'p50', 'p99', 'most')
for (const row of rows) {
  const lab = openLab()
  try {
    const [mine, other] = await measure(lab, row)
    const what = [`${row.interval} s`, row.busy ? 'busy' : 'none', row.realTime ? 'real-time' : 'ordinary'] as const
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
