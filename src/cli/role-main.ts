/**
 * The process of one role: `role-main.js vrrp|checker|forwarding [--namespace=NAME] [--process=JSON]`, forked by the supervisor, which
 * it speaks to over the IPC channel. Loads that role and nothing else. Signals that end a daemon do not end a role: its
 * supervisor decides, whose own SIGTERM reaches the vrrp role as SIGUSR2; once it is dead SIGTERM means `stop`.
 */

import process from 'node:process'
import { assertNever, type Log, type LogFields } from '../base/index.ts'
import type { ProcessSettings } from '../model/index.ts'
import type { Channel } from '../roles/ipc/index.ts'
import { ignoreRealTimeSignals, onSignals, type ParentChannel, parentChannel, RELAYED } from '../sys/process/index.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Owns nothing on a Debian system. */
const checkerUser = 'nobody'

const ignored = (): void => {}

const roles = ['vrrp', 'checker', 'forwarding'] as const
const role = roles.find((name) => name === process.argv[2])
const parent = parentChannel()

if (role === undefined || parent === undefined) {
  process.stderr.write('role-main is started by holdfastd only\n')
  process.exitCode = 1
} else {
  process.title = `holdfast: ${role}`
  // Before anything else: it may be one of many that a signal is sent to, and SIGUSR1 would open Node's debugger.
  onSignals({ SIGINT: ignored, SIGHUP: ignored, SIGUSR1: ignored })
  ignoreRealTimeSignals()
  await run(role, parent)
}

async function run(name: (typeof roles)[number], to: ParentChannel): Promise<void> {
  const namespace = process.argv.find((word) => word.startsWith('--namespace='))?.slice('--namespace='.length)
  if (namespace !== undefined) await enterNamespace(namespace)
  const settings = processSettings(process.argv)

  let orphan = false
  const isOrphan = () => orphan
  const log = roleLog(to, name, isOrphan)
  process.on('uncaughtExceptionMonitor', (error) => log.error('bug', { stack: error.stack ?? String(error) }))
  // A terminal or pipe that is gone must not end a role that outlives its supervisor.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  to.onClosed(() => {
    orphan = true
  })

  if (settings !== undefined) await applySettings(settings, log)

  switch (name) {
    case 'vrrp': {
      const { startVrrp, systemPorts } = await import('../roles/vrrp/index.ts')
      return startVrrp(withTermination(to, isOrphan, { type: 'terminated' }), systemPorts(settings), log)
    }
    case 'checker': {
      const { startChecker, systemPorts } = await import('../roles/checker/index.ts')
      const ports = systemPorts(settings)
      await dropPrivileges(log)
      return startChecker(withTermination(to, isOrphan), ports, log)
    }
    case 'forwarding': {
      const { startForwarding, systemPorts } = await import('../roles/forwarding/index.ts')
      return startForwarding(withTermination(to, isOrphan), systemPorts(), log)
    }
    default:
      assertNever(name)
  }
}

/**
 * The parent's channel as the role's, with one more voice in it: what the supervisor relays says `stop`, and so does SIGTERM
 * to a role without a supervisor.
 * What the parent says has the form of its type: it is the same build.
 * @param terminated  what SIGTERM says in place of `stop`
 */
function withTermination<In, Out>(to: ParentChannel, isOrphan: () => boolean, terminated?: In): Channel<In, Out> {
  let handler: ((message: In) => void) | undefined
  const stop = { type: 'stop', leave: false } as In
  onSignals({
    SIGTERM() {
      if (isOrphan()) handler?.(terminated ?? stop)
    },
    [RELAYED]: () => handler?.(stop),
  })
  return {
    send: (message) => to.send(message),
    onMessage(receive) {
      handler = receive
      to.onMessage((message) => receive(message as In))
    },
    onClosed: to.onClosed,
    close: to.close,
  }
}

/**
 * The checker reads what strangers send: it keeps no right but that to bind its probes to an interface or mark them.
 * What it runs has been loaded before, since its user may not be able to read our files.
 */
async function dropPrivileges(log: Log): Promise<void> {
  const { dropTo, hasCapability } = await import('../sys/privileges/index.ts')
  if (!hasCapability('setuid') || !hasCapability('setgid')) {
    log.warn('checker keeps its privileges: it may not change its user')
    return
  }
  const dropped = dropTo({ user: checkerUser, keep: ['net_raw'] })
  if (dropped.ok) return
  log.error('checker cannot give up its privileges', { reason: dropped.error.message })
  process.exit(1)
}

/** What the configuration says of this process; our supervisor writes it, so it is what its type says. */
function processSettings(words: readonly string[]): ProcessSettings | undefined {
  const option = '--process='
  const text = words.find((word) => word.startsWith(option))?.slice(option.length)
  return text === undefined ? undefined : (JSON.parse(text) as ProcessSettings)
}

async function applySettings(settings: ProcessSettings, log: Log): Promise<void> {
  const { applyRunSettings } = await import('../sys/privileges/index.ts')
  const { processorTime } = settings
  if (processorTime !== undefined) {
    const tell = () => log.warn('ran for more than half of its limit without a pause', { microseconds: processorTime })
    onSignals({ SIGXCPU: tell })
  }
  for (const reason of applyRunSettings(settings)) log.warn('process cannot be run as configured', { reason })
}

async function enterNamespace(name: string): Promise<void> {
  const { enterNetworkNamespace } = await import('../sys/privileges/index.ts')
  const entered = enterNetworkNamespace(name)
  if (entered.ok) return
  process.stderr.write(`${entered.error.message}\n`)
  process.exit(1)
}

/** Entries go to the supervisor's log, and to standard error once it is gone. */
function roleLog(to: ParentChannel, name: string, isOrphan: () => boolean, own: LogFields = {}): Log {
  const entry = (level: Level) => (message: string, more?: LogFields) => {
    const fields = { ...own, ...more }
    if (isOrphan()) process.stderr.write(`holdfast ${name}[${process.pid}]: ${message} ${JSON.stringify(fields)}\n`)
    else to.send({ type: 'log', level, message, fields })
  }
  return {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    child: (more) => roleLog(to, name, isOrphan, { ...own, ...more }),
  }
}
