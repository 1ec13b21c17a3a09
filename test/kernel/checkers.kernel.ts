/**
 * The same configuration and the same doings of real servers, under Debian's keepalived and under Holdfast over the kernel's
 * IPVS: after each cause the same lines in the same order, the same table, and both within one delay_loop.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { FifoListener, type Host, type Lab, type LabProcess } from '../lab/library/index.ts'
import { nowMillis, until } from '../lab/library/wait.ts'
import { start, tableOf, within } from './both-daemons.ts'

const LOCAL = '10.9.0.1'
const SECOND = '10.9.0.2'
const DELAY_LOOP = 4
/** Seconds that what is emulated may take besides. */
const SLACK = 3

const tcp = (retry: number) =>
  `TCP_CHECK {\n      connect_timeout 2\n      retry ${retry}\n      delay_before_retry 1\n    }`
const http =
  'HTTP_GET {\n      url {\n        path /ok\n        status_code 200\n      }\n      connect_timeout 2\n      retry 0\n    }'
const addressOf = (port: number): string => (port === 8084 ? SECOND : LOCAL)
const server = (port: number, checker: string, ...more: readonly string[]) =>
  `  real_server ${addressOf(port)} ${port} {\n    ${[...more, checker].join('\n    ')}\n  }`

/** `weight` is that of the first server. */
const configuration = (directory: string, weight: number) => `global_defs {
  router_id director
  script_user root
  lvs_notify_fifo ${directory}/lvs.fifo
}
virtual_server 192.0.2.100 80 {
  delay_loop ${DELAY_LOOP}
  warmup 0
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  quorum 3
  hysteresis 1
  sorry_server ${LOCAL} 8090
  sorry_server_inhibit
${server(8081, tcp(0), `weight ${weight}`)}
${server(8082, tcp(1), 'weight 1', 'inhibit_on_failure')}
}
virtual_server fwmark 7 {
  delay_loop ${DELAY_LOOP}
  warmup 0
  lb_algo rr
  lb_kind NAT
  alpha
${server(8083, http, 'weight 2')}
${server(8084, tcp(0), 'weight 1')}
}
`

type World = {
  readonly host: Host
  stop(port: number): Promise<unknown>
  listen(port: number): void
  readonly page: string
  reload(weight: number): void
}

/** What happens, the lines that it brings, and what the table must then hold or not. */
const script: readonly {
  readonly cause: string
  readonly act: (world: World) => unknown
  readonly lines: number
  readonly settled: (table: readonly string[]) => boolean
}[] = [
  {
    cause: 'a server with inhibit_on_failure and a retry stops',
    act: (world) => world.stop(8082),
    lines: 1,
    settled: (table) => weightIn(table, 8082) === 0,
  },
  {
    cause: 'the last one stops: the sorry server has its place',
    act: (world) => world.stop(8081),
    lines: 2,
    settled: (table) => weightIn(table, 8090) === 1 && weightIn(table, 8081) === undefined,
  },
  {
    cause: 'one comes back, which is no quorum',
    act: (world) => world.listen(8082),
    lines: 1,
    settled: (table) => weightIn(table, 8090) === 1,
  },
  {
    cause: 'so does the other, which is',
    act: (world) => world.listen(8081),
    lines: 2,
    settled: (table) => weightIn(table, 8090) === 0 && weightIn(table, 8081) === 3,
  },
  {
    cause: 'the page of a server goes',
    act: ({ page }) => rmSync(page),
    lines: 1,
    settled: (table) => weightIn(table, 8083) === undefined,
  },
  {
    cause: 'the other of the service stops as well',
    act: (world) => world.stop(8084),
    lines: 2,
    settled: (table) => weightIn(table, 8084) === undefined,
  },
  {
    cause: 'the page is put back',
    act: ({ page }) => writeFileSync(page, 'fine'),
    lines: 2,
    settled: (table) => weightIn(table, 8083) === 2,
  },
  {
    cause: 'a reload gives another weight',
    act: (world) => world.reload(9),
    lines: 0,
    settled: (table) => weightIn(table, 8081) === 9,
  },
]

