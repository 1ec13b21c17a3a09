/** Real servers whose checkers fail and recover, under Debian's keepalived and under Holdfast: the same mail, letter by letter. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import {
  type Host,
  type Lab,
  type LabProcess,
  openRelay,
  quietEnvironment,
  type TakenLetter,
  toRelay,
} from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { until } from './library/wait.ts'

type Start = (host: Host, text: string) => Promise<unknown>

/** A kernel without ip_vs is none that its checkers would start on. */
const pretended = { ...quietEnvironment(), LD_PRELOAD: join(repositoryRoot, 'build/tools/pretend-ipvs.so') }

const start: Readonly<Record<'holdfast' | 'keepalived', Start>> = {
  holdfast: (host, text) => host.holdfastd(text),
  keepalived(host, text) {
    const at = (name: string): string => join(host.directory, name)
    const file = host.file('keepalived.conf', text)
    const pids = ['-p', at('keepalived.pid'), '-c', at('checkers.pid'), '-r', at('vrrp.pid'), '-b', at('bfd.pid')]
    const argv = ['keepalived', '-n', '-l', '-G', '-D', '-C', '-f', file, ...pids]
    return host.spawn('keepalived', argv, pretended).line(/Startup complete/)
  },
}

const configuration = (directory: string) => `global_defs {
  router_id director
  script_user root
  ${toRelay}
}
virtual_server 192.0.2.100 80 {
  delay_loop 0.5
  delay_before_retry 0.2
  retry 0
  warmup 0
  lb_algo rr
  lb_kind NAT
  protocol TCP
${server(directory, 1, '')}
${server(directory, 2, 'alpha')}
${server(directory, 3, 'smtp_alert off')}
}
`

const server = (directory: string, n: number, more: string) => `real_server 192.0.2.2${n} 80 {
  ${more}
  TCP_CHECK {
    connect_ip 127.0.0.1
    connect_port 808${n}
    retry 0
  }
  MISC_CHECK {
    misc_path "/usr/bin/test -e ${directory}/well${n}"
    misc_timeout 30
  }
}`

/** A host with its servers, which are there and well or not. */
function scene(host: Host) {
  const listening = new Map<number, LabProcess>()
  return {
    connects(n: number): void {
      const argv = ['busybox', 'httpd', '-f', '-p', `127.0.0.1:808${n}`, '-h', host.directory]
      listening.set(n, host.spawn(`web${n}`, argv))
    },
    refuses: async (n: number): Promise<void> => void (await listening.get(n)?.stop('SIGKILL')),
    isWell: (n: number): void => void host.file(`well${n}`, ''),
    isIll: (n: number): void => rmSync(join(host.directory, `well${n}`)),
  }
}

type Scene = ReturnType<typeof scene>

/** Each is mailed once, but for what is about the server that wants no mail. */
const steps: readonly ((servers: Scene) => unknown)[] = [
  ({ refuses }) => refuses(1),
  ({ isIll }) => isIll(1),
  ({ connects }) => connects(1),
  ({ isWell }) => isWell(1),
  ({ isIll }) => isIll(1),
  ({ refuses }) => refuses(1),
  ({ isWell }) => isWell(1),
  ({ connects }) => connects(1),
  ({ connects }) => connects(2),
  ({ isWell }) => isWell(2),
  async ({ refuses }) => {
    await refuses(3)
    await refuses(2)
  },
]

/** Letters of the start: of the server that is down from its beginning, and of keepalived's scripts, which each tell of their first run. */
const ofStart = { holdfast: 1, keepalived: 2 } as const

async function play(lab: Lab, daemon: keyof typeof start): Promise<readonly TakenLetter[]> {
  const host = lab.host(daemon, { eth0: { segment: lab.segment(`${daemon}-lan`), addresses: ['192.0.2.11/24'] } })
  const servers = scene(host)
  const letters = await openRelay(host)
  for (const n of [1, 3]) {
    servers.connects(n)
    servers.isWell(n)
  }
  await until('the servers listen', async () => {
    const { stdout } = await host.exec('ss', '-Hltn')
    return stdout.includes(':8081 ') && stdout.includes(':8083 ')
  })
  let told = ofStart[daemon]
  const isTold = () =>
    until(`${daemon} has written ${told} letters`, () => letters().length >= told, { detail: () => host.logs() })
  await start[daemon](host, configuration(host.directory))
  await isTold()
  for (const step of steps) {
    await step(servers)
    told++
    await isTold()
  }
  return letters().slice(ofStart[daemon])
}

lab('mail of a checker is about that checker, and its subject about the server, as keepalived has it', async (lab) => {
  const [keepalived, holdfast] = await Promise.all([play(lab, 'keepalived'), play(lab, 'holdfast')])
  const text = ({ subject, body }: TakenLetter) => `${subject}\n${body.split('\r\n')[0]}`
  expect(holdfast.map(text)).toEqual(keepalived.map(text))
  expect(holdfast).toHaveLength(steps.length)
})
