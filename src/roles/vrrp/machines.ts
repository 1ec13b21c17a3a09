import { assertNever, type Instant } from '../../base/index.ts'
import type { SyncGroupNotifyState, VirtualRouter } from '../../model/index.ts'
import { consequences, groupState, mayBeginAsMaster, mayLead } from '../../proto/sync-group/index.ts'
import {
  type Cause,
  type Entered,
  RESIGNED,
  step,
  type VrrpAction,
  type VrrpEvent,
  type VrrpState,
} from '../../proto/vrrp/index.ts'
import type { FailoverOutcome } from '../ipc/index.ts'
import { type CatchUpRequest, heldBack, wantsCatchUp } from './catch-up.ts'
import { complain } from './complaint.ts'
import { addressesOf, guard, type Parts, placedOf } from './parts.ts'
import { wakingTime } from './readiness.ts'
import { othersOf, type RunningGroup } from './running-group.ts'
import { outgoingAt, ownsAddresses, type RunningRouter } from './running-router.ts'
import { socketKey } from './sockets.ts'
import { noteChange, type TransitionReport } from './transition-note.ts'

/** Entered, or of the priority in it. */
export type Told = Entered | 'MASTER_PRIORITY' | 'BACKUP_PRIORITY'

const NO_WAY_OUT: ReadonlySet<string> = new Set(['ENODEV', 'ENETDOWN', 'ENETUNREACH', 'ENXIO'])

/** A state was entered, and what belongs to it is done. */
export type StateReport = (
  router: VirtualRouter,
  key: string,
  entered: Told,
  resumed: boolean,
  priority: number,
) => void

/** A sync group is what its members have become. */
export type GroupReport = (name: string, state: SyncGroupNotifyState, resumed: boolean) => void

/** What a master has become that was told to fail over. */
export type FailoverReport = (key: string, became: FailoverOutcome) => void

/** Steps a virtual router's machine and carries out what it orders, in its order; then what follows for its sync group. */
export type Machines = {
  advance(one: RunningRouter, event: VrrpEvent, now: Instant): void
  /** Tells of what happens only at the end of `work`, first of virtual routers and then of sync groups. */
  together(work: () => void): void
  /** FIFOs may hear of its priority. */
  tellPriority(one: RunningRouter): void
}

