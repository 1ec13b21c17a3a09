import { type Log, type Micros, seconds } from '../../base/index.ts'
import type { ControlOp, ForwardingBackend, SyncDaemon } from '../../forwarding/index.ts'
import type { ForwardingSlice, SyncRole } from '../ipc/index.ts'
import type { CatchUpKeeper } from './catch-up-keeper.ts'
import type { ForwardingPorts } from './ports.ts'

const firstRetry = seconds(1)
const longestRetry = seconds(30)

/** Keeps those sync daemons running that the configuration and the state of its virtual router ask for. */
export type SyncKeeper = {
  configure(sync: ForwardingSlice['sync']): Promise<void>
  follow(role: SyncRole): Promise<void>
  /** Those that run by our doing end. */
  stop(): Promise<void>
}

export function createSyncKeeper(
  backend: Pick<ForwardingBackend, 'apply' | 'syncDaemons'>,
  ports: Pick<ForwardingPorts, 'schedule'>,
  log: Log,
  catchUps: Pick<CatchUpKeeper, 'backupRuns' | 'backupEnded'>,
): SyncKeeper {
  let sync: ForwardingSlice['sync']
  let role: SyncRole = 'backup'
  const running = new Map<SyncDaemon['role'], SyncDaemon>()
  let cancelRetry: (() => void) | undefined
  let retryAfter: Micros = firstRetry
  let work: Promise<void> = Promise.resolve()
  let said: string | undefined
  /** Whether those that somebody left running are known. */
  let looked = false

  /** The other role ends before the one begins, as one host cannot listen to itself. */
  async function bringAbout(): Promise<void> {
    cancelRetry?.()
    cancelRetry = undefined
    if (sync !== undefined && !looked) {
      for (const daemon of await backend.syncDaemons()) running.set(daemon.role, daemon)
      looked = true
    }
    const roles = (['master', 'backup'] as const).filter((one) => role === 'both' || role === one)
    const wanted = sync === undefined ? [] : roles.map((one): SyncDaemon => ({ ...sync, role: one }) as SyncDaemon)
    let failed = false
    for (const old of [...running.values()])
      if (!wanted.some((one) => same(one, old)) && (await order({ type: 'stop-sync-daemon', role: old.role }))) {
        running.delete(old.role)
        if (old.role === 'backup') catchUps.backupEnded()
      }
    for (const daemon of wanted) {
      if (running.has(daemon.role)) continue
      if (await order({ type: 'start-sync-daemon', daemon })) {
        running.set(daemon.role, daemon)
        log.info(`${daemon.role} sync daemon runs`, { interface: daemon.interface, syncId: daemon.syncId })
        if (daemon.role === 'backup' && daemon.catchUp !== undefined) catchUps.backupRuns()
      } else failed = true
    }
    if (!failed) {
      retryAfter = firstRetry
      said = undefined
      return
    }
    cancelRetry = ports.schedule(retryAfter, inTurn)
    retryAfter = Math.min(retryAfter * 2, longestRetry) as Micros
  }

  async function order(op: ControlOp): Promise<boolean> {
    const [result] = await backend.apply([op])
    if (result === undefined || result.ok) return true
    // Once, however often it is tried.
    if (said !== result.error.message) log.error('connections are not synchronised', { reason: result.error.message })
    said = result.error.message
    return false
  }

  function inTurn(): Promise<void> {
    work = work.then(bringAbout)
    return work
  }

  return {
    configure(to) {
      sync = to
      return inTurn()
    },
    follow(to) {
      role = to
      return inTurn()
    },
    async stop() {
      sync = undefined
      await inTurn()
      cancelRetry?.()
    },
  }
}

const same = (a: SyncDaemon, b: SyncDaemon): boolean => JSON.stringify(a) === JSON.stringify(b)
