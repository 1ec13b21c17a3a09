import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinDirectoryFor } from '../../../src/cli/daemon/places.ts'
import type { DaemonSnapshot } from '../../../src/observe/index.ts'
import type { Host } from './host.ts'
import { commandLine, type LabProcess, processesIn, run, signalTo } from './process.ts'
import { repositoryRoot } from './root.ts'
import { PATIENCE, until } from './wait.ts'

export type HoldfastdOptions = {
  /** Further arguments. */
  readonly options?: readonly string[]
  /** Another node to run it with. */
  readonly node?: string
  /** Another tree to run it from: an installed one. */
  readonly root?: string
  /** Names this daemon's directory on its host; two on one host differ in it. */
  readonly name?: string
  /** Do not wait until it serves: to ask for its status takes a process and its time. */
  readonly unready?: true
  /** How long its start may take, in milliseconds: in the guest all is emulated. */
  readonly within?: number
}

type RoleName = 'vrrp' | 'checker' | 'forwarding'

/** Holdfast on a host, with a run directory of its own. */
export class Holdfastd {
  readonly host: Host
  readonly runDirectory: string
  readonly configurationFile: string
  #process: LabProcess
  readonly #argv: readonly string[]
  readonly #node: string
  readonly #root: string

  private constructor(host: Host, configuration: string, options: HoldfastdOptions) {
    const { name = 'holdfast', node = process.execPath, root = repositoryRoot } = options
    this.host = host
    this.#node = node
    this.#root = root
    this.runDirectory = join(host.directory, name)
    mkdirSync(this.runDirectory, { recursive: true, mode: 0o755 })
    this.configurationFile = host.file(`${name}.conf`, configuration)
    const files = ['-f', this.configurationFile, '--run-dir', this.runDirectory]
    this.#argv = [node, join(root, 'bin/holdfastd'), '-n', '-l', '-D', ...files, ...(options.options ?? [])]
    this.#process = host.spawn(name, this.#argv)
  }

  static async start(host: Host, configuration: string, options: HoldfastdOptions): Promise<Holdfastd> {
    const daemon = new Holdfastd(host, configuration, options)
    if (options.unready !== true) await daemon.ready(options.within)
    return daemon
  }

  get process(): LabProcess {
    return this.#process
  }

