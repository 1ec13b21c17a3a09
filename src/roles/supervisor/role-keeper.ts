import { elapsed, fail, type Instant, type Log, type Micros, ok, type Result } from '../../base/index.ts'
import type { ProcessSettings } from '../../model/index.ts'
import type { RoleSnapshot } from '../../observe/index.ts'
import type { RoleName, RoleTraffic } from '../ipc/index.ts'
import { healthyAfter, mostFirstStarts, restartDelay } from './back-off.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { createOffering } from './offering.ts'
import type { RoleExit, RoleProcess, SupervisorPorts } from './ports.ts'
import { createSnapshotRequests } from './snapshot-requests.ts'

export type KeeperHandlers<R extends RoleName> = {
  /** Messages beyond those of the configuration's transaction and snapshots. */
  readonly onMessage: (message: RoleTraffic[R]['from']) => void
  /** A process that nobody told to end has ended, or did nothing since `at` and was killed; true: start it again. */
  readonly onDeath: (exit: RoleExit, at: Instant) => boolean
  /** What a process that has served nothing yet must know besides its slice. */
  readonly prepare: (slice: RoleTraffic[R]['slice']) => RoleTraffic[R]['slice']
  /** A slice as a process is told it that has committed another; absent: whole. */
  readonly shorten?: (from: RoleTraffic[R]['slice'], to: RoleTraffic[R]['slice']) => RoleTraffic[R]['slice']
  /** A slice was committed to the process that runs; `fresh`: it is this process' first. */
  readonly onServing: (fresh: boolean) => void
  /** What a snapshot is that came in pieces; absent: it comes whole. */
  readonly join?: (pieces: readonly RoleTraffic[R]['snapshot'][]) => RoleTraffic[R]['snapshot']
  /** How the kernel is to run a new process; absent: as any other. */
  readonly settings?: () => ProcessSettings | undefined
  /** The pid of a new process. */
  readonly onStarted: (pid: number | undefined) => void
}

/**
 * One role's life: started when there is something to ask of it, offered its slice, committed, started again with the
 * committed slice when it dies or hangs, stopped in order.
 */
export type RoleKeeper<R extends RoleName> = {
  /** Offers a slice, starting the process if none runs. At most one question at a time. */
  ask(revision: number, slice: RoleTraffic[R]['slice']): Promise<Result<void, string>>
  commit(revision: number, slice: RoleTraffic[R]['slice']): void
  /** Takes the offer back; a process started for it alone is ended. */
  withdraw(revision: number): void
  /** To a process that serves; dropped otherwise. */
  send(message: RoleTraffic[R]['to']): void
  /**
   * Undefined when it does not serve, or falls silent.
   * @param addresses  as in the message `snapshot-requested`
   */
  snapshot(addresses?: readonly string[]): Promise<RoleTraffic[R]['snapshot'] | undefined>
  /** Orderly, then by force once patience has run out. Nothing is started any more until the next `ask`. */
  stop(leave: boolean, patience: Micros): Promise<void>
  /** Resolves when the process has applied its last commit, is gone, or patience has run out. */
  applied(patience: Micros): Promise<void>
  describe(): RoleSnapshot
}

type Running<To> = {
  readonly process: RoleProcess<To>
  started: boolean
  serving: boolean
  stopping: boolean
  applied?: number
  heartbeat?: Heartbeat
  /** It hangs: its last word. */
  silentSince?: Instant
}

