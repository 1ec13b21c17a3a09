import { after, assertNever, elapsed, type Instant, instant, type Log, micros } from '../../base/index.ts'
import { hasStatics, virtualRouterKey } from '../../model/index.ts'
import { resumableFor } from '../../proto/vrrp/index.ts'
import type { Channel, FromVrrp, ResumedRouter, ToVrrp, VrrpNotifyState, VrrpSlice } from '../ipc/index.ts'
import { type BfdSessions, openBfdSessions } from './bfd-sessions.ts'
import type { Told } from './machines.ts'
import { findPredecessor, liveAsOrphan, type Predecessor } from './orphan.ts'
import type { VrrpPorts } from './ports.ts'
import { openVirtualRouters, type VirtualRouters } from './virtual-routers.ts'

/** Of a successor. */
const NOT_AT_ALL = micros(0)

/** Before all ordinary processes, and behind all who have asked for a priority. */
const LEAST_REAL_TIME = 1

type Offer = { readonly revision: number; readonly slice: VrrpSlice }

/** Runs the role until `stop`, or until it is orphaned and has been relieved; then everything is closed. */
export function startVrrpWith(channel: Channel<ToVrrp, FromVrrp>, ports: VrrpPorts, log: Log): void {
  let routers: VirtualRouters | undefined
  let sessions: BfdSessions | undefined
  let predecessor: Predecessor | undefined
  let offered: Offer | undefined
  let applied: VrrpSlice | undefined
  let [stopping, ended] = [false, false]
  /** Offers and commits one after the other, although asking a predecessor takes a moment. */
  let work: Promise<void> = Promise.resolve()
  const inTurn = (task: () => Promise<void> | void) => {
    work = work.then(() => (stopping || ended ? undefined : task()))
  }

  const end = () => {
    if (ended) return
    ended = true
    predecessor?.leave()
    // Whoever comes after us begins as down: to neighbours, that must not look like a failure.
    sessions?.stop()
    sessions?.close()
    routers?.close()
    channel.close()
    ports.end()
  }
  const resign = (leave: boolean, within = applied?.holdOnAtStop ?? NOT_AT_ALL) => {
    if (ended) return
    if (routers === undefined) return end()
    // Once is enough; what comes again is to hurry.
    if (stopping && within > 0) return
    stopping = true
    routers.stop({ keepAddresses: leave, within }, end)
  }

  async function consider(offer: Offer): Promise<void> {
    if (routers === undefined) {
      const opened = openVirtualRouters(
        ports,
        log,
        (router, key, entered, resumed, priority) =>
          channel.send({
            type: 'virtual-router-state',
            key,
            name: router.name,
            state: reported(entered, router.tellsDeleted === true || router.notify.deleted !== undefined),
            priority,
            ...(resumed ? { resumed } : {}),
          }),
        (name, state, resumed) =>
          channel.send({ type: 'sync-group-state', name, state, ...(resumed ? { resumed } : {}) }),
        ({ key }, transition) => channel.send({ type: 'virtual-router-transition', key, transition }),
        (key, became) => channel.send({ type: 'failover-ended', key, became }),
        (request) => channel.send({ type: 'catch-up-wanted', ...request }),
      )
      if (!opened.ok) return refuse(offer, opened.error.message)
      const all = opened.value
      routers = all
      sessions = openBfdSessions(ports, log, ({ name, vrrp }, observed) => {
        // The network first.
        if (vrrp) all.observe([observed])
        channel.send({ type: 'bfd-session', name, observed })
      })
    }
    const prepared = routers.prepare(offer.slice)
    if (!prepared.ok) return refuse(offer, prepared.error)
    if (applied === undefined && predecessor === undefined)
      predecessor = await findPredecessor(ports, routers, offer.slice.runDirectory, log)
    offered = offer
    channel.send({ type: 'ready', revision: offer.revision })
  }

  function refuse({ revision }: Offer, reason: string): void {
    channel.send({ type: 'refused', revision, reason })
  }

  async function commit(revision: number): Promise<void> {
    if (offered === undefined || offered.revision !== revision) return
    if (routers === undefined || sessions === undefined) return
    const { slice } = offered
    offered = undefined
    if (applied === undefined) await begin(routers, sessions, slice)
    else {
      sessions.configure(slice.bfdSessions)
      routers.configure(withSessions(slice, sessions))
    }
    applied = slice
    channel.send({ type: 'applied', revision })
  }

  async function begin(all: VirtualRouters, bfd: BfdSessions, slice: VrrpSlice): Promise<void> {
    const { realTimePriority } = slice
    if (realTimePriority !== undefined || slice.preferRealTime === true) {
      const set = ports.setRealTime(realTimePriority ?? LEAST_REAL_TIME)
      const tell = realTimePriority === undefined ? log.debug : log.warn
      if (!set.ok) tell('real-time scheduling is not to be had', { reason: set.error.message })
    }
    const passive = passiveUntil(slice, ports.clock.now())
    if (passive !== undefined && slice.resume === undefined && predecessor === undefined) all.stayPassive(passive)
    const resumed = new Map(inTime(slice, ports.clock.now()).map((one) => [one.key, one]))
    if (predecessor !== undefined) {
      const wanted = new Set(slice.routers.map(virtualRouterKey))
      const taken = predecessor.masters.filter(({ key }) => wanted.has(key))
      await predecessor.take(taken.map(({ key }) => key))
      predecessor = undefined
      for (const one of taken) resumed.set(one.key, one)
      log.info('took over from the role of an earlier supervisor', { masters: taken.length })
    }
    bfd.configure(slice.bfdSessions, { observed: slice.observed ?? [], masters: resumed.size > 0 })
    all.configure(withSessions(slice, bfd), [...resumed.values()])
    all.clean()
  }

  channel.onMessage((message) => {
    switch (message.type) {
      case 'offer':
        return inTurn(() => consider({ revision: message.revision, slice: message.slice }))
      case 'commit':
        return inTurn(() => commit(message.revision))
      case 'withdraw':
        return inTurn(() => {
          offered = undefined
          predecessor?.leave()
          predecessor = undefined
          if (applied !== undefined) routers?.prepare(applied)
        })
      case 'clear-counters':
        return routers?.clearCounters()
      case 'observed':
        return inTurn(() => routers?.observe(message.observed))
      case 'stand-aside':
        return inTurn(() => routers?.standAside(message.aside))
      case 'caught-up':
        return inTurn(() => routers?.caughtUp(message.request))
      case 'fail-over':
        return inTurn(() => routers?.failOver(message.keys))
      case 'ping':
        return channel.send({ type: 'pong' })
      case 'snapshot-requested':
        return channel.send({
          type: 'snapshot',
          id: message.id,
          snapshot: {
            virtualRouters: routers?.snapshots() ?? [],
            bfdSessions: sessions?.snapshots() ?? [],
          },
        })
      case 'stop':
        return resign(message.leave || (applied?.keepAddressesAtStop ?? false))
      case 'stop-at-once':
        return resign(applied?.keepAddressesAtStop ?? false, NOT_AT_ALL)
      case 'terminated':
        return resign(applied?.keepAddressesAtStop ?? false, stopping ? NOT_AT_ALL : undefined)
      default:
        return assertNever(message)
    }
  })
  channel.onClosed(() => {
    if (stopping || ended) return
    if (routers === undefined || applied === undefined) return end()
    const leave = applied.keepAddressesAtStop
    // What is static stays for a successor as well.
    if (routers.masters().length === 0 && !hasStatics(applied.statics)) return resign(leave)
    log.warn('the supervisor died; virtual routers go on for a while', {})
    void liveAsOrphan(ports, routers, applied.runDirectory, log, (how) => (how === 'resign' ? resign(leave) : end()))
  })
  channel.send({ type: 'started' })
}

