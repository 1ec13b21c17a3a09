/**
 * The checker role under load: 10,000 real servers with TCP_CHECK and 2,000 with HTTP_GET every five seconds against nginx, the
 * load of each process, memory and servers that were found down for no reason; then a hundred of them stop, and it is looked
 * how long each is still in the table (its line in lvs_notify_fifo comes once the table has it no more). Last a configuration of 2,000 × 20 real
 * servers is reloaded with one weight changed. keepalived's checkers need ip_vs, which this kernel may lack: test/kernel/checkers
 * has both side by side. Arguments: seconds to watch (30; 600 for ten minutes), scale in percent (100), and `load` or
 * `reload` for one of the two alone.
 */
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { FifoListener, type Holdfastd, type Host, type Lab, openLab, until } from '../test/lab/library/index.ts'

const seconds = Number(argv[2] ?? 30)
const scale = Number(argv[3] ?? 100) / 100
const TCP = Math.round(10_000 * scale)
const HTTP = Math.round(2_000 * scale)
const STOPPING = 100
const DELAY_LOOP = 5
const PER_SERVICE = 20

/** 10.1.0.1 and on; all of them are one host. */
const addressOf = (i: number): string =>
  `10.${1 + Math.floor(i / 62_500)}.${Math.floor(i / 250) % 250}.${1 + (i % 250)}`

const TCP_CHECK = 'TCP_CHECK {\n      retry 1\n    }'
const HTTP_GET = 'HTTP_GET {\n      url {\n        path /\n        status_code 200\n      }\n    }'
/** Those that are to stop are on a port of their own, and one failure is enough. */
const STOPPING_CHECK = 'TCP_CHECK {\n      retry 0\n    }'

function configuration(
  servers: number,
  of: (i: number) => { readonly port: number; readonly checker: string; readonly weight?: number },
  { fifo, delayLoop = DELAY_LOOP }: { readonly fifo?: string; readonly delayLoop?: number } = {},
): string {
  const services: string[] = []
  for (let first = 0; first < servers; first += PER_SERVICE) {
    const reals = Array.from({ length: Math.min(PER_SERVICE, servers - first) }, (_, i) => {
      const { port, checker, weight = 1 } = of(first + i)
      return `  real_server ${addressOf(first + i)} ${port} {\n    weight ${weight}\n    ${checker}\n  }\n`
    })
    services.push(`virtual_server 192.0.2.100 ${1000 + first / PER_SERVICE} {
  delay_loop ${delayLoop}
  connect_timeout 3
  lb_algo rr
  lb_kind NAT
  protocol TCP
${reals.join('')}}
`)
  }
  return `lvs_settings {\n  destination_table_size 65536\n}\nglobal_defs {\n  script_user root\n${fifo === undefined ? '' : `  lvs_notify_fifo ${fifo}\n`}}\n${services.join('')}`
}

/** Seconds of processor time that a process has had, all its threads. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
/** Connections that were begun in the network namespace of a process. */
function connectsOf(pid: number): number {
  const [names = '', values = ''] = readFileSync(`/proc/${pid}/net/snmp`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
  return Number(values.split(' ')[names.split(' ').indexOf('ActiveOpens')])
}
const megabytesOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024

function scene(lab: Lab): { readonly director: Host; readonly servers: Host } {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '192.0.2.100/32'] } })
  const servers = lab.host('servers', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  servers.ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo')
  director.ip('route', 'add', '10.0.0.0/8', 'via', '192.0.2.21')
  // Thousands of connections a second come and go: their ports must not run out while they linger.
  director.sysctl('net.ipv4.ip_local_port_range=1024 65535')
  return { director, servers }
}

async function pids(daemon: Holdfastd): Promise<readonly (readonly [string, number])[]> {
  const roles = (await daemon.status()).roles.flatMap(({ role, pid }) =>
    pid === undefined ? [] : [[role, pid] as const],
  )
  return [['supervisor', daemon.pid], ...roles]
}

const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * p) / 100) - 1)] ?? Number.NaN
const shown = (value: number, digits = 1): string => value.toFixed(digits)

