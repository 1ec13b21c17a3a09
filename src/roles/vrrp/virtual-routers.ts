import { fail, type Instant, type Log, type Micros, ok, type Result } from '../../base/index.ts'
import {
  type InterfaceSettings,
  noStaticItems,
  type Observed,
  type ReceiveRoom,
  type Track,
} from '../../model/index.ts'
import type { TrackedSnapshot, VirtualRouterSnapshot } from '../../observe/index.ts'
import { deadlineOf } from '../../proto/vrrp/index.ts'
import type { Aside, ResumedRouter, VrrpSlice } from '../ipc/index.ts'

import { openAddressKeeper } from './address-keeper.ts'
import { openAlarm } from './alarm.ts'
import { openAnnouncer } from './announcer.ts'
import { lateness, openAutoPriority } from './auto-priority.ts'
import { type CatchUpRequest, caughtUp, fetchingOf } from './catch-up.ts'
import { openClaimWatch } from './claim-watch.ts'
import { configure, type RoutersOf } from './configuration.ts'
import { openFirewall } from './firewall.ts'
import { openFloodWatch } from './flood-watch.ts'
import { openIncidents } from './incidents.ts'
import { openKeptSettings } from './kept-settings.ts'
import { leftovers } from './leftovers.ts'
import { advertisingInterface } from './link-names.ts'
import { openLocalIgmp } from './local-igmp.ts'
import { type FailoverReport, type GroupReport, openMachines, type StateReport } from './machines.ts'
import { openNetworkView } from './network-view.ts'
import { droppingFamilies, type Parts, routersOf } from './parts.ts'
import type { VrrpPorts } from './ports.ts'
import { imminentDeadline, isImminent, mayLinger, openReadiness, wakingTime } from './readiness.ts'
import { openReceiver, type Receive } from './receiver.ts'
import { openRehearsal } from './rehearsal.ts'
import { openRestorations } from './restorations.ts'
import { openRoutingKeeper } from './routing-keeper.ts'
import { clearCounters, isOverslept, snapshotOf, timerOf } from './running-router.ts'
import { openVrrpSockets, socketKey } from './sockets.ts'
import { forgetStatics, releaseStatics } from './static-items.ts'
import { openSurroundings, type Surroundings } from './surroundings.ts'
import type { TransitionReport } from './transition-note.ts'
import { openVirtualLinks } from './virtual-links.ts'

/** All virtual routers of this host: their machines, sockets, addresses and announcements, under one timer. */
export type VirtualRouters = {
  /** Whether sockets for these can be had; interfaces that are missing are no obstacle. */
  prepare(slice: Pick<VrrpSlice, 'routers' | 'interfaceSettings' | 'vrrpSettings'>): Result<void, string>
  /** From here on exactly these run; see `configure`. */
  configure(
    slice: RoutersOf &
      Pick<VrrpSlice, 'interfaceSettings' | 'vrrpSettings' | 'realTimePriority' | 'runDirectory' | 'catchUp'>,
    resumed?: readonly ResumedRouter[],
  ): void
  /** Nothing begins before that. */
  stayPassive(until: Instant): void
  /** News of scripts and files. */
  observe(observed: readonly Observed[]): void
  /** From here on exactly these stand aside for others. */
  standAside(aside: readonly Aside[]): void
  /** Connections need not be waited for any longer, as far as they were asked for until then. */
  caughtUp(request: Instant): void
  /** Those of them that are master resign, and wait for another to take their place. */
  failOver(keys: readonly string[]): void
  /** Removes what an earlier run left on the interfaces. */
  clean(): void
  masters(): readonly ResumedRouter[]
  snapshots(): readonly VirtualRouterSnapshot[]
  clearCounters(): void
  /** Masters resign; their addresses go when another has taken their place, unless they are to stay. A second call may hurry. */
  stop(how: Stop, whenEnded: () => void): void
  /** Ends those and lets go of the others without a word and with their addresses in place. */
  handOver(keys: ReadonlySet<string>): void
  /** One more deadline of the caller's, on the same timer. */
  wakeAt(at: Instant | undefined, wake: () => void): void
  close(): void
}

export type Stop = {
  readonly keepAddresses: boolean
  /** How long at most another is waited for; 0: not at all. */
  readonly within: Micros
}