  /** Where the embedded core's programs and tables are pinned. */
  get pinDirectory(): string {
    return pinDirectoryFor(this.runDirectory)
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Waits until every role runs. */
  async ready(within = PATIENCE): Promise<DaemonSnapshot> {
    return until(
      `${this.host.name}: every role of holdfastd runs`,
      async () => {
        if (this.#process.ended !== undefined)
          throw new Error(`holdfastd ended (${this.#process.ended}):\n${this.#process.output}`)
        if (!existsSync(join(this.runDirectory, 'control.sock'))) return undefined
        const snapshot = await this.tryStatus()
        return snapshot?.roles.some(({ state }) => state === 'running') &&
          snapshot.roles.every(({ state }) => state === 'running' || state === 'stopped')
          ? snapshot
          : undefined
      },
      { within, every: 50, detail: () => this.#process.output },
    )
  }

  /** What `holdfast status --json` shows; throws when it shows nothing. */
  async status(): Promise<DaemonSnapshot> {
    const { status, stdout, stderr } = await this.holdfast('status', '--json')
    if (status !== 0) throw new Error(`holdfast status ended with ${status}: ${stderr}`)
    return JSON.parse(stdout) as DaemonSnapshot
  }

  async tryStatus(): Promise<DaemonSnapshot | undefined> {
    const { status, stdout } = await this.holdfast('status', '--json')
    return status === 0 ? (JSON.parse(stdout) as DaemonSnapshot) : undefined
  }

  /** Runs the `holdfast` command against this daemon. */
  holdfast(...argv: readonly string[]): ReturnType<typeof run> {
    return run([this.#node, join(this.#root, 'bin/holdfast'), ...argv, '--run-dir', this.runDirectory])
  }

  /** Waits until the status fits. */
  async shows(claim: string, fits: (snapshot: DaemonSnapshot) => boolean, within = PATIENCE): Promise<DaemonSnapshot> {
    return until(
      `${this.host.name}: ${claim}`,
      async () => {
        const snapshot = await this.tryStatus()
        return snapshot !== undefined && fits(snapshot) ? snapshot : undefined
      },
      { within, every: 100, detail: () => this.#process.output },
    )
  }

  /** The pid of a running role; undefined when there is none. */
  async pidOf(role: RoleName): Promise<number | undefined> {
    return (await this.status()).roles.find((entry) => entry.role === role)?.pid
  }

  /** Ends one role by SIGKILL; gives the pid it had. */
  async killRole(role: RoleName): Promise<number> {
    const pid = await this.pidOf(role)
    if (pid === undefined) throw new Error(`no ${role} role runs`)
    signalTo(pid, 'SIGKILL')
    return pid
  }

  /** Ends the supervisor alone by SIGKILL. */
  killSupervisor(): Promise<number | string> {
    this.#process.signal('SIGKILL')
    return this.#process.end()
  }

  /** Every process of this daemon, the supervisor first, orphans too. */
  pids(): number[] {
    const others = processesIn(this.host.namespace).filter(
      (pid) => pid !== this.pid && /holdfast[:d]|role-main/.test(commandLine(pid)),
    )
    return this.#process.ended === undefined ? [this.pid, ...others] : others
  }

  /** SIGKILL to the whole daemon, as a power cut would be to its processes; gives the moment of it. */
  killAll(): void {
    for (const pid of this.pids()) signalTo(pid, 'SIGKILL')
  }

  configure(configuration: string): void {
    writeFileSync(this.configurationFile, configuration)
  }

  /** Orderly stop. */
  stop(): Promise<number | string> {
    return this.#process.stop('SIGTERM')
  }

  /** Starts it again, with the same run directory, after its end; ready when every role runs. */
  async restart({ within }: Pick<HoldfastdOptions, 'within'> = {}): Promise<void> {
    this.#process = this.host.spawn('holdfast', this.#argv)
    await this.ready(within)
  }
}

/** Debian's keepalived on a host. */
export class Keepalived {
  readonly host: Host
  readonly process: LabProcess
  readonly configurationFile: string

  private constructor(host: Host, configuration: string, options: readonly string[]) {
    this.host = host
    this.configurationFile = host.file('keepalived.conf', configuration)
    const at = (name: string): string => join(host.directory, name)
    // All four: it does not start where one of the usual places names a keepalived of another lab.
    const pids = Object.entries({
      p: 'keepalived',
      r: 'keepalived-vrrp',
      c: 'keepalived-checkers',
      b: 'keepalived-bfd',
    })
    const files = pids.flatMap(([option, name]) => [`-${option}`, at(`${name}.pid`)])
    // One that was killed leaves its files, and its children may be zombies yet: it would take them for itself.
    for (const [, name] of pids) rmSync(at(`${name}.pid`), { force: true })
    const argv = ['keepalived', '-n', '-l', '-D', '-G', '-f', this.configurationFile, ...files, ...options]
    this.process = host.spawn('keepalived', argv)
  }

  static async start(host: Host, configuration: string, options: readonly string[]): Promise<Keepalived> {
    const daemon = new Keepalived(host, configuration, options)
    await daemon.process.line(/Startup complete|Entering (BACKUP|MASTER) STATE/)
    return daemon
  }

  pids(): number[] {
    return processesIn(this.host.namespace).filter((pid) => commandLine(pid).startsWith('keepalived '))
  }

  killAll(): void {
    for (const pid of this.pids()) signalTo(pid, 'SIGKILL')
  }

  stop(): Promise<number | string> {
    return this.process.stop('SIGTERM')
  }

  /** What it has to say against others' packets: wrong checksums, authentication, address lists, intervals, ttl. */
  complaints(): string[] {
    const wrong =
      /invalid|incorrect|mismatch|bogus|unexpected|checksum|expecting|malformed|not match|wrong|ignored|discard|different|no authentication|\bTTL\b/i
    const harmless =
      /Gratuitous|Registering|script|default user|Opening file|Configuration is using|received lower priority/i
    return (
      this.process.lines
        .map(({ text }) => text)
        // A path of the lab's has random letters.
        .filter((text) => !text.includes(this.host.directory) && wrong.test(text) && !harmless.test(text))
    )
  }
}