export function openMachines(
  parts: Parts,
  report: StateReport,
  reportGroup: GroupReport,
  reportTransition: TransitionReport,
  reportFailover: FailoverReport,
  reportFetch: (request: CatchUpRequest) => void,
): Machines {
  const { clock, log, alarm, keeper, routing, announcer, sockets, running } = parts
  /** Groups whose members have changed, and whether all that made them master was a resumption. */
  const changed = new Map<RunningGroup, boolean>()
  /** What is to be told at the end. */
  let reports: (() => void)[] = []
  let depth = 0

  function together(work: () => void): void {
    depth++
    work()
    depth--
    if (depth > 0) return
    const first = reports
    reports = []
    // A group that begins is told of before all virtual routers (keepalived), unless it begins as master.
    for (const [one, resumed] of changed) if (isBeginning(one)) tellOf(one, resumed)
    for (const tell of first) tell()
    for (const [one, resumed] of changed) tellOf(one, resumed)
    changed.clear()
  }

  const isBeginning = (one: RunningGroup): boolean => one.told === 'initialize' && stateOf(one) !== 'master'

  const stateOf = ({ members }: RunningGroup) => groupState(members.flatMap((key) => running.get(key)?.state ?? []))

  function tellOf(one: RunningGroup, resumed: boolean): void {
    const state = stateOf(one)
    if (state === one.told) return
    const from = one.told
    const { name } = one.group
    const entered = { initialize: 'STOP', backup: 'BACKUP', master: 'MASTER', fault: 'FAULT' } as const
    // Before all have begun, and before all have ended, there is nothing to tell of.
    if (state === 'initialize' && !one.members.every((key) => running.get(key)?.state.name === 'initialize')) return
    one.told = state
    log.info(`sync group entered ${state === 'initialize' ? 'stop' : state}`, { group: name, from })
    reportGroup(name, entered[state], resumed)
  }

  function perform(one: RunningRouter, action: VrrpAction, from: string, now: Instant): void {
    switch (action.type) {
      case 'send-advertisement':
        return sendAdvertisement(one, action.priority)
      case 'install-addresses':
        guard(parts, one.key, one.router)
        keeper.hold(one.key, addressesOf(one.router), ownsAddresses(one.router))
        routing.hold(one.key, one.router.routes ?? [], one.router.rules ?? [])
        return
      case 'remove-addresses':
        // A route goes with the address that its gateway is reached by.
        routing.release(one.key)
        keeper.release(one.key)
        return parts.firewall.leave(one.key)
      case 'announce-addresses':
        // What one neighbour has wrong it may have wrong of the others as well (keepalived).
        if (action.occasion === 'weaker-master')
          for (const { key, state } of [one, ...companions(one)]) {
            if (state.name === 'master') announcer.weakerMasterHeard(key, now)
          }
        else announcer.entered(one.key, placedOf(parts, one.router), one.router.announcements, now)
        return alarm.wakeBy(announcer.deadline())
      case 'cease-announcing':
        return announcer.left(one.key, now)
      case 'notify':
        return notify(one, action.entered, action.cause, from)
      default:
        return assertNever(action)
    }
  }

  function sendAdvertisement(one: RunningRouter, priority: number): void {
    const socket = sockets.get(socketKey(one.router))
    const datagrams = outgoingAt(one, priority, clock.wall())
    if (socket === undefined || datagrams.length === 0) {
      // A goodbye from an interface that is gone has no way out; a master that says nothing is something to know of.
      const reason = socket === undefined ? `no socket on ${one.router.interface}` : 'no source address'
      if (priority !== RESIGNED) complain(log, one, clock.now(), reason, 'advertisement was not sent', reason)
      return
    }
    let left = 0
    for (const datagram of datagrams) {
      const sent = socket.send(datagram)
      if (sent.ok) left++
      // As above: its interface has gone down, or away.
      else if (priority === RESIGNED && NO_WAY_OUT.has(sent.error.code)) continue
      else complain(log, one, clock.now(), `send ${sent.error.code}`, 'advertisement was not sent', sent.error.message)
    }
    if (left === 0) return
    one.counters.advertisementsSent++
    if (priority === RESIGNED) one.counters.priorityZeroSent++
  }

  function notify(one: RunningRouter, entered: Entered, cause: Cause, from: string): void {
    const { router, key, state } = one
    const reason = state.name === 'fault' ? state.reason : cause
    if (entered === 'MASTER_RX_LOWER_PRI')
      complain(
        log,
        one,
        clock.now(),
        'weaker-master',
        'a weaker virtual router believes it is master',
        router.interface,
      )
    else log.info(`virtual router entered ${entered.toLowerCase()}`, { router: router.name, from, reason })
    reports.push(() => report(router, key, entered, cause === 'resumed', router.priority))
  }

  function companions(one: RunningRouter): readonly RunningRouter[] {
    const group = parts.groups.get(one.key)
    return group === undefined ? [] : othersOf(running, group, one.key)
  }

  /** What its sync group, and who fetches connections, have to say to an event that would make it master. */
  function judged(one: RunningRouter, asked: VrrpEvent, now: Instant): VrrpEvent {
    const event = heldBack(parts.catchUp, one, asked, now)
    const group = parts.groups.get(one.key)
    if (group === undefined) return event
    if (event.type === 'deadline-reached')
      return one.state.name === 'backup' && !mayLead(companions(one).map(({ state }) => state))
        ? { ...event, held: true }
        : event
    if (event.type !== 'started') return event
    const members = group.members.flatMap((key) => running.get(key)?.router ?? [])
    return mayBeginAsMaster(members) ? event : { ...event, held: true }
  }

  function follow(one: RunningRouter, before: VrrpState, event: VrrpEvent, now: Instant): void {
    const group = parts.groups.get(one.key)
    if (group === undefined) return
    if (one.state.name !== before.name)
      changed.set(group, event.type === 'resumed-as-master' && changed.get(group) !== false)
    // Who changed with the group was told together with all the others.
    if (one.state === before || event.type === 'group-became-master' || event.type === 'group-became-backup') return
    const others = new Map(companions(one).map((other) => [other, other.state] as const))
    for (const consequence of consequences(before, one.state, others))
      advance(consequence.member, consequence.event, now)
  }

  function advance(one: RunningRouter, asked: VrrpEvent, now: Instant): void {
    together(() => {
      const event = judged(one, asked, now)
      const before = one.state
      const { state, actions } = step(one.router, before, event, now)
      one.state = state
      const fetch = wantsCatchUp(parts.catchUp, one, before, now)
      const note = noteChange(parts, one, before, event, now)
      if (state.name !== before.name) {
        one.since = clock.wall()
        one.enteredAt = now
        one.complained.clear()
        if (state.name === 'master') one.counters.becameMaster++
        if (before.name === 'master') one.counters.releasedMaster++
      }
      for (const action of actions) {
        perform(one, action, before.name, now)
        note?.done(action)
      }
      if (note !== undefined) reportTransition(one, note.transition())
      if (fetch !== undefined) reports.push(() => reportFetch(fetch))
      if (yields(before) && !yields(state)) reportFailover(one.key, state.name)
      alarm.wakeBy(wakingTime(one, false))
      follow(one, before, event, now)
    })
  }

  function tellPriority(one: RunningRouter): void {
    const { router, key, state } = one
    if (router.tellsPriority !== true || (state.name !== 'master' && state.name !== 'backup')) return
    report(router, key, state.name === 'master' ? 'MASTER_PRIORITY' : 'BACKUP_PRIORITY', false, router.priority)
  }

  return { advance, together, tellPriority }
}

const yields = (state: VrrpState): boolean => state.name === 'master' && state.yielding !== undefined
