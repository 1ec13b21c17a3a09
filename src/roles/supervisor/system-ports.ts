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
import type { Complaint, RoleHandlers, RoleProcess, RunningCommand, SupervisorPorts } from './ports.ts'

/** A role's process to be. */
export type RoleStart = {
  readonly role: RoleName
  /** The network namespace it works in; undefined: where we do. */
  readonly namespace: string | undefined
  /** How the kernel is to run it; undefined: as any other. */
  readonly settings: ProcessSettings | undefined
}

/** Starts the processes of roles. */
export type RoleLauncher = {
  start(what: RoleStart, handlers: RoleHandlers<unknown>): RoleProcess<unknown>
  /** Ends what was started ahead of its need and nobody has asked for: it is not what it would be if it were started now. */
  discard(): void
}

export type SystemOptions = {
  readonly log: Log
  /** The log tells of this instance from here on. */
  readonly nameInstance: (name: string) => void
  readonly roles: RoleLauncher
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

const anotherDirectory = 'name another directory with --run-dir'

/** The supervisor's world as it is. */
export function systemPorts(options: SupervisorOptions, system: SystemOptions): SupervisorPorts {
  // Asked before each script; a name that is not in the local files costs a process to look up.
  const identities = new Map<string, Identity | undefined>()
  let forwardingNamespace: string | undefined
  /** A role is told only where it is not to be with us. */
  const namespaceOf = (role: RoleName): string | undefined =>
    (role === 'forwarding' ? forwardingNamespace : undefined) ?? system.namespace
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
      system.roles.start(
        { role, namespace: namespaceOf(role), settings },
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
      // What runs ahead has the mask that we had when it was started.
      if (umask !== undefined) system.roles.discard()
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
      if (name !== undefined) system.roles.discard()
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
    sendMail: (server, letter, onClosed) =>
      sendMail(system.namespace === undefined ? server : { ...server, namespace: system.namespace }, letter, onClosed),
    notifyServiceManager: system.notifyServiceManager,
    listenControl,
  }
}

function complaintLine({ file, line, column, severity, message, remedy }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`
}