/** The weight of a server in the table. */
function weightIn(table: readonly string[], port: number): number | undefined {
  const line = table.find((one) => one.startsWith('-a ') && one.includes(` ${addressOf(port)}:${port} `))
  return line === undefined ? undefined : Number(/-w (\d+)/.exec(line)?.[1])
}

type Heard = {
  readonly cause: string
  readonly lines: readonly string[]
  readonly table: readonly string[]
  readonly took: number
}

async function play(lab: Lab, name: keyof typeof start): Promise<readonly Heard[]> {
  const host = lab.host(name, { eth0: { segment: lab.segment(`${name}-lan`), addresses: ['192.0.2.11/24'] } })
  for (const address of [LOCAL, SECOND]) host.ip('addr', 'add', `${address}/32`, 'dev', 'lo')
  const page = join(host.directory, 'ok')
  writeFileSync(page, 'fine')
  const servers = new Map<number, LabProcess>()
  const listen = (port: number) =>
    void servers.set(
      port,
      host.spawn(`web${port}`, ['busybox', 'httpd', '-f', '-p', `${addressOf(port)}:${port}`, '-h', host.directory]),
    )
  for (const port of [8081, 8082, 8083, 8084]) listen(port)
  const fifo = new FifoListener(`${host.directory}/lvs.fifo`, 50)
  const lines = () => fifo.text.split('\n').slice(0, -1)
  try {
    const daemon = await start[name](host, configuration(host.directory, 3))
    const reload = (weight: number) => {
      writeFileSync(daemon.configurationFile, configuration(host.directory, weight))
      daemon.process.signal('SIGHUP')
    }
    const world: World = { host, page, listen, reload, stop: async (port) => servers.get(port)?.stop('SIGKILL') }
    const heard: Heard[] = []
    const awaited = async (cause: string, count: number, settled: (table: readonly string[]) => boolean) => {
      const before = heard.reduce((sum, one) => sum + one.lines.length, 0)
      const from = nowMillis()
      await until(`${name}: ${cause}`, () => lines().length >= before + count && settled(tableOf(host)), {
        within,
        detail: () => `${fifo.text}\n${tableOf(host).join('\n')}\n${host.logs()}`,
      })
      const took = (nowMillis() - from) / 1_000
      heard.push({ cause, lines: lines().slice(before), table: tableOf(host), took })
    }
    // Of the second service the servers have to be found up first.
    await awaited('the start', 4, (table) => weightIn(table, 8083) === 2 && weightIn(table, 8084) === 1)
    for (const { cause, act, lines: count, settled } of script) {
      await act(world)
      await awaited(cause, count, settled)
    }
    await daemon.stop()
    return heard
  } finally {
    fifo.close()
  }
}

lab(
  'after each doing of the servers the same changes in the same order, and within one delay_loop',
  async (lab) => {
    const keepalived = await play(lab, 'keepalived')
    const holdfast = await play(lab, 'holdfast')
    const told = (all: readonly Heard[]) => all.map(({ cause, lines, table }) => ({ cause, lines, table }))
    const [keepalivedStart, ...keepalivedThen] = told(keepalived)
    const [holdfastStart, ...holdfastThen] = told(holdfast)
    // What is found up first at a start is a matter of chance.
    expect(holdfastStart?.lines.toSorted()).toEqual(keepalivedStart?.lines.toSorted())
    expect(holdfastThen).toEqual(keepalivedThen)
    for (const [i, { cause, took }] of keepalived.entries())
      if (i > 0) expect(Math.abs(took - (holdfast[i]?.took ?? 0)), cause).toBeLessThan(DELAY_LOOP + SLACK)
    console.log(
      keepalived
        .map(({ cause, took }, i) => `${cause}: keepalived ${took} s, Holdfast ${holdfast[i]?.took} s`)
        .join('\n'),
    )
  },
  900_000,
)
