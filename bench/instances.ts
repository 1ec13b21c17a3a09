/**
 * 255 virtual routers for each family on one interface, advertising ten times a second, Holdfast beside Debian's keepalived, one
 * after the other: until all are master, the load as masters and as backups of the other, memory, and a reload with one
 * change until it shows on the wire. Load is in parts of one processor, over all processes of a daemon.
 */
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { type Capture, type Host, type Lab, openLab, until } from '../test/lab/library/index.ts'

const COUNT = Number(argv[2] ?? 255)
const seconds = Number(argv[3] ?? 5)
/** Milliseconds in which compilers and collectors come to rest. */
const SETTLED = 8000

/** Every virtual router has an address of its own; the changed one has another priority. */
const configuration = (priority: number, changed?: number): string =>
  Array.from({ length: COUNT }, (_, i) => i + 1)
    .flatMap((id) =>
      [4, 6].map((family) => instance(family, id, id === changed && family === 4 ? priority + 1 : priority)),
    )
    .join('')

const instance = (family: number, id: number, priority: number): string => `vrrp_instance V${family}_${id} {
  state BACKUP
  interface eth0
  virtual_router_id ${id}
  version 3
  priority ${priority}
  advert_int 0.1
  garp_master_delay 0
  virtual_ipaddress {
    ${family === 4 ? `10.1.0.${id}/32` : `fe80::1:${id.toString(16)}/64`}
  }
}
`

type Daemon = {
  readonly pids: () => readonly number[]
  configure(text: string): void
  reload(): void
  stop(): Promise<unknown>
}
type Start = (host: Host, text: string) => Promise<Daemon>
const keepalived: Start = async (host, text) => {
  const daemon = await host.keepalived(text)
  return {
    pids: () => daemon.pids(),
    configure: (next) => void host.file('keepalived.conf', next),
    reload: () => daemon.process.signal('SIGHUP'),
    stop: () => daemon.stop(),
  }
}
const starts: Readonly<Record<string, Start>> = {
  Holdfast: async (host, text) => {
    const daemon = await host.holdfastd(text, { unready: true })
    return {
      pids: () => daemon.pids(),
      configure: (next) => daemon.configure(next),
      reload: () => void process.kill(daemon.pid, 'SIGHUP'),
      stop: () => daemon.stop(),
    }
  },
  keepalived,
}

const sum = (pids: readonly number[], of: (pid: number) => number): number =>
  pids.reduce((total, pid) => {
    try {
      return total + of(pid)
    } catch {
      return total
    }
  }, 0)
/** Nanoseconds that these have run. */
const cpu = (pids: readonly number[]) =>
  sum(pids, (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]))
/** Megabytes, what is shared counted once for each process that shares it in part (PSS). */
const memory = (pids: readonly number[]) =>
  sum(pids, (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])) / 1024

async function load(daemon: Daemon): Promise<number> {
  const [before, began] = [cpu(daemon.pids()), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  return (cpu(daemon.pids()) - before) / 1e6 / (performance.now() - began)
}

const masters = (wire: Capture, since: number, source4: string): number =>
  new Set(
    wire.frames.flatMap((frame) =>
      frame.kind === 'vrrp' && frame.at >= since && frame.priority > 0 && frame.source === source4
        ? [`${frame.virtualRouterId}`]
        : [],
    ),
  ).size

type Row = { readonly [figure: string]: number }

async function measure(lab: Lab, start: Start): Promise<Row> {
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [host, peer, witness] = [lab.host('host', on(11)), lab.host('peer', on(12)), lab.host('witness', on(13))]
  const wire = await witness.capture('ip proto 112')
  const began = Date.now()
  const daemon = await start(host, configuration(100))
  await until('all are master', () => masters(wire, 0, '192.0.2.11') === COUNT, { within: 60_000, every: 20 })
  const first = Date.now() - began
  await new Promise((resolve) => setTimeout(resolve, SETTLED))
  const asMaster = await load(daemon)
  const used = memory(daemon.pids())

  daemon.configure(configuration(100, 7))
  const asked = Date.now()
  const cpuBefore = cpu(daemon.pids())
  daemon.reload()
  await wire.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === 7 && frame.priority === 101, asked)
  const reloaded = Date.now() - asked
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const reloading = (cpu(daemon.pids()) - cpuBefore) / 1e9

  // A stronger one, the same for both: the first becomes backup.
  const other = await keepalived(peer, configuration(200))
  await until('all are its', () => masters(wire, Date.now() - 400, '192.0.2.12') === COUNT, {
    within: 60_000,
    every: 100,
  })
  await new Promise((resolve) => setTimeout(resolve, SETTLED))
  const asBackup = await load(daemon)
  await Promise.all([daemon.stop(), other.stop()])
  return {
    'start to all master, ms': first,
    'load as masters, %': asMaster * 100,
    'load as backups, %': asBackup * 100,
    'memory, MB': used,
    'reload with one change, ms': reloaded,
    'its processor time, s': reloading,
  }
}

const rows: Record<string, Row> = {}
for (const [name, start] of Object.entries(starts)) {
  const lab = openLab()
  try {
    rows[name] = await measure(lab, start)
  } catch (error) {
    process.stderr.write(`${lab.logs().slice(-4000)}\n`)
    throw error
  } finally {
    lab.close()
  }
}
process.stdout.write(`${COUNT} virtual routers × 2 families on one interface, every 0.1 s\n`)
process.stdout.write(
  `${''.padEnd(30)}${Object.keys(rows)
    .map((name) => name.padStart(12))
    .join('')}\n`,
)
for (const figure of Object.keys(Object.values(rows)[0] ?? {}))
  process.stdout.write(
    `${figure.padEnd(30)}${Object.values(rows)
      .map((row) => (row[figure] as number).toFixed(1).padStart(12))
      .join('')}\n`,
  )
process.exit(0)