export function createRoleKeeper<R extends RoleName>(
  role: R,
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'startRole'>,
  log: Log,
  handlers: KeeperHandlers<R>,
): RoleKeeper<R> {
  type To = RoleTraffic[R]['to']
  type Slice = RoleTraffic[R]['slice']
  const offering = createOffering<Slice>(role, ports)
  const snapshots = createSnapshotRequests<RoleTraffic[R]['snapshot']>(
    ports,
    handlers.join ?? ((pieces) => pieces.at(-1)),
  )
  let running: Running<To> | undefined
  let committed: { readonly revision: number; readonly slice: Slice } | undefined
  let cancelRestart: (() => void) | undefined
  let servingSince: Instant | undefined
  let failures = 0
  /** Deaths of a role that has never served, since it was asked. */
  let deathsAtStart = 0
  let restarts = 0
  let onApplied: (() => void)[] = []
  let onGone: (() => void)[] = []

  function giveUpRestart(): void {
    cancelRestart?.()
    cancelRestart = undefined
  }

  function start(): void {
    giveUpRestart()
    servingSince = undefined
    let current: typeof running
    const process = ports.startRole(
      role,
      {
        onMessage: (message) => running === current && receive(message),
        onExit: (exit) => running === current && ended(exit),
      },
      handlers.settings?.(),
    )
    current = { process, started: false, serving: false, stopping: false }
    running = current
    handlers.onStarted(process.pid)
  }

  function receive(message: RoleTraffic[R]['from']): void {
    running?.heartbeat?.heard()
    snapshots.heard()
    switch (message.type) {
      case 'started':
        return started()
      case 'pong':
        return
      case 'ready':
        return offering.settle(message.revision, ok(undefined))
      case 'refused':
        return offering.settle(message.revision, fail(message.reason))
      case 'applied':
        if (running !== undefined) running.applied = message.revision
        return release(onApplied)
      case 'snapshot':
        return snapshots.came(message.id, message.snapshot, message.more === true)
      default:
        handlers.onMessage(message)
    }
  }

  function started(): void {
    const now = running
    if (now === undefined || now.started) return
    now.started = true
    now.heartbeat = startHeartbeat(
      ports,
      () => tell({ type: 'ping' }),
      (since) => {
        log.error('role does not answer; it is killed', { role })
        now.silentSince = since
        now.process.kill('SIGKILL')
      },
    )
    sendOffer()
  }

  function ended(exit: RoleExit): void {
    const wanted = running?.stopping === true
    const now = ports.clock.now()
    const diedAt = running?.silentSince ?? now
    running?.heartbeat?.stop()
    running = undefined
    snapshots.giveUp()
    release(onApplied)
    if (wanted) {
      offering.fail(`the ${role} role was stopped`)
      return release(onGone)
    }
    failures = servingSince !== undefined && elapsed(servingSince, now) >= healthyAfter ? 0 : failures + 1
    const restart = handlers.onDeath(exit, diedAt)
    if (restart && committed !== undefined) restartLater()
    else if (restart && mayTryAgain()) return restartLater()
    offering.fail(`the ${role} role ended (${exitText(exit)})`)
  }

  /** Who dies before it has answered its first question is asked it again, some times: it has refused nothing. */
  function mayTryAgain(): boolean {
    deathsAtStart += 1
    return offering.open() !== undefined && deathsAtStart < mostFirstStarts
  }

  function restartLater(): void {
    restarts += 1
    cancelRestart = ports.schedule(restartDelay(failures), () => {
      cancelRestart = undefined
      start()
      if (committed === undefined) offering.repeat()
      else offerCommitted()
    })
  }

  /** Brings a process without a slice to where its predecessor was. */
  function offerCommitted(): void {
    if (committed === undefined || running === undefined || offering.open() !== undefined) return
    const { revision, slice } = committed
    const asked = running
    offering.make(revision, slice, (answer) => {
      if (running !== asked) return
      if (answer.ok) return serve(revision, slice)
      log.error('role refuses to go on with its configuration', { role, reason: answer.error })
      asked.process.kill('SIGKILL')
    })
    sendOffer()
  }

  function sendOffer(): void {
    const { started, serving } = running ?? { started: false, serving: false }
    if (!started) return
    offering.sendTo((revision, slice) => {
      const known =
        serving && committed !== undefined ? (handlers.shorten?.(committed.slice, slice) ?? slice) : undefined
      tell({ type: 'offer', revision, slice: known ?? handlers.prepare(slice) })
    })
  }

  function serve(revision: number, slice: Slice): void {
    committed = { revision, slice }
    if (running === undefined) return restartLater()
    const fresh = !running.serving
    running.serving = true
    servingSince ??= ports.clock.now()
    tell({ type: 'commit', revision })
    handlers.onServing(fresh)
  }

  /** Offers of every role have one form; the compiler cannot see that through the type parameter. */
  function tell(message: unknown): void {
    running?.process.send(message as To)
  }

  return {
    ask(revision, slice) {
      return new Promise((resolve) => {
        // Only the keeper's own question can be open here: a restarted process that has not answered yet.
        const open = offering.open()
        if (open !== undefined) tell({ type: 'withdraw', revision: open })
        deathsAtStart = 0
        if (running === undefined) start()
        offering.make(revision, slice, resolve)
        sendOffer()
      })
    },
    commit: serve,
    withdraw(revision) {
      offering.abandon(revision)
      tell({ type: 'withdraw', revision })
      if (committed === undefined) giveUpRestart()
      if (running === undefined || running.serving) return
      if (committed === undefined) {
        running.stopping = true
        running.process.kill('SIGKILL')
      } else offerCommitted()
    },
    send(message) {
      if (running?.serving === true) running.process.send(message)
    },
    snapshot(addresses) {
      if (running?.serving !== true) return Promise.resolve(undefined)
      const about = addresses === undefined ? {} : { addresses }
      return snapshots.ask((id) => tell({ type: 'snapshot-requested', id, ...about }))
    },
    stop(leave, patience) {
      committed = undefined
      giveUpRestart()
      const stopped = running
      if (stopped === undefined) {
        offering.fail(`the ${role} role was stopped`)
        return Promise.resolve()
      }
      stopped.stopping = true
      stopped.heartbeat?.stop()
      tell({ type: 'stop', leave })
      return new Promise((resolve) => {
        const cancel = ports.schedule(patience, () => {
          log.warn('role does not end; it is killed', { role })
          stopped.process.kill('SIGKILL')
        })
        onGone.push(() => {
          cancel()
          resolve()
        })
      })
    },
    applied(patience) {
      if (running?.serving !== true || running.applied === committed?.revision) return Promise.resolve()
      return new Promise((resolve) => {
        const cancel = ports.schedule(patience, resolve)
        onApplied.push(() => {
          cancel()
          resolve()
        })
      })
    },
    describe: () => ({
      role,
      ...(running?.process.pid === undefined ? {} : { pid: running.process.pid }),
      state: state(),
      restarts,
    }),
  }

  function state(): RoleSnapshot['state'] {
    if (running === undefined) return cancelRestart === undefined ? 'stopped' : 'waiting'
    return running.serving ? 'running' : 'starting'
  }

  function release(waiting: (() => void)[]): void {
    if (waiting === onApplied) onApplied = []
    else onGone = []
    for (const resolve of waiting) resolve()
  }
}

/** `exit code 1` or `signal SIGKILL`. */
export const exitText = (exit: RoleExit): string =>
  exit.signal === undefined ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