export function openVirtualRouters(
  ports: VrrpPorts,
  log: Log,
  report: StateReport,
  reportGroup: GroupReport,
  reportTransition: TransitionReport,
  reportFailover: FailoverReport,
  reportFetch: (request: CatchUpRequest) => void,
): Result<VirtualRouters, { readonly message: string }> {
  const { clock } = ports
  const client = ports.openRouteClient()
  if (!client.ok) return client
  const routes = client.value
  /** Called once all have ended. */
  let onEnded: (() => void) | undefined
  let callerDeadline: { readonly at: Instant; readonly wake: () => void } | undefined
  let closed = false
  /** Masters wait for their turns themselves. */
  let lingers = false

  const view = openNetworkView()
  const alarm = openAlarm(ports.openTimer, runDeadlines)
  const keeper = openAddressKeeper(routes, view, log)
  const advertisingAt = (key: string) => {
    const one = running.get(key)
    return one && advertisingInterface(one.router)
  }
  const announcer = openAnnouncer(ports, view, log, advertisingAt)
  const onDatagram: Receive = (at, datagram, arrivedAt) => receive(at, datagram, arrivedAt)
  let receiveRoom: ReceiveRoom | undefined
  const sockets = openVrrpSockets(
    ports,
    log,
    onDatagram,
    () => alarm.wakeBy(clock.now()),
    () => receiveRoom,
  )
  let settings: InterfaceSettings = {}
  const kept = openKeptSettings(ports.files, log)
  const incidents = openIncidents(clock, log)
  const autoPriority = openAutoPriority(ports, log)
  const localIgmp = openLocalIgmp(ports.files, log)
  const links = openVirtualLinks(
    ports,
    view,
    kept,
    log,
    () => settings,
    () => void surroundings.reload(),
    () => firewall.arrange({ links: links.present(), dropping: droppingFamilies(routersOf(parts)) }),
    (name, owner) => incidents.note('removed', `interface ${name}`, [owner]),
  )
  let runDirectory = ''
  const firewall = openFirewall(
    ports,
    log,
    () => settings,
    () => `${runDirectory}/vrrp-nftables`,
    incidents,
    (at) => alarm.wakeBy(at),
  )
  const running: Parts['running'] = new Map()
  const unclaimed: Parts['unclaimed'] = new Map()
  const floods = openFloodWatch(ports, {
    clock,
    log,
    alarm,
    sockets,
    running,
    unclaimed,
    listensToAll: () => parts.settings.logUnknownIds === true,
  })
  const parts: Parts = {
    clock,
    log,
    alarm,
    routes,
    view,
    keeper,
    routing: openRoutingKeeper(routes, view, log),
    restorations: openRestorations(),
    incidents,
    claims: openClaimWatch(ports, view, keeper, incidents, log, () => alarm.wakeBy(clock.now())),
    statics: noStaticItems,
    announcer,
    floods,
    sockets,
    links,
    firewall,
    settings: {},
    running,
    groups: new Map(),
    observations: new Map(),
    aside: new Map(),
    catchUp: undefined,
    stopping: false,
    passiveUntil: undefined,
    unclaimed,
    virtual: new Set(),
  }
  const machines = openMachines(
    parts,
    report,
    reportGroup,
    (one, transition) => {
      reportTransition(one, transition)
      if (parts.aside.has(one.key)) surroundings.weigh(one)
      if (parts.stopping) alarm.wakeBy(clock.now())
    },
    reportFailover,
    reportFetch,
  )
  const receive = openReceiver(parts, machines)
  const { rehearse, rehearseAgain } = openRehearsal(parts)
  const readiness = openReadiness(clock, (one) => {
    // As in `runDeadlines`: what a takeover runs for the first time is compiled then.
    sockets.takeWaiting()
    rehearseAgain(one)
  })
  const surroundings = openSurroundings(parts, machines, rehearse)

  const loaded = surroundings.reload()
  if (!loaded.ok) {
    dispose()
    return loaded
  }
  const monitor = ports.openRouteMonitor({
    groups: ['link', 'address'],
    onEvent(event) {
      if (!closed) surroundings.onRouteEvent(event)
    },
  })
  if (!monitor.ok) {
    dispose()
    return monitor
  }
  // By itself: a loss here is no loss of links and addresses.
  const routingMonitor = ports.openRouteMonitor({
    groups: ['own-routing'],
    onEvent() {
      if (!closed) surroundings.onRouteEvent({ type: 'routing-removed' })
    },
  })
  if (!routingMonitor.ok) {
    monitor.value.close()
    dispose()
    return routingMonitor
  }
  // What changed between the first reading and the subscription.
  const reloaded = surroundings.reload()
  if (!reloaded.ok) {
    monitor.value.close()
    routingMonitor.value.close()
    dispose()
    return reloaded
  }

  function dispose(): void {
    closed = true
    localIgmp.disable(false)
    alarm.close()
    floods.close()
    sockets.close()
    announcer.close()
    parts.claims.close()
    firewall.close()
    routes.close()
  }

  function runDeadlines(): void {
    let now = clock.now()
    let overslept = false
    let areRead = false
    if (parts.settings.autoPriority !== undefined) autoPriority.late(lateness(running.values(), now))
    const first = imminentDeadline(running.values(), now, lingers)
    if (first !== undefined) {
      ports.lingerUntil(first)
      now = clock.now()
    }
    for (const one of running.values()) {
      let deadline = deadlineOf(one.state)
      if (deadline !== undefined && one.state.name === 'backup' && isImminent(one, now, lingers)) {
        ports.lingerUntil(deadline)
        now = clock.now()
      }
      // What keeps a backup from taking over may wait in a socket: it came while this code kept the processor, or the socket is busy.
      if (one.state.name === 'backup' && deadline !== undefined && deadline <= now && !areRead) {
        areRead = true
        sockets.takeWaiting()
        deadline = deadlineOf(one.state)
      }
      if (deadline === undefined || deadline > now) {
        one.putOff = false
        readiness.look(one, now)
        continue
      }
      // The socket may hold what this deadline has missed: look there first, once.
      if (!one.putOff && isOverslept(deadline, now)) {
        one.putOff = true
        overslept = true
        continue
      }
      one.putOff = false
      machines.advance(one, { type: 'deadline-reached' }, now)
    }
    now = clock.now()
    // Nobody says whose an address is before it is known who is master.
    if (!overslept) announcer.run(now)
    if ((links.deadline() ?? Number.POSITIVE_INFINITY) <= now) {
      links.mend()
      surroundings.reassess()
    }
    floods.run(now)
    surroundings.runDeadlines(now)
    firewall.run(now)
    if ((sockets.deadline() ?? Number.POSITIVE_INFINITY) <= now) surroundings.reassess()
    if ((surroundings.deadline() ?? Number.POSITIVE_INFINITY) <= now) surroundings.settle(now)
    if (parts.passiveUntil !== undefined && parts.passiveUntil <= now) {
      parts.passiveUntil = undefined
      surroundings.reassess()
    }
    if (callerDeadline !== undefined && callerDeadline.at <= now) {
      const { wake } = callerDeadline
      callerDeadline = undefined
      wake()
    }
    readiness.run(now)
    rearm()
    if (parts.stopping) endIfAllHave()
  }

  /** A stop that takes longer than the moment that it usually does says why. */
  function tellWhoWaits(): void {
    const until = [...running.values()].flatMap(({ state }) => (state.name === 'master' ? state.advertiseAt : []))
    if (until.length === 0) return
    const seconds = (Math.max(...until) - clock.now()) / 1_000_000
    log.info('masters have resigned and wait for others to take their place', {
      masters: until.length,
      atMost: seconds,
    })
  }

  function endIfAllHave(): void {
    const ended = onEnded
    if (ended === undefined || [...running.values()].some(({ state }) => state.name === 'master')) return
    onEnded = undefined
    ended()
  }

  function adopt({ vrrpSettings = {}, realTimePriority }: Pick<VrrpSlice, 'vrrpSettings' | 'realTimePriority'>): void {
    parts.settings = vrrpSettings
    announcer.adopt(vrrpSettings.garpGroups ?? [])
    surroundings.settle(clock.now())
    autoPriority.adopt(vrrpSettings.autoPriority, realTimePriority)
    localIgmp.disable(vrrpSettings.disableLocalIgmp === true)
  }

  function rearm(): void {
    lingers = mayLinger(running.values())
    for (const one of running.values()) alarm.wakeBy(wakingTime(one, lingers))
    alarm.wakeBy(announcer.deadline())
    alarm.wakeBy(sockets.deadline())
    alarm.wakeBy(floods.deadline())
    alarm.wakeBy(links.deadline())
    alarm.wakeBy(firewall.deadline())
    alarm.wakeBy(surroundings.deadline())
    alarm.wakeBy(parts.passiveUntil)
    alarm.wakeBy(callerDeadline?.at)
  }

  return ok({
    prepare(slice) {
      settings = slice.interfaceSettings ?? {}
      receiveRoom = slice.vrrpSettings?.receiveRoom
      const routers = links.named(slice.routers)
      sockets.synchronize([...routersOf(parts), ...routers], view)
      for (const router of routers) {
        const failure = sockets.failure(socketKey(router))
        if (failure?.code === 'EPERM' || failure?.code === 'EACCES')
          return fail(`${failure.message}; VRRP needs root or CAP_NET_RAW and CAP_NET_ADMIN`)
      }
      return ok(undefined)
    },
    configure(slice, resumed = []) {
      settings = slice.interfaceSettings ?? {}
      receiveRoom = slice.vrrpSettings?.receiveRoom
      runDirectory = slice.runDirectory
      parts.catchUp = slice.catchUp
      adopt(slice)
      kept.remember(`${runDirectory}/vrrp-settings.json`)
      configure(parts, machines, surroundings, slice, resumed)
      floods.follow()
      rearm()
      for (const one of running.values()) rehearse(one)
    },
    stayPassive(until) {
      parts.passiveUntil = until
    },
    observe(observed) {
      for (const { key, observation } of observed) parts.observations.set(key, observation)
      surroundings.reassess()
      rearm()
    },
    standAside(aside) {
      parts.aside = new Map(aside.map(({ key, kind }) => [key, kind]))
      machines.together(() => {
        for (const one of running.values()) surroundings.weigh(one)
      })
      rearm()
    },
    caughtUp(request) {
      caughtUp(running.values(), request, log)
    },
    failOver(keys) {
      machines.together(() => {
        for (const key of keys) {
          const one = running.get(key)
          if (one?.state.name === 'master') machines.advance(one, { type: 'failover-ordered' }, clock.now())
          else reportFailover(key, one?.state.name ?? 'initialize')
        }
      })
      rearm()
    },
    clean() {
      links.clean()
      const all = [...routersOf(parts)]
      parts.routing.clean(
        all.flatMap(({ routes: its = [] }) => its),
        all.flatMap(({ rules = [] }) => rules),
      )
      for (const address of leftovers([...routersOf(parts)], view, keeper.holds)) {
        const removed = routes.deleteAddress(address)
        const fields = { address: `${address.address}/${address.prefixLength}` }
        if (removed.ok) log.info('address of an earlier run removed', fields)
        else log.error('address of an earlier run cannot be removed', { ...fields, reason: removed.error.message })
      }
      // What was dropped of a master that is none any more, now that its addresses are gone.
      for (const { key, state } of running.values()) if (state.name !== 'master') firewall.leave(key)
    },
    masters: () =>
      [...running.values()]
        .filter(({ state }) => state.name === 'master')
        .map(({ key, since }) => ({ key, since: new Date(since).toISOString() })),
    clearCounters() {
      for (const one of running.values()) clearCounters(one)
    },
    snapshots() {
      floods.collect()
      return [...running.values()].map((one) => {
        const { interface: name, virtualLink, family } = one.router
        const group = parts.groups.get(one.key)?.group.name
        const incidents = parts.incidents.of(one.key)
        return {
          ...snapshotOf(
            one,
            parts.unclaimed.get(socketKey({ interface: name, family, ...(virtualLink && { virtualLink }) })),
          ),
          ...(virtualLink?.name === undefined ? {} : { virtualLink: virtualLink.name }),
          ...(incidents.length === 0 ? {} : { incidents }),
          ...fetchingOf(one, clock),
          ...timerOf(one, clock),
          ...(group === undefined ? {} : { syncGroup: group }),
          ...(one.tracks.length === 0 ? {} : { tracked: one.tracks.map((track) => tracked(track, surroundings)) }),
        }
      })
    },
    stop({ keepAddresses, within }, whenEnded) {
      parts.stopping = true
      onEnded = () => {
        if (!keepAddresses) {
          releaseStatics(parts)
          links.keepOnly(new Set())
          firewall.arrange({ links: [], dropping: new Set() })
        }
        whenEnded()
      }
      firewall.together(() =>
        machines.together(() => {
          for (const one of running.values()) {
            const alone = one.lastHeard === undefined
            machines.advance(one, { type: 'stopped', keepAddresses, within, alone }, clock.now())
          }
        }),
      )
      tellWhoWaits()
      endIfAllHave()
    },
    handOver(keys) {
      alarm.silence()
      forgetStatics(parts)
      // The successor makes the table its own.
      firewall.abandon()
      for (const one of running.values()) {
        if (keys.has(one.key)) {
          keeper.forget(one.key)
          parts.routing.forget(one.key)
        } else machines.advance(one, { type: 'deleted' }, clock.now())
      }
      links.keepOnly(keys)
    },
    wakeAt(at, wake) {
      callerDeadline = at === undefined ? undefined : { at, wake }
      alarm.wakeBy(at)
    },
    close() {
      monitor.value.close()
      routingMonitor.value.close()
      dispose()
    },
  })
}

function tracked(track: Track, surroundings: Pick<Surroundings, 'observation'>): TrackedSnapshot {
  const observation = surroundings.observation(track)
  if (observation === undefined) return { ...track, found: 'unknown' }
  if (observation.type === 'value') return { ...track, found: observation.value }
  return observation.type === 'bad'
    ? { ...track, found: 'bad', reason: observation.reason }
    : { ...track, found: observation.type }
}
