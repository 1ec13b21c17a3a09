/** The same events for Holdfast and for Debian's keepalived: FIFOs, scripts and mail tell the same of them, in the same order. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { instance } from './configurations.ts'
import { lab } from './lab-test.ts'
import { FifoListener, type Host, type Lab, type LabProcess, openRelay, type TakenLetter } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { until } from './library/wait.ts'

type Daemon = { readonly process: LabProcess; stop(): Promise<number | string> }

const start = {
  holdfast: (host: Host, text: string): Promise<Daemon> => host.holdfastd(text),
  keepalived: (host: Host, text: string): Promise<Daemon> => host.keepalived(text),
} as const

/**
 * Each run writes down what it was called with, when it was started, and, told of a removal, what it finds around it. Those
 * of one change run at the same time; what tells their order is when they were started.
 */
const SCRIPT = (directory: string) => `#!/bin/sh
began=$(cut -d' ' -f22 /proc/$$/stat)
echo "$began $$ $*" >> ${directory}/scripts
[ "$1" = deleted ] && {
  streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
  { env | cut -d= -f1 | sort; umask; pwd; id; cut -d' ' -f5 /proc/$$/stat | sed "s/^$$\\$/leads its group/"
    echo "$streams"; } > ${directory}/environment 2>&1
}
exit 0
`

function configuration(directory: string, names: readonly string[]): string {
  const script = `${directory}/told.sh`
  const scripts = (about: string, states: readonly string[]) => [
    ...states.map((state) => `notify_${state} "${script} ${state} ${about}"`),
    `notify "${script} any"`,
    'smtp_alert',
  ]
  const one = (n: number, on: string, priority: number, more: readonly string[] = []) =>
    names.includes(`VI_${n}`)
      ? instance({
          priority,
          version: 3,
          advertInt: 0.3,
          virtualRouterId: n,
          addresses: [`198.51.100.${n}/32`],
          more: [...scripts(`VI_${n}`, ['master', 'backup', 'fault', 'stop', 'deleted']), ...more],
        }).replace('interface eth0', `interface ${on}`)
      : ''
  return `global_defs {
  router_id director
  script_user root
  notification_email { admin@example.com ops@example.com }
  notification_email_from director@example.com
  smtp_server 127.0.0.1 2525
  notify_fifo ${directory}/all.fifo
  vrrp_notify_fifo ${directory}/vrrp.fifo nobody
  startup_script "${script} startup"
  shutdown_script "${script} shutdown"
}
track_file load {
  file ${directory}/load
}
vrrp_sync_group G {
  group { VI_52 VI_53 }
${scripts('G', ['master', 'backup', 'fault', 'stop']).join('\n')}
}
${one(51, 'eth0', 250, ['notify_priority_changes', 'track_file {', '  load', '}'])}
${one(52, 'eth0', 180)}
${one(53, 'eth1', 100)}
`
}

/** Three virtual routers and a group that begin and lead, one that follows and leads again, three that fail and recover. */
const MAILED = 2 * 4 + 2 + 3 * 3

type Heard = {
  readonly fifos: readonly string[]
  readonly scripts: Readonly<Record<string, readonly string[]>>
  readonly environment: string
  readonly letters: readonly TakenLetter[]
  readonly modes: readonly string[]
}

async function play(lab: Lab, daemon: keyof typeof start): Promise<Heard> {
  const [lan, other] = [lab.segment(`${daemon}-lan`), lab.segment(`${daemon}-other`)]
  const host = lab.host(daemon, {
    eth0: { segment: lan, addresses: ['192.0.2.11/24'] },
    eth1: { segment: other, addresses: ['10.0.0.11/24'] },
  })
  const rival = lab.host(`${daemon}-rival`, { eth0: { segment: lan, addresses: ['192.0.2.12/24'] } })
  const { directory } = host
  chmodSync(host.file('told.sh', SCRIPT(directory)), 0o755)
  host.file('load', '0\n')
  const letters = await openRelay(host)
  const paths = ['all', 'vrrp'].map((name) => `${directory}/${name}.fifo`)
  const listeners = paths.map((path) => new FifoListener(path))
  const [all] = listeners
  const hears = async (...lines: readonly string[]) => {
    const wanted = lines.map((line) => `${line}\n`).join('')
    await until(`${daemon} tells ${lines.join(', ')}`, () => all?.text.endsWith(wanted) === true, {
      detail: () => `${all?.text}\n${host.logs()}`,
    })
  }
  const text = (...names: readonly string[]) => configuration(directory, names)
  const every = ['VI_51', 'VI_52', 'VI_53']

  const isUp = (device: string) => host.ip('link', 'show', 'dev', device).includes('state UP')

  try {
    await until('both cables carry', () => isUp('eth0') && isUp('eth1'))
    const running = await start[daemon](host, text(...every))
    await hears('GROUP "G" MASTER 0')
    const modes = paths.map((path) => {
      const { mode, uid } = statSync(path)
      return `${(mode & 0o777).toString(8)} ${uid}`
    })
    // A stronger one comes, and goes.
    const stronger = await rival.keepalived(
      instance({ priority: 254, version: 3, advertInt: 0.3, virtualRouterId: 51, addresses: ['198.51.100.51/32'] }),
    )
    await hears('INSTANCE "VI_51" BACKUP 250')
    await stronger.stop()
    await hears('INSTANCE "VI_51" MASTER 250')
    // What is tracked changes the priority.
    writeFileSync(`${directory}/load`, '-20\n')
    await hears('INSTANCE "VI_51" MASTER_PRIORITY 230')
    writeFileSync(`${directory}/load`, '0\n')
    await hears('INSTANCE "VI_51" MASTER_PRIORITY 250')
    // An interface fails, and recovers.
    host.linkDown('eth1')
    await hears('GROUP "G" FAULT 0')
    host.linkUp('eth1')
    await hears('GROUP "G" BACKUP 0')
    await hears('GROUP "G" MASTER 0')
    // A reload that changes nothing, and one that removes a virtual router.
    // (keepalived forgets at a reload what mail it has still to send.)
    await until('all changes are mailed', () => letters().length === MAILED)
    running.process.signal('SIGHUP')
    await running.process.line(/reloaded|Reload complete/)
    writeFileSync(configurationFile(running), text('VI_52', 'VI_53'))
    running.process.signal('SIGHUP')
    await hears('INSTANCE "VI_51" DELETED 250')
    await until('its removal is mailed', () => letters().length === MAILED + 1)
    await running.stop()
    for (const listener of listeners) listener.read()
    await until('the daemon has run its last script', () => scriptLines(directory).at(-1)?.endsWith('shutdown'))
    expect(paths.map((path) => existsSync(path))).toEqual([false, false])
    return {
      fifos: listeners.map((listener) => listener.text),
      scripts: byObject(scriptLines(directory)),
      environment: readFileSync(`${directory}/environment`, 'utf8'),
      letters: letters(),
      modes,
    }
  } finally {
    for (const listener of listeners) listener.close()
  }
}

