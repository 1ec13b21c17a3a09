/**
 * Checkers of many real servers, Holdfast's and keepalived's one after the other on the same configuration.
 *
 * `load`: 10,000 real servers with TCP_CHECK against a sink and 2,000 with HTTP_GET against nginx, every five seconds: load of
 * each process, memory, servers that were found down for no reason; then a thousand of them stop, and it is looked how long
 * each is still in the table (its line in lvs_notify_fifo comes once the table has it no more).
 * `reload`: one of 2,000 × 20 real servers moves to another port, again and again: the time from SIGHUP to its end, and how
 * many connections checkers make meanwhile, which tells whether they began anew.
 * `start`: with 2,000 × 20 real servers, until each has been asked; how many at a time, and how much memory it takes.
 * `detect`: both daemons at once on directors of their own check 600 servers, of which lot after lot ends, four times, a quarter
 * of delay_loop later each time.
 *
 * keepalived's checkers need ip_vs. Where the kernel has it (the guest), both write there. Else Holdfast writes its own table
 * and keepalived's orders go nowhere (pretend-ipvs.c), which costs it nothing: the ratios are worse for Holdfast than they are.
 *
 * Arguments: seconds to watch (30; 600 for ten minutes), scale in percent (100), and one of the four; without it the first two.
 */
import { argv } from 'node:process'
import { type Host, type Lab, openLab } from '../test/lab/library/index.ts'
import { type DetectFigures, detect } from './checkers/detect.ts'
import { daemons, kernelHasIpvs, type Play } from './checkers/either-daemon.ts'
import { type LoadFigures, load } from './checkers/load.ts'
import { type ReloadFigures, reload } from './checkers/reload.ts'
import { type StartFigures, start } from './checkers/start.ts'

const seconds = Number(argv[2] ?? 30)
const scale = Number(argv[3] ?? 100) / 100
const part = argv[4]