/** What sessions are now takes the place of what an earlier role knew of them. */
const withSessions = (slice: VrrpSlice, sessions: BfdSessions): VrrpSlice => ({
  ...slice,
  observed: [...(slice.observed ?? []).filter(({ key }) => !key.startsWith('bfd ')), ...sessions.observed()],
})

/** By vrrp_startup_delay and vrrp_delay_after_boot, whichever ends later. */
function passiveUntil({ startupDelay, vrrpSettings }: VrrpSlice, now: Instant): Instant | undefined {
  const ends = [
    ...(startupDelay === undefined ? [] : [after(now, startupDelay)]),
    // The clock began at the host's start.
    ...(vrrpSettings?.delayAfterBoot === undefined ? [] : [after(instant(0), vrrpSettings.delayAfterBoot)]),
  ].filter((end) => end > now)
  return ends.length === 0 ? undefined : instant(Math.max(...ends))
}

/** The masters of a role that died so recently that no backup can have taken its place. */
function inTime(slice: VrrpSlice, now: Instant): readonly ResumedRouter[] {
  const { resume, routers } = slice
  if (resume === undefined) return []
  const gone = elapsed(resume.diedAt, now)
  return resume.masters.filter(({ key }) => {
    const router = routers.find((candidate) => virtualRouterKey(candidate) === key)
    return router !== undefined && gone < resumableFor(router)
  })
}

/** keepalived reports a removed virtual router as FAULT unless notify_deleted is there. */
const reported = (entered: Told, tellsDeleted: boolean): VrrpNotifyState =>
  entered === 'DELETED' && !tellsDeleted ? 'FAULT' : entered
