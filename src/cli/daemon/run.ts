import { resolve } from 'node:path'
import process from 'node:process'
import { USUAL_UMASK } from '../../model/index.ts'
import type { Supervisor, SupervisorOptions } from '../../roles/supervisor/index.ts'
import { configurationFiles, dumpDirectory, fileExists, fullHostName, shortHostName } from '../../sys/files/index.ts'
import { type NamedLog, openLog } from '../../sys/log/index.ts'
import { openServiceManager } from '../../sys/notify/index.ts'
import { hasCapability } from '../../sys/privileges/index.ts'
import { onRealTimeSignals, onSignals, programFile } from '../../sys/process/index.ts'
import { version } from '../version.ts'
import { isBackground, serveInBackground } from './background.ts'
import type { HeldSignals } from './held-signals.ts'
import type { DaemonOptions } from './options.ts'
import { pinDirectoryFor, tooLongFor } from './places.ts'
import { openRoleLauncher } from './role-launcher.ts'

/** keepalived's exit code for a bug. */
const internalError = 70

/** Without these nothing can be done; forwarding says itself what more it needs. */
const needed = ['net_admin', 'net_raw'] as const

/**
 * The daemon's process: until it is told to stop, or cannot start.
 * @param held  what has come meanwhile; this process listens itself from here on
 * @returns the exit code
 */
export async function runDaemon(options: DaemonOptions, configurationFile: string, held: HeldSignals): Promise<number> {
  const background = isBackground()
  const log = await daemonLog(options)
  process.on('uncaughtException', (error) => {
    log.error('bug', { stack: error.stack ?? String(error) })
    process.exit(internalError)
  })
  const missing = needed.filter((capability) => !hasCapability(capability))
  if (missing.length > 0) {
    const names = missing.map((capability) => `CAP_${capability.toUpperCase()}`).join(' and ')
    return complain(4, `no permission: no ${names}; it needs root (or CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF)`)
  }
  const { namespace } = options
  if (namespace !== undefined && !fileExists(resolve('/run/netns', namespace))) {
    return complain(1, `${namespace}: no such network namespace; create it with \`ip netns add ${namespace}\``)
  }
  const tooLong = tooLongFor(options.runDirectory)
  if (tooLong !== undefined) return complain(1, tooLong)
  process.umask(options.umask ?? USUAL_UMASK)
  if (options.withoutEffect.length > 0) {
    log.warn('options without effect', { options: options.withoutEffect.join(' ') })
  }

  const roles = openRoleLauncher({
    module: programFile('role-main'),
    environment: process.env,
    output: background ? 'ignore' : 'inherit',
  })
  if (expectsVirtualRouters(options, configurationFile))
    roles.startAhead({ role: 'vrrp', namespace, settings: undefined })
  // Later than that: it takes a good part of the role's start to load.
  const { startSupervisor, systemPorts } = await import('../../roles/supervisor/index.ts')
  const supervisorOptions = fromCommandLine(options, configurationFile)
  const ports = systemPorts(supervisorOptions, {
    log,
    nameInstance: (name) => log.rename(`holdfastd_${name}`),
    roles,
    environment: { ...process.env },
    pid: process.pid,
    stopSignals: options.ignoreInterrupt ? ['SIGTERM'] : ['SIGTERM', 'SIGINT'],
    configId: options.configId ?? shortHostName(),
    everyInclude: options.everyInclude,
    hostName: fullHostName(),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.umask === undefined ? {} : { umask: options.umask }),
    notifyServiceManager: openServiceManager(),
  })

  const orders = takeOrders()
  const { give } = orders
  onSignals({
    SIGTERM: () => give('stop'),
    SIGINT: options.ignoreInterrupt ? () => {} : () => give('stop'),
    SIGHUP: () => give('reload'),
    SIGUSR1: () => give('dump'),
    SIGUSR2: () => give('dumpStatistics'),
  })
  onRealTimeSignals({
    statsClear: () => give('dumpAndClearStatistics'),
    json: () => give('dumpJson'),
    threadDump: () => log.info('there is no thread dump; SIGUSR1 dumps the state'),
  })
  const came = held.release()
  // A reload is needless: nothing has been read yet.
  if (came.has('SIGUSR1')) give('dump')
  if (came.has('SIGUSR2')) give('dumpStatistics')

  const started = await startSupervisor(ports, supervisorOptions)
  roles.discard()
  if (!started.ok) {
    log.error('cannot start', { reason: started.error.message })
    return logsToStderr(options) ? started.error.exitCode : complain(started.error.exitCode, started.error.message)
  }
  if (background) serveInBackground()
  orders.follow(started.value)
  return started.value.done
}