/** Real servers at addresses of 10.0.0.0/8, all of them one host, and directors beside it. */
function scene<Name extends string>(lab: Lab, names: readonly Name[]) {
  const lan = lab.segment()
  const servers = lab.host('servers', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  servers.ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo')
  servers.sysctl('net.core.somaxconn=4096')
  const directors = Object.fromEntries(
    names.map((name, i) => {
      const director = lab.host(name, { eth0: { segment: lan, addresses: [`192.0.2.${11 + i}/24`] } })
      director.ip('route', 'add', '10.0.0.0/8', 'via', '192.0.2.21')
      // Thousands of connections a second come and go: their ports must not run out while they linger.
      director.sysctl('net.ipv4.ip_local_port_range=1024 65535')
      return [name, director]
    }),
  ) as Record<Name, Host>
  return { servers, directors }
}

/** The same for each of the two, in a lab of its own. */
async function both<T>(play: (world: Play) => Promise<T>): Promise<Readonly<Record<keyof typeof daemons, T>>> {
  const alone = async (name: keyof typeof daemons): Promise<T> => {
    const lab = openLab()
    try {
      const { servers, directors } = scene(lab, ['director'])
      const { director } = directors
      return await play({
        director,
        servers,
        start: (text) => daemons[name].start(director, text),
        own: daemons[name].own,
        rounds: daemons[name].rounds,
      })
    } finally {
      await lab.close()
    }
  }
  return { Holdfast: await alone('Holdfast'), keepalived: await alone('keepalived') }
}

const number = (value: number, digits: number): string => value.toFixed(digits).padStart(12)

function row(what: string, ours: number, theirs: number, digits = 2): void {
  console.log(
    `${what.padEnd(34)}${number(ours, digits)}${number(theirs, digits)}${theirs === 0 ? '' : number(ours / theirs, 2)}`,
  )
}

function heading(text: string): void {
  console.log(
    `\n${text}\n${''.padEnd(34)}${['Holdfast', 'keepalived', 'ratio'].map((one) => one.padStart(12)).join('')}`,
  )
}

function showLoad({ Holdfast: ours, keepalived: theirs }: Readonly<Record<keyof typeof daemons, LoadFigures>>): void {
  heading(`${ours.tcp} servers with TCP_CHECK and ${ours.http} with HTTP_GET, delay_loop 5, ${seconds} s`)
  row('a check: µs of the checker', ours.checkCost * 1e6, theirs.checkCost * 1e6, 0)
  row('checks a second of those due', ours.checksDone, theirs.checksDone)
  row('checker: % of a processor', ours.checkerLoad * 100, theirs.checkerLoad * 100, 1)
  row('all processes: %', ours.load * 100, theirs.load * 100, 1)
  row('checker: MB at the beginning', ours.memoryBefore, theirs.memoryBefore, 1)
  row('checker: MB at the end', ours.memoryAfter, theirs.memoryAfter, 1)
  row('false downs', ours.falseDowns, theirs.falseDowns, 0)
  row('stop to removal: p50, s', ours.removalP50, theirs.removalP50)
  row('stop to removal: p99, s', ours.removalP99, theirs.removalP99)
  row('stop to removal: last, s', ours.removalLast, theirs.removalLast)
}

function showReload(all: Readonly<Record<keyof typeof daemons, ReloadFigures>>): void {
  const { Holdfast: ours, keepalived: theirs } = all
  heading(
    `a reload of ${ours.services} × 20 servers, one of them on another port; medians of ${ours.times.length} and ${theirs.times.length}`,
  )
  row('SIGHUP to its end, s', ours.median, theirs.median)
  row('slowest, s', ours.slowest, theirs.slowest)
  row('connections of checks meanwhile', ours.connects, theirs.connects, 0)
  row('of those that were due', ours.due, theirs.due, 0)
  row('other servers told of', ours.others, theirs.others, 0)
}

function showStart({ Holdfast: ours, keepalived: theirs }: Readonly<Record<keyof typeof daemons, StartFigures>>): void {
  heading(`a start with ${ours.servers} servers with TCP_CHECK, delay_loop 10`)
  row('ready, s', ours.ready, theirs.ready)
  row('all servers asked, s', ours.asked, theirs.asked)
  row('connections in 0.1 s at most', ours.burst, theirs.burst, 0)
  row('descriptors at most', ours.descriptors, theirs.descriptors, 0)
  row('checker: MB', ours.checkerMemory, theirs.checkerMemory, 1)
  row('all processes: MB', ours.memory, theirs.memory, 1)
}

function showDetect({
  Holdfast: ours,
  keepalived: theirs,
}: Readonly<Record<keyof typeof daemons, DetectFigures>>): void {
  heading('servers that end under both at once, TCP_CHECK, delay_loop 5')
  row('ends of servers', ours.samples, theirs.samples, 0)
  row('stop to removal: p50, s', ours.p50, theirs.p50)
  row('stop to removal: p99, s', ours.p99, theirs.p99)
  row('stop to removal: last, s', ours.last, theirs.last)
}

async function detection(): Promise<Readonly<Record<keyof typeof daemons, DetectFigures>>> {
  const lab = openLab()
  try {
    const { servers, directors } = scene(lab, ['Holdfast', 'keepalived'])
    return await detect(directors, servers, Math.round(30 * scale))
  } finally {
    await lab.close()
  }
}

console.log(
  kernelHasIpvs
    ? "both over the kernel's IPVS"
    : "Holdfast over its own table, keepalived's orders to a table go nowhere",
)
const wanted = part === undefined ? ['load', 'reload'] : [part]
if (wanted.includes('load')) showLoad(await both((world) => load(world, seconds, scale)))
if (wanted.includes('reload')) showReload(await both((world) => reload(world, scale)))
if (wanted.includes('start')) showStart(await both((world) => start(world, scale)))
if (wanted.includes('detect')) showDetect(await detection())