const configurationFile = (daemon: Daemon): string =>
  'configurationFile' in daemon && typeof daemon.configurationFile === 'string' ? daemon.configurationFile : ''

const scriptLines = (directory: string): string[] => {
  const path = `${directory}/scripts`
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
}

/** What scripts were told of each object, in the order in which they were started. */
function byObject(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const runs = lines.map((line) => {
    const [began = '0', pid = '0', ...words] = line.split(' ')
    return { began: Number(began), pid: Number(pid), words }
  })
  runs.sort((a, b) => a.began - b.began || a.pid - b.pid)
  const objects: Record<string, string[]> = {}
  for (const { words } of runs) {
    const object = words[0] === 'any' ? words[2] : (words[1] ?? 'daemon')
    objects[object ?? ''] = [...(objects[object ?? ''] ?? []), words.join(' ')]
  }
  return objects
}

/** Subjects and bodies of each object, in order. */
const mailOf = (letters: readonly TakenLetter[], object: string) =>
  letters.filter(({ subject }) => subject.includes(` ${object} `)).map(({ subject, body }) => `${subject}\n${body}`)

lab(
  'the same events lead to the same lines in FIFOs, the same scripts and the same mail as with keepalived',
  async (lab) => {
    const [holdfast, keepalived] = await Promise.all([play(lab, 'holdfast'), play(lab, 'keepalived')])
    expect(holdfast.fifos).toEqual(keepalived.fifos)
    expect(holdfast.scripts).toEqual(keepalived.scripts)
    expect(holdfast.modes).toEqual(keepalived.modes)
    expect(holdfast.environment).toBe(keepalived.environment)
    // keepalived ends before what it has to say of its end has left.
    const before = ({ subject }: TakenLetter) => !subject.endsWith('Stopping')
    for (const object of ['VI_51', 'VI_52', 'VI_53', 'G'])
      expect(mailOf(holdfast.letters.filter(before), object)).toEqual(mailOf(keepalived.letters.filter(before), object))
    for (const { from, to } of [...holdfast.letters, ...keepalived.letters])
      expect([from, to]).toEqual(['director@example.com', ['admin@example.com', 'ops@example.com']])
    const stopping = holdfast.letters.filter((letter) => !before(letter)).map(({ subject }) => subject)
    expect(stopping).toEqual([
      '[director] VRRP Instance VI_52 - Stopping',
      '[director] VRRP Instance VI_53 - Stopping',
      '[director] VRRP Group G - Stopping',
    ])
  },
  120_000,
)

lab('with -s scripts and mail work in the network namespace of the virtual routers', async (lab) => {
  const host = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
  const { directory, namespace } = host
  const script = host.file('where.sh', `#!/bin/sh\nreadlink /proc/self/ns/net > ${directory}/where\n`)
  chmodSync(script, 0o755)
  const letters = await openRelay(host)
  const file = host.file(
    'holdfast.conf',
    `global_defs {
  script_user root
  notification_email { admin@example.com }
  smtp_server 127.0.0.1 2525
  smtp_alert
}
${instance({ priority: 100, version: 3, advertInt: 0.1, more: [`notify_master ${script}`] })}`,
  )
  const program = [process.execPath, join(repositoryRoot, 'bin/holdfastd'), '-n', '-l', '-f', file]
  const outside = ['nsenter', `--net=/proc/${process.pid}/ns/net`, '--']
  const daemon = host.spawn('holdfast', [...outside, ...program, '--run-dir', `${directory}/run`, '-s', namespace])
  try {
    await until('the script has run', () => existsSync(`${directory}/where`), { detail: () => host.logs() })
    const { stdout } = await host.exec('readlink', '/proc/self/ns/net')
    await until('it knows where', () => readFileSync(`${directory}/where`, 'utf8') === stdout)
    await until('mail has come', () => letters().some(({ subject }) => subject.endsWith('Entering MASTER state')), {
      detail: () => host.logs(),
    })
  } finally {
    await daemon.stop()
  }
})
