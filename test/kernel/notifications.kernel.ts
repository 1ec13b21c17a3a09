/** Real servers and quorums that come and go, under Debian's keepalived and under Holdfast: the same lines and the same mail. */
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import {
  FifoListener,
  type Host,
  type Lab,
  type LabProcess,
  openRelay,
  type TakenLetter,
  toRelay,
} from '../lab/library/index.ts'
import { until } from '../lab/library/wait.ts'

/** Everything is ten to twenty times slower here. */
const within = 90_000

type Daemon = { readonly process: LabProcess; stop(): Promise<number | string> }
const start = {
  holdfast: (host: Host, text: string): Promise<Daemon> =>
    host.holdfastd(text, { options: ['--backend', 'ipvs'], within }),
  keepalived: (host: Host, text: string): Promise<Daemon> => host.keepalived(text, []),
} as const

const LOCAL = '10.9.0.1'
const PORTS = [8081, 8082, 8083, 8084]
const server = (port: number) =>
  `real_server ${LOCAL} ${port} {\n    weight 1\n    TCP_CHECK {\n      connect_timeout 3\n      retry 0\n    }\n  }`
const service = (head: string, more: string, ...ports: readonly number[]) =>
  `virtual_server ${head} {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  ${more}
  ${ports.map(server).join('\n  ')}
}
`

const configuration = (directory: string) => `global_defs {
  router_id director
  script_user root
  ${toRelay}
  smtp_alert_checker
  notify_fifo ${directory}/all.fifo
  lvs_notify_fifo ${directory}/lvs.fifo
}
virtual_server_group WEB {
  192.0.2.101 80
  192.0.2.102 80
}
${service('192.0.2.100 80', 'quorum 2', 8081, 8082)}
${service('fwmark 7', 'omega', 8083)}
${service('group WEB', 'omega', 8084)}
`

type Heard = { readonly lines: readonly string[]; readonly letters: readonly TakenLetter[] }

async function play(lab: Lab, daemon: keyof typeof start): Promise<Heard> {
  const host = lab.host(daemon, { eth0: { segment: lab.segment(`${daemon}-lan`), addresses: ['192.0.2.11/24'] } })
  host.ip('addr', 'add', `${LOCAL}/32`, 'dev', 'lo')
  const listens = (port: number): LabProcess =>
    host.spawn(`web${port}`, ['busybox', 'httpd', '-f', '-p', `${LOCAL}:${port}`, '-h', host.directory])
  const servers = new Map(PORTS.map((port) => [port, listens(port)]))
  const letters = await openRelay(host, within)
  const listeners = ['lvs', 'all'].map((name) => new FifoListener(`${host.directory}/${name}.fifo`, 100))
  const [lvs] = listeners
  const tells = (lines: number, mails: number) =>
    until(
      `${daemon} tells in ${lines} lines and ${mails} letters`,
      () => (lvs?.text.split('\n').length ?? 0) - 1 === lines && letters().length === mails,
      {
        within,
        detail: () =>
          `${lvs?.text}\n${letters()
            .map(({ subject }) => subject)
            .join('\n')}\n${host.logs()}`,
      },
    )
  try {
    const running = await start[daemon](host, configuration(host.directory))
    // Each quorum is there from the start.
    let [lines, mails] = [3, 3]
    await tells(lines, mails)
    // The first has two servers and needs both; of the others the one server is the quorum.
    for (const port of [8081, 8083, 8084]) {
      await servers.get(port)?.stop('SIGKILL')
      lines += 2
      mails += 2
      await tells(lines, mails)
      servers.set(port, listens(port))
      lines += 2
      mails += 2
      await tells(lines, mails)
    }
    await running.stop()
    for (const listener of listeners) listener.read()
    return { lines: listeners.map(({ text }) => text), letters: letters() }
  } finally {
    for (const listener of listeners) listener.close()
  }
}

lab(
  'what becomes of real servers and quorums is told as by keepalived, byte for byte',
  async (lab) => {
    const keepalived = await play(lab, 'keepalived')
    const holdfast = await play(lab, 'holdfast')
    expect(holdfast.lines).toEqual(keepalived.lines)
    // keepalived sends several at a time, counts a lost quorum as one that is gained, and ends before its last have left.
    const text = ({ subject, body }: TakenLetter) =>
      `${subject}\n${body.split('\n')[0]?.trim()}`.replace(/Lost.*/, 'Lost')
    const counted = (letters: readonly TakenLetter[]) => letters.slice(0, 15).map(text).sort()
    expect(counted(holdfast.letters)).toEqual(counted(keepalived.letters))
  },
  900_000,
)
