import { fail, type Log, ok } from '../../base/index.ts'
import { type Diagnostic, loadConfiguration } from '../../config/index.ts'
import { type ProcessSettings, USUAL_UMASK } from '../../model/index.ts'
import type { Identity } from '../../observe/index.ts'
import { lookUpIdentity, ownIdentity } from '../../sys/accounts/index.ts'
import { listenControl } from '../../sys/control/index.ts'
import { openFifo } from '../../sys/fifo/index.ts'
import {
  appendText,
  bootId,
  configurationFiles,
  hasEntries,
  makeDirectory,
  overwriteText,
  readText,
  removeFile,
  replaceText,
  saveText,
  watchFile,
} from '../../sys/files/index.ts'
import { prepareMail, sendMail } from '../../sys/mail/index.ts'
import { openProcessMonitor } from '../../sys/netlink/index.ts'
import {
  enterNetworkNamespace,
  lockFile,
  nameProcess,
  openNetworkNamespace,
  setFileMask,
  withinNetworkNamespace,
} from '../../sys/privileges/index.ts'
import {
  describeProcess,
  forkChild,
  processIds,
  relaySignals,
  runScript,
  type SignalName,
  unsafeScript,
} from '../../sys/process/index.ts'
import { schedule, systemClock } from '../../sys/time/index.ts'
import type { RoleName, RoleTraffic } from '../ipc/index.ts'
import { removeLeftAddresses } from './left-addresses.ts'
import type { SupervisorOptions } from './options.ts'
import type { Complaint, RoleHandlers, RunningCommand, SupervisorPorts } from './ports.ts'

export type SystemOptions = {
  readonly log: Log
  /** The log tells of this instance from here on. */
  readonly nameInstance: (name: string) => void
  /** Path of the module that runs a role. */
  readonly roleModule: string
  /** Where roles write what no log can take: our own output, or nowhere in the background. */
  readonly roleOutput: 'inherit' | 'ignore'
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** They have handlers, which stop the daemon. */
  readonly stopSignals: readonly SignalName[]
  readonly configId: string
  /** -e: an include that fails is an error, whatever include_check says. */
  readonly everyInclude: boolean
  readonly hostName: string
  /** -s: the network namespace the roles, scripts and mail work in. */
  readonly namespace?: string
  /** -u; undefined: what the configuration says, else keepalived's. */
  readonly umask?: number
  readonly notifyServiceManager: (state: string) => void
}

/** Variables that would cost a role its start-up time or are not its business. */
const notForRoles = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NOTIFY_SOCKET', 'IFS', 'LD_PRELOAD']

/**
 * A small young generation keeps collections of the vrrp role short. It collects by itself, because on a busy host it would wait
 * for helper threads that are not run, and does not compact the heap of a process that has little to do. What it has
 * compiled stays compiled: a takeover may come after weeks and must not begin with a compilation. It is compiled at its first
 * run and not after some thousands: interpreted, a takeover takes four times as long.
 * The young generation of the other two is a quarter of what Node.js allows: what checks leave behind is little, and more room would only be kept.
 */
const nodeOptions: Readonly<Record<RoleName, readonly string[]>> = {
  vrrp: [
    '--max-semi-space-size=1',
    '--single-threaded-gc',
    '--no-memory-reducer',
    '--no-flush-bytecode',
    '--always-sparkplug',
  ],
  checker: ['--max-semi-space-size=4'],
  forwarding: ['--max-semi-space-size=4'],
}

const anotherDirectory = 'name another directory with --run-dir'

