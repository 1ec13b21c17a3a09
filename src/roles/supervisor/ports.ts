import type { Log, Micros, Result } from '../../base/index.ts'
import type {
  Command,
  Configuration,
  DaemonSettings,
  ProcessSettings,
  StaticItems,
  VirtualRouter,
} from '../../model/index.ts'
import type { Identity } from '../../observe/index.ts'
import type { FoundProcess } from '../../proto/track-process/index.ts'
import type { Fifo } from '../../sys/fifo/index.ts'
import type { Letter, MailError, MailServer, SentLetter } from '../../sys/mail/index.ts'
import type { ProcessNews } from '../../sys/netlink/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import type { RoleName, RoleTraffic } from '../ipc/index.ts'

export type RoleExit = { readonly code: number | undefined; readonly signal: string | undefined }

/** A running role as its keeper sees it. */
export type RoleProcess<To> = {
  readonly pid: number | undefined
  send(message: To): void
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type RoleHandlers<From> = {
  readonly onMessage: (message: From) => void
  /** Once, after the last message. */
  readonly onExit: (exit: RoleExit) => void
}

export type StartRole = <R extends RoleName>(
  role: R,
  handlers: RoleHandlers<RoleTraffic[R]['from']>,
  settings?: ProcessSettings,
) => RoleProcess<RoleTraffic[R]['to']>

/** A configuration as read: what to run if there is anything, what to complain about in any case. */
export type LoadedConfiguration = {
  readonly configuration?: Configuration
  /** As read, in one piece. */
  readonly text?: string
  readonly complaints: readonly Complaint[]
}

export type Complaint = {
  readonly severity: 'error' | 'warning'
  /** `file:line:column: error: …` in one line. */
  readonly text: string
}

export type ControlClient = {
  send(value: unknown): boolean
  /** JSON in one line. */
  sendText(text: string): boolean
  close(): void
  onClosed(handler: () => void): void
}

export type RunningCommand = { kill(signal: 'SIGTERM' | 'SIGKILL'): void }

/** The world of the supervisor. */
export type SupervisorPorts = {
  readonly log: Log
  readonly clock: Clock
  /** Calls back once after the delay; the result cancels. */
  schedule(delay: Micros, action: () => void): () => void
  startRole: StartRole
  /** From here on the signal that stops the daemon tells this process before us. */
  relayStop(pid: number): void
  /** @param file another than the daemon's own */
  loadConfiguration(file?: string): LoadedConfiguration
  /** From here on the log tells whose it is. */
  nameInstance(name: string): void
  /** Held until the process ends, however it ends; the failure tells who holds it. */
  lockRunDirectory(): Result<void, { readonly message: string }>
  /** @param most  bytes; absent: as many as any file of ours may have */
  readText(path: string, most?: number): Result<string, { readonly code: string; readonly message: string }>
  replaceText(path: string, text: string, mode?: number): Result<void, { readonly message: string }>
  appendText(path: string, text: string): Result<void, { readonly message: string }>
  removeFile(path: string): void
  /** Writes a file that only we may read, into a directory that is made where it is missing. */
  saveText(path: string, text: string): Result<void, { readonly message: string }>
  /** Calls back when the file may hold something else; the result ends it. */
  watchFile(path: string, onChange: () => void): () => void
  /** For the sender of mail that has none. */
  readonly hostName: string
  readonly processes: {
    ids(): readonly number[]
    /** Undefined: it has ended. @param withArguments whether the command line is wanted; it is empty otherwise */
    describe(pid: number, withArguments: boolean): FoundProcess | undefined
    /**
     * Tells what happens to processes from now on; the failure says why that cannot be had.
     * @param receiveBuffer  bytes of news that may wait to be read; less than ours is ours
     */
    watch(
      onNews: (news: ProcessNews) => void,
      receiveBuffer?: number,
    ): Result<{ close(): void }, { readonly message: string }>
  }
  /** How the daemon's own process is named and makes files. */
  applySettings(settings: Pick<DaemonSettings, 'processName' | 'umask'>): void
  /** Our own process id. */
  readonly pid: number
  bootId(): string
  /** Forwarding state of an earlier run is still in the kernel. */
  pinsExist(): boolean
  /**
   * Takes virtual addresses off the interfaces that no vrrp role looks after any more.
   * @param routers those of these; undefined: all that bear our mark
   * @returns the addresses
   */
  /**
   * From here on everything that is started or opened is in this network namespace.
   * @param ipvs  that of the forwarding role, if it is another; empty: where the daemon was started
   */
  enterNamespace(name: string | undefined, ipvs: string | undefined): Result<void, { readonly message: string }>
  removeLeftAddresses(
    routers: readonly VirtualRouter[] | undefined,
    statics: StaticItems | undefined,
  ): Promise<Result<readonly string[], { readonly message: string }>>
  /** Whom a script runs as; undefined: there is no such user or group. Without a user: ourselves. */
  identity(user: string | undefined, group?: string): Identity | undefined
  /** Why a script that root runs could be changed by somebody else; without a slash it is searched in PATH. */
  unsafeScript(program: string): string | undefined
  run(command: Command, onEnd: (end: Result<RoleExit, { readonly message: string }>) => void): RunningCommand
  /** Made if it is not there, for this user or ourselves. */
  openFifo(
    path: string,
    owner: { readonly user?: string; readonly group?: string },
  ): Result<Fifo, { readonly message: string }>
  /** A letter will come some day. */
  prepareMail(): void
  /** Calls `onClosed` once when its connection is open no more, or never was. */
  sendMail(server: MailServer, letter: Letter, onClosed: () => void): Promise<Result<SentLetter, MailError>>
  /** sd_notify(3). */
  notifyServiceManager(state: string): void
  listenControl(
    path: string,
    onLine: (client: ControlClient, line: string) => void,
  ): Promise<Result<{ close(): void }, { readonly message: string }>>
}