/** What signals ask of a daemon. */
const orderKinds = {
  stop: (supervisor) => supervisor.stop(),
  reload: (supervisor) => supervisor.reload(),
  dump: ({ reports }) => reports.dump(),
  dumpStatistics: ({ reports }) => reports.dumpStatistics(),
  dumpAndClearStatistics: ({ reports }) => reports.dumpAndClearStatistics(),
  dumpJson: ({ reports }) => reports.dumpJson(),
} as const satisfies Readonly<Record<string, (supervisor: Supervisor) => Promise<unknown>>>
type Order = keyof typeof orderKinds

/** Each is followed at once, or, once, when there is somebody who can; a stop then goes before all others. */
function takeOrders(): { give(order: Order): void; follow(supervisor: Supervisor): void } {
  let supervisor: Supervisor | undefined
  const waiting = new Set<Order>()
  const carryOut = (order: Order, by: Supervisor): void => void orderKinds[order](by)
  return {
    give(order) {
      if (supervisor === undefined) waiting.add(order)
      else carryOut(order, supervisor)
    },
    follow(by) {
      supervisor = by
      for (const order of waiting.has('stop') ? (['stop'] as const) : waiting) carryOut(order, by)
    },
  }
}

/** A guess from the main file: what is wrong about it costs a moment. */
function expectsVirtualRouters({ vrrp }: DaemonOptions, configurationFile: string): boolean {
  const file = configurationFiles.read(configurationFile)
  return vrrp && file.ok && Buffer.from(file.value.bytes).includes('vrrp_instance')
}

function complain(exitCode: number, message: string): number {
  process.stderr.write(`holdfastd: ${message}\n`)
  return exitCode
}

function fromCommandLine(options: DaemonOptions, configurationFile: string): SupervisorOptions {
  const { runDirectory, pidFile, vrrpPidFile, checkerPidFile } = options
  return {
    version,
    configurationFile,
    strict: options.strict,
    runDirectory,
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(vrrpPidFile === undefined ? {} : { vrrpPidFile }),
    ...(checkerPidFile === undefined ? {} : { checkerPidFile }),
    vrrp: options.vrrp,
    checkers: options.checkers,
    bfd: options.bfd,
    backend: options.backend,
    pinDirectory: pinDirectoryFor(runDirectory),
    keepAddresses: options.keepAddresses,
    keepForwarding: options.keepForwarding,
    respawn: options.respawn,
    logDetail: options.logDetail,
    dumpConfiguration: options.dumpConfiguration,
    dumpDirectory: dumpDirectory(),
  }
}

const logsToStderr = (options: DaemonOptions): boolean => options.foreground || options.logConsole || options.logJson

/** Standard error in the foreground or when asked; syslog as keepalived does, except where the journal reads us. */
function daemonLog(options: DaemonOptions): Promise<NamedLog> {
  const journal = process.env['JOURNAL_STREAM'] !== undefined && options.foreground && process.stderr.isTTY !== true
  return openLog({
    least: options.logDetail ? 'debug' : 'info',
    program: 'holdfastd',
    ...(logsToStderr(options) ? { stderr: options.logJson ? 'json' : journal ? 'journal' : 'console' } : {}),
    ...(options.syslog && !journal && !options.logJson ? { syslog: options.facility } : {}),
  })
}