async function load(lab: Lab): Promise<void> {
  const { director, servers } = scene(lab)
  await servers.nginx({ listen: ['80'], body: 'fine' })
  const stopping = servers.spawn('stopping', ['busybox', 'httpd', '-f', '-p', '82', '-h', servers.directory])
  const fifo = `${director.directory}/lvs.fifo`
  const text = configuration(
    TCP + HTTP,
    (i) =>
      i < STOPPING ? { port: 82, checker: STOPPING_CHECK } : { port: 80, checker: i < TCP ? TCP_CHECK : HTTP_GET },
    { fifo },
  )
  const listener = new FifoListener(fifo, 5)
  const lines = (word: string): number =>
    listener.text.split('\n').filter((line) => line.startsWith('RS ') && line.endsWith(word)).length
  const daemon = await director.holdfastd(text, { within: 120_000 })
  try {
    await until(
      'every server was asked',
      async () =>
        (await daemon.status()).virtualServers.every(({ realServers }) =>
          realServers.every(({ state }) => state !== 'unknown'),
        ),
      { within: 60_000, every: 1_000 },
    )
    const falseDownsAtStart = lines('DOWN')
    const processes = await pids(daemon)
    const before = processes.map(([, pid]) => cpuOf(pid))
    const connectsBefore = connectsOf(daemon.pid)
    const from = performance.now()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const length = (performance.now() - from) / 1_000
    const used = processes.map(([, pid], i) => cpuOf(pid) - (before[i] ?? 0))
    // Those that were made: on a machine that is short of time they are fewer than were due.
    const checks = connectsOf(daemon.pid) - connectsBefore
    const due = ((TCP + HTTP) / DELAY_LOOP) * length
    console.log(
      `${TCP} servers with TCP_CHECK and ${HTTP} with HTTP_GET, delay_loop ${DELAY_LOOP}, ${shown(length, 0)} s`,
    )
    for (const [i, [role, pid]] of processes.entries())
      console.log(
        `  ${role.padEnd(10)} ${shown(((used[i] ?? 0) / length) * 100)} % of a processor, ${shown(megabytesOf(pid))} MB`,
      )
    const checker = processes.findIndex(([role]) => role === 'checker')
    console.log(
      `  a check    ${shown(((used[checker] ?? 0) / checks) * 1e6, 0)} µs of the checker's time, ${shown(checks / length, 0)} checks a second of ${shown(due / length, 0)} that were due`,
    )
    console.log(`  false downs ${lines('DOWN')} (${falseDownsAtStart} of them while all began)`)

    const known = lines('DOWN')
    const stopped = performance.now()
    const times: number[] = []
    void stopping.stop('SIGKILL')
    await until(
      'those that stopped have left the table',
      () => {
        const now = lines('DOWN') - known
        while (times.length < now) times.push(performance.now() - stopped)
        return times.length >= STOPPING
      },
      { within: 60_000, every: 5 },
    )
    console.log(
      `  from stop to removal: p50 ${shown(percentile(times, 50) / 1000, 2)} s, p99 ${shown(percentile(times, 99) / 1000, 2)} s, last ${shown((times.at(-1) ?? 0) / 1000, 2)} s`,
    )
  } finally {
    listener.close()
    await daemon.stop()
  }
}

async function reload(lab: Lab): Promise<void> {
  const { director, servers } = scene(lab)
  await servers.nginx({ listen: ['80'], body: 'fine' })
  const count = Math.round(40_000 * scale)
  const fifo = `${director.directory}/lvs.fifo`
  const listener = new FifoListener(fifo, 100)
  const text = (weight: number) =>
    configuration(count, (i) => ({ port: 80, checker: TCP_CHECK, weight: i === 4321 % count ? weight : 1 }), {
      delayLoop: 600,
      fifo,
    })
  const daemon = await director.holdfastd(text(1), { within: 120_000 })
  try {
    // A quorum is told of once the table has its service.
    await until(
      'the table has all',
      () => listener.text.split('\n').filter((line) => line.startsWith('VS ')).length === count / PER_SERVICE,
      { within: 240_000, every: 100, detail: () => `${listener.text.split('\n').length - 1} lines` },
    )
    const times: number[] = []
    for (const weight of [2, 3, 4, 5, 6]) {
      daemon.configure(text(weight))
      const from = performance.now()
      const { stderr } = await daemon.holdfast('reload')
      if (stderr !== '') throw new Error(stderr)
      times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    console.log(
      `a reload of ${count / PER_SERVICE} × ${PER_SERVICE} servers with one weight changed, the command and all: median ${shown(percentile(times, 50) / 1000, 2)} s, slowest ${shown((times.at(-1) ?? 0) / 1000, 2)} s`,
    )
  } finally {
    listener.close()
    await daemon.stop()
  }
}

const parts = { load, reload }
for (const [name, part] of Object.entries(parts)) {
  if (argv[4] !== undefined && argv[4] !== name) continue
  const lab = openLab()
  try {
    await part(lab)
  } finally {
    await lab.close()
  }
}
