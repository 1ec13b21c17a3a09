import { fail, instant, type Log, type Micros, ok, type Result } from '../../../src/base/index.ts'
import type { Command, Configuration } from '../../../src/model/index.ts'
import type { FoundProcess } from '../../../src/proto/track-process/index.ts'
import type { RoleName } from '../../../src/roles/ipc/index.ts'
import {
  type ControlClient,
  type LoadedConfiguration,
  type RoleExit,
  type SupervisorOptions,
  type SupervisorPorts,
  startSupervisor,
} from '../../../src/roles/supervisor/index.ts'
import type { Letter, MailError, MailServer, SentLetter } from '../../../src/sys/mail/index.ts'
import type { ProcessNews } from '../../../src/sys/netlink/index.ts'
import type { Clock } from '../../../src/sys/time/index.ts'
import { configurationFor } from './models.ts'

export type FakeFifo = {
  readonly owner: { readonly user?: string; readonly group?: string }
  text: string
  full: boolean
  open: boolean
  /** Somebody has read. */
  empty(): void
}

/** One role process as the test plays it. */
export type FakeRole = {
  readonly role: RoleName
  readonly pid: number
  readonly heard: Readonly<Record<string, unknown>>[]
  say(message: Readonly<Record<string, unknown>>): void
  die(exit?: RoleExit): void
  /** Answers no ping any more. */
  hang(): void
  recover(): void
  readonly alive: () => boolean
}

export const options: SupervisorOptions = {
  version: '0.0.0',
  configurationFile: '/etc/keepalived/keepalived.conf',
  strict: false,
  runDirectory: '/run/holdfast',
  vrrp: true,
  checkers: true,
  bfd: true,
  backend: 'ebpf',
  pinDirectory: '/sys/fs/bpf/holdfast/run-holdfast',
  keepAddresses: false,
  keepForwarding: false,
  respawn: true,
  logDetail: false,
  dumpConfiguration: false,
  dumpDirectory: '/tmp',
}

