import {
  assertNever,
  type Instant,
  type IpAddress,
  isLinkLocal6,
  ok,
  openRareLines,
  type Result,
  sameBytes,
} from '../../base/index.ts'
import { type Observation, type Track, trackKey } from '../../model/index.ts'
import { type Assessment, assess } from '../../proto/priority/index.ts'
import { type Failed, faultOf, isJointFault } from '../../proto/sync-group/index.ts'
import { LEAST_PRIORITY, OWNER } from '../../proto/vrrp/index.ts'
import type { Link, LinkAddress, RouteEvent } from '../../sys/netlink/index.ts'
import { openLinkDamper } from './link-damper.ts'
import { sourceInterface } from './link-names.ts'
import type { Machines } from './machines.ts'
import { addressId, DAD_FAILED, faultReason, interfaceObservation, sourceAddress } from './network-view.ts'
import { addressesOf, guard, type Parts, placedOf, routersOf } from './parts.ts'
import type { Rehearse } from './rehearsal.ts'
import type { Doubt } from './routing-keeper.ts'
import type { RunningGroup } from './running-group.ts'
import { ownsAddresses, type RunningRouter } from './running-router.ts'
import { socketKey } from './sockets.ts'
import { holdStatics, staticAddresses } from './static-items.ts'

/** Whether a virtual router may run. */
export type Verdict = {
  /** Why not, in words for the user: a fault of its own, or of another of its sync group. */
  readonly reason: string | undefined
  /** One that has not begun waits, with its sync group, for the first word of a script that may be a fault. */
  readonly isPending: boolean
}

/** What the host's interfaces and addresses mean for the virtual routers on them. */
export type Surroundings = {
  /** Reads all interfaces and addresses afresh. */
  reload(): Result<void, { readonly message: string }>
  onRouteEvent(event: RouteEvent): void
  /** Looks at what was put off. */
  runDeadlines(now: Instant): void
  /**
   * Looks again whether each virtual router may run, and where it sends from.
   * @param index only those on this interface, or that send from anywhere; undefined: all, and the sockets
   */
  reassess(index?: number): void
  /** Takes the changes of interfaces that have lasted long enough (interface_up_down_delays). */
  settle(now: Instant): void
  deadline(): Instant | undefined
  /** Finds out where this one sends from. */
  locate(one: RunningRouter): void
  /** Its effective priority as trackers have it now. */
  priorityOf(one: RunningRouter): number
  /** Gives it that priority. */
  weigh(one: RunningRouter): void
  /** What was found of this one; undefined: nothing yet. */
  observation(track: Track): Observation | undefined
  /** Whether each may run. Of a sync group all members have to be among them. What fails by itself comes first. */
  judge(ones: readonly RunningRouter[]): ReadonlyMap<RunningRouter, Verdict>
}