/** The supervisor's world as it is. */
export function systemPorts(options: SupervisorOptions, system: SystemOptions): SupervisorPorts {
  const environment = { ...system.environment }
  for (const name of notForRoles) delete environment[name]
  // Asked before each script; a name that is not in the local files costs a process to look up.
  const identities = new Map<string, Identity | undefined>()
  let forwardingNamespace: string | undefined
  /** A role is told only where it is not to be with us. */
  const namespaceOf = (role: RoleName): readonly string[] => {
    const which = (role === 'forwarding' ? forwardingNamespace : undefined) ?? system.namespace
    return which === undefined ? [] : [`--namespace=${which}`]
  }
  return {
    log: system.log,
    nameInstance: system.nameInstance,
    clock: systemClock,
    schedule,
    startRole: <R extends RoleName>(
      role: R,
      handlers: RoleHandlers<RoleTraffic[R]['from']>,
      settings?: ProcessSettings,
    ) =>
      forkChild(
        {
          module: system.roleModule,
          args: [
            role,
            ...namespaceOf(role),
            ...(settings === undefined ? [] : [`--process=${JSON.stringify(settings)}`]),
          ],
          nodeOptions: nodeOptions[role],
          environment,
          output: system.roleOutput,
        },
        // A role is our own program of the same build: its messages are what its type says.
        {
          onMessage: (message) => handlers.onMessage(message as RoleTraffic[R]['from']),
          onExit: handlers.onExit,
        },
      ),
    loadConfiguration(file = options.configurationFile) {
      const loaded = loadConfiguration(configurationFiles, file, {
        configId: system.configId,
        strict: options.strict,
        everyInclude: system.everyInclude,
        hostName: system.hostName,
        environment: system.environment,
      })
      const complaints = loaded.diagnostics.map(
        (diagnostic): Complaint => ({
          severity: diagnostic.severity,
          text: complaintLine(diagnostic),
        }),
      )
      return {
        ...(loaded.configuration === undefined ? {} : { configuration: loaded.configuration }),
        ...(loaded.text === undefined ? {} : { text: loaded.text }),
        complaints,
      }
    },
    relayStop: (pid) => relaySignals(system.stopSignals, pid),
    lockRunDirectory() {
      const made = makeDirectory(options.runDirectory)
      if (!made.ok) return fail({ message: `${made.error.message}; ${anotherDirectory}` })
      const path = `${options.runDirectory}/lock`
      // Never closed: the lock ends with the process, however that ends.
      const locked = lockFile(path)
      if (locked.ok) return overwriteText(path, `${system.pid}\n`)
      if (locked.error.code !== 'EAGAIN') return fail({ message: `${locked.error.message}; ${anotherDirectory}` })
      const holder = readText(path)
      const pid = holder.ok ? holder.value.trim() : 'unknown'
      return fail({ message: `already running (pid ${pid}) in ${options.runDirectory}; ${anotherDirectory}` })
    },
    readText,
    replaceText,
    appendText,
    saveText,
    removeFile: (path) => void removeFile(path),
    watchFile,
    hostName: system.hostName,
    processes: { ids: processIds, describe: describeProcess, watch: openProcessMonitor },
    applySettings({ processName, umask }) {
      nameProcess(processName ?? 'holdfastd')
      if (system.umask === undefined) setFileMask(umask ?? USUAL_UMASK)
    },
    pid: system.pid,
    bootId,
    enterNamespace(name, ipvs) {
      // -s goes before what the configuration says.
      if (system.namespace !== undefined) return ok(undefined)
      const home = openNetworkNamespace()
      if (!home.ok) return home
      const entered = name === undefined ? ok(undefined) : enterNetworkNamespace(name)
      if (entered.ok && ipvs !== undefined)
        forwardingNamespace = ipvs === '' ? `/proc/${system.pid}/fd/${home.value}` : ipvs
      return entered
    },
    removeLeftAddresses: (routers, statics) => removeLeftAddresses(system.namespace, routers, statics),
    pinsExist: () => hasEntries(options.pinDirectory),
    identity(user, group) {
      if (user === undefined) return ownIdentity()
      const name = group === undefined ? user : `${user}:${group}`
      if (identities.has(name)) return identities.get(name)
      const found = lookUpIdentity(user, group)
      identities.set(name, found.ok ? found.value : undefined)
      return identities.get(name)
    },
    unsafeScript,
    run(command, onEnd) {
      const { namespace } = system
      const started =
        namespace === undefined
          ? ok(runScript(command, onEnd))
          : withinNetworkNamespace<RunningCommand, never>(namespace, () => ok(runScript(command, onEnd)))
      if (started.ok) return started.value
      queueMicrotask(() => onEnd(started))
      return { kill() {} }
    },
    openFifo(path, { user, group }) {
      const owner = user === undefined ? undefined : lookUpIdentity(user, group)
      if (owner?.ok === false) return owner
      return openFifo({ path, ...(owner === undefined ? {} : { owner: owner.value }) })
    },
    prepareMail: () => void prepareMail(),
    sendMail: (server, letter) =>
      sendMail(system.namespace === undefined ? server : { ...server, namespace: system.namespace }, letter),
    notifyServiceManager: system.notifyServiceManager,
    listenControl,
  }
}

function complaintLine({ file, line, column, severity, message, remedy }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`
}