/** The supervisor's world in memory: a clock the test turns, roles that obey unless told otherwise, files in a map. */
export function fakeWorld() {
  let now = 1_000_000_000
  let alarms: { readonly at: number; readonly action: () => void }[] = []
  const log: string[] = []
  const entry = (level: string) => (message: string, fields?: object) =>
    void log.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`)
  const fakeLog: Log = {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    child: () => fakeLog,
  }
  const clock: Clock = { now: () => instant(now), wall: () => 1_700_000_000_000 + now / 1_000 }
  const world = {
    log,
    roles: [] as FakeRole[],
    files: new Map<string, string>(),
    /** Who wants to hear of changes of a file. */
    watched: new Map<string, () => void>(),
    commands: [] as { readonly command: Command; end(code?: number): void; readonly killed: string[] }[],
    told: [] as string[],
    /** FIFOs by their paths: what was written, and whether there is room. */
    fifos: new Map<string, FakeFifo>(),
    letters: [] as Letter[],
    mailPrepared: false,
    /** What the mail server does with a letter; default: it takes it. */
    answerMail: (_letter: Letter, _server: MailServer): Promise<Result<SentLetter, MailError>> =>
      Promise.resolve(ok({ refused: [], later: [] })),
    /** When it closes a letter's connection, once it has answered; default: at once. */
    closeMail: (onClosed: () => void): void => onClosed(),
    loaded: { configuration: configurationFor(), complaints: [] } as LoadedConfiguration,
    /** What a role does with an offer; default: it is ready. */
    answer: (_role: RoleName): 'ready' | 'silent' | { readonly refused: string } => 'ready',
    /** What the vrrp role tells of its virtual routers. */
    /** Files that were replaced. */
    replaced: 0,
    routers: [] as readonly unknown[],
    /** How the daemon's own process was to be. */
    settings: [] as object[],
    /** Processes of the host by their ids, and who hears of them; `silent`: the kernel tells nothing. */
    processes: new Map<number, FoundProcess>(),
    processNews: undefined as ((news: ProcessNews) => void) | undefined,
    /** What the forwarding role tells of its services. */
    services: [] as readonly unknown[],
    silent: false,
    pins: false,
    /** Who hears of the signal that stops the daemon. */
    relayedTo: undefined as number | undefined,
    /** Whose addresses were taken off the interfaces. */
    namespaces: [] as (readonly [name: string | undefined, ipvs: string | undefined])[],
    swept: [] as (readonly string[] | 'all')[],
    users: ['root'],
    /** What the log was called. */
    instances: [] as string[],
    unsafe: undefined as string | undefined,
    locked: true,
    /** What is sent as text comes as the value that it is. */
    control: undefined as ((client: Omit<ControlClient, 'sendText'>, line: string) => void) | undefined,
    scheduled: () => alarms.length,

    /** Runs what is due, in order, letting promises settle in between. */
    async pass(micros: number) {
      const end = now + micros
      await settle()
      for (;;) {
        const next = alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        alarms = alarms.filter((alarm) => alarm !== next)
        now = Math.max(now, next.at)
        next.action()
        await settle()
      }
      now = end
    },
    /** Time goes by and nothing runs: what was due is late. */
    standStill(micros: number) {
      now += micros
    },
    living: (role: RoleName) => world.roles.filter((one) => one.role === role && one.alive()),
    load(configuration: Configuration, ...complaints: LoadedConfiguration['complaints'][number][]) {
      world.loaded = { configuration, complaints }
    },
    start: (more: Partial<SupervisorOptions> = {}) => startSupervisor(ports, { ...options, ...more }),
  }

  const ports: SupervisorPorts = {
    log: fakeLog,
    nameInstance: (name) => void world.instances.push(name),
    clock,
    schedule(delay: Micros, action) {
      const alarm = { at: now + delay, action }
      alarms.push(alarm)
      return () => {
        alarms = alarms.filter((one) => one !== alarm)
      }
    },
    relayStop(pid) {
      world.relayedTo = pid
    },
    startRole(role, handlers) {
      let alive = true
      let hangs = false
      const heard: Readonly<Record<string, unknown>>[] = []
      const say = (message: unknown) =>
        queueMicrotask(() => alive && handlers.onMessage(message as Parameters<typeof handlers.onMessage>[0]))
      const die = (exit: RoleExit = { code: undefined, signal: 'SIGKILL' }) => {
        if (!alive) return
        alive = false
        queueMicrotask(() => handlers.onExit(exit))
      }
      const hang = () => {
        hangs = true
      }
      const recover = () => {
        hangs = false
      }
      const pid = 1001 + world.roles.length
      world.roles.push({ role, pid, heard, say, die, hang, recover, alive: () => alive })
      say({ type: 'started' })
      return {
        pid,
        send(message) {
          if (!alive) return
          if (message.type === 'ping') return void (hangs || say({ type: 'pong' }))
          heard.push(structuredClone(message))
          if (hangs) return
          if (message.type === 'offer') {
            const answer = world.answer(role)
            if (answer === 'ready') say({ type: 'ready', revision: message.revision })
            else if (answer !== 'silent') say({ type: 'refused', revision: message.revision, reason: answer.refused })
          } else if (message.type === 'commit') say({ type: 'applied', revision: message.revision })
          else if (message.type === 'snapshot-requested')
            say({
              type: 'snapshot',
              id: message.id,
              snapshot: snapshotOf(role),
            })
          else if (message.type === 'stop') queueMicrotask(() => die({ code: 0, signal: undefined }))
        },
        kill: () => die(),
      }
    },
    loadConfiguration: () => world.loaded,
    lockRunDirectory: () => (world.locked ? ok(undefined) : fail({ message: 'already running (pid 7)' })),
    readText(path, most = Number.POSITIVE_INFINITY) {
      const text = world.files.get(path)
      if (text === undefined) return fail({ code: 'ENOENT', message: `${path}: no such file or directory` })
      return text.length > most ? fail({ code: 'EFBIG', message: `${path}: larger than ${most} bytes` }) : ok(text)
    },
    replaceText(path, text) {
      world.replaced += 1
      world.files.set(path, text)
      return ok(undefined)
    },
    appendText(path, text) {
      world.files.set(path, (world.files.get(path) ?? '') + text)
      return ok(undefined)
    },
    saveText(path, text) {
      world.files.set(path, text)
      return ok(undefined)
    },
    removeFile: (path) => void world.files.delete(path),
    watchFile(path, onChange) {
      world.watched.set(path, onChange)
      return () => void world.watched.delete(path)
    },
    processes: {
      ids: () => [...world.processes.keys()],
      describe: (pid) => world.processes.get(pid),
      watch(onNews) {
        if (world.silent) return fail({ message: 'the kernel does not tell of processes: not here' })
        world.processNews = onNews
        const close = () => {
          world.processNews = undefined
        }
        return ok({ close })
      },
    },
    hostName: 'here',
    openFifo(path, owner) {
      let onWritable: (() => void) | undefined
      const fifo: FakeFifo = {
        owner,
        text: '',
        full: false,
        open: true,
        empty() {
          fifo.full = false
          onWritable?.()
        },
      }
      world.fifos.set(path, fifo)
      return ok({
        write(text) {
          if (fifo.full) return 'full'
          fifo.text += text
          return 'written'
        },
        whenWritable(action) {
          onWritable = action
        },
        close() {
          fifo.open = false
        },
      })
    },
    prepareMail() {
      world.mailPrepared = true
    },
    async sendMail(server, letter, onClosed) {
      world.letters.push(letter)
      const sent = await world.answerMail(letter, server)
      world.closeMail(onClosed)
      return sent
    },
    applySettings: (settings) => void world.settings.push(settings),
    pid: 42,
    bootId: () => 'this-boot',
    enterNamespace(name, ipvs) {
      world.namespaces.push([name, ipvs])
      return ok(undefined)
    },
    removeLeftAddresses: async (routers) => {
      world.swept.push(routers?.map(({ name }) => name) ?? 'all')
      return ok([])
    },
    pinsExist: () => world.pins,
    identity: (user) => (user === undefined || world.users.includes(user) ? { uid: 0, gid: 0 } : undefined),
    unsafeScript: () => world.unsafe,
    run(command, onEnd) {
      const killed: string[] = []
      world.commands.push({ command, killed, end: (code = 0) => onEnd(ok({ code, signal: undefined })) })
      return { kill: (signal) => void killed.push(signal) }
    },
    notifyServiceManager: (state) => void world.told.push(state),
    async listenControl(_path, onLine) {
      world.control = (client, line) => onLine({ ...client, sendText: (text) => client.send(JSON.parse(text)) }, line)
      return ok({ close() {} })
    },
  }
  function snapshotOf(role: RoleName): unknown {
    switch (role) {
      case 'vrrp':
        return { virtualRouters: world.routers, bfdSessions: [] }
      case 'checker':
        return '[]'
      case 'forwarding':
        return JSON.stringify({ backend: 'ebpf', services: world.services, exits: {} })
    }
  }

  return world
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve()
}
