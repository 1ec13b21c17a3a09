/** A director with real servers of its own, on which keepalived or Holdfast runs over the kernel's IPVS; and its configuration. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FifoListener, type Host, type Lab, type LabProcess } from '../lab/library/index.ts'
import { type Daemon, start, tableOf } from './both-daemons.ts'

export const LOCAL = '10.9.0.1'
const SECOND = '10.9.0.2'
/** Seconds. */
export const DELAY_LOOP = 3
/** Seconds that a check may take: all is emulated, and what is to fail fails at once. */
const PATIENCE = 30
/** The virtual address with ha_suspend, which comes and goes. */
export const WANDERING = '192.0.2.103'

const tcp = (retry: number) => `TCP_CHECK {\n      retry ${retry}\n      delay_before_retry 1\n    }`
const http = 'HTTP_GET {\n      url {\n        path /ok\n        status_code 200\n      }\n      retry 0\n    }'
const addressOf = (port: number): string => (port === 8084 || port === 8087 ? SECOND : LOCAL)
const server = (port: number, ...lines: readonly string[]) =>
  `  real_server ${addressOf(port)} ${port} {\n    ${lines.join('\n    ')}\n  }`
const service = (head: string, scheduler: string, ...lines: readonly string[]) =>
  `virtual_server ${head} {\n  delay_loop ${DELAY_LOOP}\n  connect_timeout ${PATIENCE}\n  warmup 0\n  lb_algo ${scheduler}\n  lb_kind NAT\n  protocol TCP\n${lines.join('\n')}\n}\n`

/** What a reload changes. */
export type Variant = {
  /** Of the first server. */
  readonly weight: number
  readonly quorum: number
  /** The second server of the group is there. */
  readonly second: boolean
  /** So is the third of the first service. */
  readonly third: boolean
}

export const FIRST: Variant = { weight: 3, quorum: 3, second: true, third: false }

const configuration = (directory: string, { weight, quorum, second, third }: Variant) =>
  `global_defs {
  router_id director
  script_user root
  lvs_notify_fifo ${directory}/lvs.fifo
}
track_file number {
  file "${directory}/number"
}
virtual_server_group POOL {
  192.0.2.101-102 8080
  fwmark 9
}
` +
  service(
    '192.0.2.100 80',
    'wrr',
    `  quorum ${quorum}`,
    '  hysteresis 1',
    `  quorum_up "${directory}/tell quorum up"`,
    `  quorum_down "${directory}/tell quorum down"`,
    `  sorry_server ${LOCAL} 80`,
    '  sorry_server_inhibit',
    '  sorry_server_lvs_method DR',
    server(
      8081,
      `weight ${weight}`,
      `notify_up "${directory}/tell 8081 up"`,
      `notify_down "${directory}/tell 8081 down"`,
      tcp(0),
    ),
    server(8082, 'weight 1', 'inhibit_on_failure', tcp(1)),
    third ? server(8089, 'weight 2', tcp(0)) : '',
  ) +
  service(
    'fwmark 7',
    'rr',
    '  alpha',
    '  retry 1',
    '  delay_before_retry 1',
    server(8083, 'weight 2', http),
    server(8084, 'weight 1', 'TCP_CHECK {\n    }'),
  ) +
  service(
    'group POOL',
    'wrr',
    '  omega',
    server(
      8085,
      'weight 5',
      `MISC_CHECK {\n      misc_path "${directory}/weigh"\n      misc_timeout ${PATIENCE}\n      misc_dynamic\n    }`,
    ),
    second ? server(8086, 'weight 4', 'FILE_CHECK {\n      track_file number\n      weight 2\n    }', tcp(0)) : '',
  ) +
  service(`${WANDERING} 80`, 'rr', '  ha_suspend', server(8087, tcp(0)))

export type Director = {
  readonly name: keyof typeof start
  /** Lets the server on this port listen again. */
  listen(port: number): void
  stop(port: number): Promise<unknown>
  /** `ok` is the page of 8083, `number` what FILE_CHECK looks at, `code` what the script of MISC_CHECK ends with. */
  write(file: 'ok' | 'number' | 'code', text: string): void
  remove(file: 'ok'): void
  address(change: 'add' | 'del'): void
  reload(variant: Variant): void
  /** Lines of the FIFO so far, one that is repeated once. */
  lines(): readonly string[]
  /** What scripts were run with, in no order. */
  told(): readonly string[]
  table(): readonly string[]
  logs(): string
  run(): Promise<void>
  end(): Promise<void>
}

export function openDirector(lab: Lab, name: keyof typeof start): Director {
  const host: Host = lab.host(name, { eth0: { segment: lab.segment(`${name}-lan`), addresses: ['192.0.2.11/24'] } })
  for (const address of [LOCAL, SECOND]) host.ip('addr', 'add', `${address}/32`, 'dev', 'lo')
  const { directory } = host
  const at = (file: string): string => join(directory, file)
  for (const [file, text] of Object.entries({ ok: 'fine', number: '0\n', code: '0\n', told: '' }))
    writeFileSync(at(file), text)
  for (const [file, text] of Object.entries({
    tell: `echo "$*" >> ${at('told')}`,
    weigh: `read -r code < ${at('code')}; exit $code`,
  })) {
    writeFileSync(at(file), `#!/bin/sh\n${text}\n`)
    chmodSync(at(file), 0o755)
  }
  const servers = new Map<number, LabProcess>()
  const listen = (port: number): void => {
    const argv = ['busybox', 'httpd', '-f', '-p', `${addressOf(port)}:${port}`, '-h', directory]
    servers.set(port, host.spawn(`web${port}`, argv))
  }
  for (const port of [8081, 8082, 8083, 8084, 8086, 8087, 8089]) listen(port)
  const fifo = new FifoListener(at('lvs.fifo'), 50)
  let daemon: Daemon | undefined
  return {
    name,
    listen,
    stop: async (port) => servers.get(port)?.stop('SIGKILL'),
    write: (file, text) => writeFileSync(at(file), text),
    remove: (file) => rmSync(at(file)),
    address: (change) => host.ip('addr', change, `${WANDERING}/24`, 'dev', 'eth0'),
    reload(variant) {
      if (daemon === undefined) return
      writeFileSync(daemon.configurationFile, configuration(directory, variant))
      daemon.process.signal('SIGHUP')
    },
    // keepalived tells twice of a quorum that a reload takes away.
    lines: () =>
      fifo.text
        .split('\n')
        .slice(0, -1)
        .filter((line, i, all) => line !== all[i - 1]),
    told: () => readFileSync(at('told'), 'utf8').split('\n').slice(0, -1).toSorted(),
    table: () => tableOf(host),
    logs: () => host.logs(),
    async run() {
      daemon = await start[name](host, configuration(directory, FIRST))
    },
    async end() {
      await daemon?.stop()
      fifo.read()
      fifo.close()
    },
  }
}

/** The weight of a server in the table; that of the first of its services, where it is in several. */
export function weightIn(table: readonly string[], port: number): number | undefined {
  const line = table.find((one) => one.startsWith('-a ') && one.includes(` ${addressOf(port)}:${port} `))
  return line === undefined ? undefined : Number(/-w (\d+)/.exec(line)?.[1])
}