export function openSurroundings(parts: Parts, machines: Machines, rehearse: Rehearse): Surroundings {
  /** What of our routes and rules may not be in the kernel; undefined: there is nothing to look at. */
  let routingDoubt: Doubt | undefined
  let areClaimsDoubtful = false
  const { clock, log, alarm, routes, view, keeper, announcer, links, sockets, running } = parts
  const damper = openLinkDamper()
  const priorities = openRareLines()

  function reload(): Result<void, { readonly message: string }> {
    const links = routes.links()
    if (!links.ok) return links
    const addresses = routes.addresses()
    if (!addresses.ok) return addresses
    view.replace(links.value, addresses.value)
    damper.clear()
    return ok(undefined)
  }

  function onRouteEvent(told: RouteEvent): void {
    const before = told.type === 'link' ? view.linkAt(told.link.index) : undefined
    take(told.type === 'link' ? { ...told, link: damper.damp(told.link, before, clock.now()) } : told, before)
    alarm.wakeBy(damper.deadline())
  }

  function take(event: RouteEvent, before: Link | undefined): void {
    view.apply(event)
    switch (event.type) {
      case 'link-removed':
        announcer.forgetInterface(event.index)
        links.mend()
        lookAtClaims()
        return reassess()
      case 'link':
        if (changesLinks(before, event.link)) links.mend()
        lookAtClaims()
        lookAtRouting(before?.up === event.link.up && before.running === event.link.running ? undefined : 'all')
        reassess()
        // IPv6 loses its addresses with the interface.
        if (before?.up === false && event.link.up) putAllBack(event.link.index)
        if (before !== undefined && !sameBytes(before.mac, event.link.mac)) announceAgain(event.link.index)
        return
      // An address that moves with a master is nobody's source, so it decides nothing; and there may be hundreds of them.
      case 'address':
        links.mendFor(event.address)
        inspect(event.address)
        lookAtClaims()
        lookAtRouting(undefined)
        return parts.virtual.has(event.address.address) ? undefined : reassess(event.address.interfaceIndex)
      case 'address-removed':
        links.mendFor(event.address)
        putBack(addressId(event.address), event.address.address)
        lookAtClaims()
        lookAtRouting(event.address.address)
        return parts.virtual.has(event.address.address) ? undefined : reassess(event.address.interfaceIndex)
      case 'resync': {
        const read = reload()
        if (!read.ok) log.error('interfaces cannot be read', { reason: read.error.message })
        links.mend()
        putAllBack()
        lookAtRouting('all')
        return reassess()
      }
      case 'routing-removed':
        return lookAtRouting('all')
      case 'neighbour':
      case 'route-changed':
        return
      default:
        return assertNever(event)
    }
  }

  function settle(now: Instant): void {
    damper.adopt(parts.settings.interfaceDelays)
    for (const link of damper.due(now)) take({ type: 'link', link }, view.linkAt(link.index))
  }

  /** The interface has another hardware address: what the neighbours know of its virtual addresses is wrong. */
  function announceAgain(index: number): void {
    for (const one of running.values()) {
      if (one.state.name !== 'master') continue
      const placed = placedOf(parts, one.router)
      const there = placed.filter(({ interfaceIndex }) => interfaceIndex === index)
      if (there.length > 0) announcer.changed(one.key, placed, there, one.router.announcements, clock.now())
    }
    alarm.wakeBy(announcer.deadline())
  }

  /** What is held and is not there; on this interface, if one is given. */
  function putAllBack(index?: number): void {
    for (const placed of keeper.missing())
      if (index === undefined || placed.interfaceIndex === index) putBack(addressId(placed), placed.address)
  }

  /** Someone removed an address that we hold, or it went with its interface, which will be up again. */
  function putBack(id: string, address: IpAddress): void {
    const owners = keeper.ownersOf(id)
    if (owners.size === 0) return
    if (view.linkAt(Number.parseInt(id, 10))?.up === false) return
    const now = clock.now()
    if (!parts.restorations.may(id, now)) return alarm.wakeBy(parts.restorations.deadline())
    if (!keeper.restore(id)) return
    restored(id, address, owners, now)
    for (const one of running.values()) {
      if (one.state.name !== 'master') continue
      const placed = placedOf(parts, one.router)
      const added = placed.filter((each) => addressId(each) === id)
      if (added.length > 0) announcer.changed(one.key, placed, added, one.router.announcements, now)
    }
    alarm.wakeBy(announcer.deadline())
  }

  function restored(subject: string, name: string, owners: ReadonlySet<string>, now: Instant): void {
    parts.incidents.note('removed', name, owners)
    if (parts.restorations.done(subject, now) === 'fight')
      log.warn('somebody removes it again and again; it is put back once a second', { what: name })
  }

  /** What we hold may be other addresses than those that others are watched for. */
  function lookAtClaims(): void {
    areClaimsDoubtful = true
    alarm.wakeBy(clock.now())
  }

  /**
   * Looks at routes and rules when what has happened is all told: what could not be had may be had by now.
   * @param lost  an address that is gone, with the routes that leave from it; `all`: anything may be gone
   */
  function lookAtRouting(lost: IpAddress | 'all' | undefined): void {
    if (parts.routing.isEmpty()) return
    if (lost === 'all') routingDoubt = 'all'
    else if (routingDoubt !== 'all')
      routingDoubt = new Set([...(routingDoubt ?? []), ...(lost === undefined ? [] : [lost])])
    alarm.wakeBy(clock.now())
  }

  function runDeadlines(now: Instant): void {
    for (const subject of parts.restorations.due(now)) {
      const address = keeper.addressOf(subject)
      if (address === undefined) routingDoubt = 'all'
      else if (view.has(subject) === undefined) putBack(subject, address)
    }
    if (areClaimsDoubtful) {
      areClaimsDoubtful = false
      parts.claims.follow()
    }
    parts.claims.run(now)
    priorities.run(now)
    if (routingDoubt !== undefined) {
      const doubt = routingDoubt
      routingDoubt = undefined
      const back = parts.routing.ensure(doubt, (subject) => parts.restorations.may(subject, now))
      for (const { subject, owners } of back) restored(subject, subject, owners, now)
    }
    alarm.wakeBy(parts.restorations.deadline())
    alarm.wakeBy(parts.claims.deadline())
    alarm.wakeBy(priorities.deadline())
  }

  /** What others do with an address that we hold. */
  function inspect(address: LinkAddress): void {
    const id = addressId(address)
    const held = keeper.ownersOf(id)
    if (held.size > 0) {
      if ((address.flags & DAD_FAILED) !== 0) parts.incidents.note('duplicate', address.address, held)
      return
    }
    // Each interface has its own link-local addresses.
    if (isLinkLocal6(address.address)) return
    const owners = keeper.ownersElsewhere(address.address, address.interfaceIndex)
    if (owners.size > 0)
      parts.incidents.note('elsewhere', address.address, owners, view.linkAt(address.interfaceIndex)?.name)
  }

  /** Makes good what is missing of a master's addresses: their interface may have come only now. */
  function reinstall(one: RunningRouter): void {
    guard(parts, one.key, one.router)
    const added = keeper.hold(one.key, addressesOf(one.router), ownsAddresses(one.router))
    if (added.length === 0) return
    announcer.changed(one.key, placedOf(parts, one.router), added, one.router.announcements, clock.now())
    alarm.wakeBy(announcer.deadline())
  }

  function reassess(index?: number): void {
    if (index === undefined) {
      sockets.synchronize(routersOf(parts), view)
      holdStatics(parts)
    }
    const concerned = [...running.values()].filter(
      ({ key, router }) =>
        index === undefined ||
        router.source !== undefined ||
        parts.groups.has(key) ||
        view.link(router.interface)?.index === index ||
        view.link(sourceInterface(router))?.index === index,
    )
    for (const one of concerned) {
      locate(one)
      weigh(one)
    }
    machines.together(() => {
      for (const [one, { reason, isPending }] of judge(concerned)) {
        const now = clock.now()
        if (one.state.name === 'fault') {
          if (reason === undefined) {
            machines.advance(one, { type: 'fault-cleared' }, now)
            rehearse(one)
          } else if (reason !== one.state.reason) machines.advance(one, { type: 'fault-found', reason }, now)
        } else if (one.state.name === 'initialize') {
          if (parts.stopping || parts.passiveUntil !== undefined || (reason === undefined && isPending)) continue
          machines.advance(one, { type: 'started', ...(reason === undefined ? {} : { faultReason: reason }) }, now)
          rehearse(one)
        } else if (reason !== undefined) machines.advance(one, { type: 'fault-found', reason }, now)
        else if (one.state.name === 'master' && index === undefined) reinstall(one)
      }
    })
    alarm.wakeBy(sockets.deadline())
    alarm.wakeBy(links.deadline())
  }

  function locate(one: RunningRouter): void {
    const source = sourceAddress(one.router, view, parts.virtual, staticAddresses(parts))
    if (source === one.source) return
    // A master whose source has just gone says goodbye from it, if it still can.
    if (source === undefined && one.state.name === 'master') return
    one.source = source
    one.outgoing.clear()
  }

  /** In one pass, for a group may be large and every event of an interface asks again. */
  function judge(ones: readonly RunningRouter[]): ReadonlyMap<RunningRouter, Verdict> {
    const failed = new Map<RunningGroup, Failed>()
    const pending = new Set<RunningGroup>()
    const own = ones.map((one) => {
      const verdict = {
        one,
        group: parts.groups.get(one.key),
        reason: ownReason(one),
        isPending: assessed(one).pending,
      }
      const { group, reason } = verdict
      if (group !== undefined && reason !== undefined && !failed.has(group))
        failed.set(group, { name: one.router.name, reason })
      if (group !== undefined && verdict.isPending) pending.add(group)
      return verdict
    })
    // What has or had a reason of its own goes first: it is why its sync group follows.
    const leads = ({ one: { state }, reason }: (typeof own)[number]): boolean =>
      reason !== undefined || (state.name === 'fault' && !isJointFault(state.reason))
    const inOrder = [...own.filter(leads), ...own.filter((one) => !leads(one))]
    return new Map(
      inOrder.map(({ one, group, reason, isPending }) => {
        if (group === undefined) return [one, { reason, isPending }]
        const joint = faultOf(group.group.name, reason, failed.get(group))
        return [one, { reason: joint, isPending: pending.has(group) }]
      }),
    )
  }

  const assessed = ({ configured, tracks }: RunningRouter): Assessment =>
    assess(configured.priority, tracks, observation)

  const observation = (track: Track): Observation | undefined =>
    track.kind === 'interface' ? interfaceObservation(track.name, view) : parts.observations.get(trackKey(track))

  const priorityOf = (one: RunningRouter): number => (standsAside(one) ? LEAST_PRIORITY : assessed(one).priority)

  /** An owner cannot: its addresses are its own. */
  function standsAside({ key, configured, state }: RunningRouter): boolean {
    const kind = parts.aside.get(key)
    return kind !== undefined && configured.priority !== OWNER && (kind === 'always' || state.name !== 'master')
  }

  function weigh(one: RunningRouter): void {
    const before = one.router
    const priority = priorityOf(one)
    if (priority === before.priority) return
    one.router = { ...before, priority }
    const now = clock.now()
    priorities.say(one.key, now, (more) => {
      const to = one.router.priority
      // Where some were left out it is not from the one before.
      const from = more.leftOut === undefined ? before.priority : undefined
      log.info('effective priority changed', { router: before.name, from, to, ...more })
    })
    alarm.wakeBy(priorities.deadline())
    machines.advance(one, { type: 'reconfigured', before }, now)
    machines.tellPriority(one)
  }

  function ownReason(one: RunningRouter): string | undefined {
    const { router } = one
    const source = sourceAddress(router, view, parts.virtual, staticAddresses(parts))
    // What an interface that is gone has taken with it is no reason of its own.
    const isGone = router.interface !== '' && view.link(router.interface) === undefined
    const problem = isGone ? undefined : links.problem(router)
    const reason = problem ?? faultReason(router, view, source) ?? needed(one)
    return reason ?? sockets.failure(socketKey(router))?.message ?? assessed(one).fault
  }

  /** Why it may not run for want of another interface than its own. */
  function needed({ needs }: RunningRouter): string | undefined {
    for (const name of needs) {
      const found = interfaceObservation(name, view)
      if (found.type === 'bad') return `${name}: ${found.reason}`
    }
    return undefined
  }

  return {
    reload,
    runDeadlines,
    onRouteEvent,
    settle,
    deadline: damper.deadline,
    reassess,
    locate,
    priorityOf,
    weigh,
    observation,
    judge,
  }
}

/** Whether a virtual link may be missing, down, or not what it was. */
const changesLinks = (before: Link | undefined, now: Link): boolean =>
  before === undefined || before.name !== now.name || before.up !== now.up || !sameBytes(before.mac, now.mac)
