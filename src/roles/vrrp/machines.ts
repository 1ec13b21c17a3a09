import { assertNever, type Instant } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import {
  type Cause,
  deadlineOf,
  type Entered,
  RESIGNED,
  step,
  type VrrpAction,
  type VrrpEvent,
} from '../../proto/vrrp/index.ts'
import { complain } from './complaint.ts'
import { addressesOf, type Parts, placedOf } from './parts.ts'
import { outgoingAt, ownsAddresses, type RunningRouter } from './running-router.ts'
import { socketKey } from './sockets.ts'

/** A state was entered, and what belongs to it is done. */
export type StateReport = (
  router: VirtualRouter,
  key: string,
  entered: Entered,
  resumed: boolean,
  priority: number,
) => void

/** Steps a virtual router's machine and carries out what it orders, in its order. */
export type Machines = { advance(one: RunningRouter, event: VrrpEvent, now: Instant): void }

export function openMachines(parts: Parts, report: StateReport): Machines {
  const { clock, log, alarm, keeper, announcer, sockets } = parts

  function perform(one: RunningRouter, action: VrrpAction, from: string, now: Instant): void {
    switch (action.type) {
      case 'send-advertisement':
        return sendAdvertisement(one, action.priority)
      case 'install-addresses':
        keeper.hold(one.key, addressesOf(one.router), ownsAddresses(one.router))
        return
      case 'remove-addresses':
        return keeper.release(one.key)
      case 'announce-addresses':
        if (action.occasion === 'weaker-master') announcer.weakerMasterHeard(one.key, now)
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
    const datagrams = outgoingAt(one, priority)
    if (socket === undefined || datagrams.length === 0) {
      // A goodbye from an interface that is gone has no way out; a master that says nothing is something to know of.
      const reason = socket === undefined ? `no socket on ${one.router.interface}` : 'no source address'
      if (priority !== RESIGNED) complain(log, one, reason, 'advertisement was not sent', reason)
      return
    }
    let left = 0
    for (const datagram of datagrams) {
      const sent = socket.send(datagram)
      if (sent.ok) left++
      else complain(log, one, `send ${sent.error.code}`, 'advertisement was not sent', sent.error.message)
    }
    if (left === 0) return
    one.counters.advertisementsSent++
    if (priority === RESIGNED) one.counters.priorityZeroSent++
  }

  function notify(one: RunningRouter, entered: Entered, cause: Cause, from: string): void {
    const { router, key, state } = one
    const reason = state.name === 'fault' ? state.reason : cause
    if (entered === 'MASTER_RX_LOWER_PRI')
      complain(log, one, 'weaker-master', 'a weaker virtual router believes it is master', router.interface)
    else log.info(`virtual router entered ${entered.toLowerCase()}`, { router: router.name, from, reason })
    report(router, key, entered, cause === 'resumed', router.priority)
  }

  return {
    advance(one, event, now) {
      const before = one.state
      const { state, actions } = step(one.router, before, event, now)
      one.state = state
      if (state.name !== before.name) {
        one.since = clock.wall()
        one.complained.clear()
        if (state.name === 'master') one.counters.becameMaster++
        if (before.name === 'master') one.counters.releasedMaster++
      }
      for (const action of actions) perform(one, action, before.name, now)
      alarm.wakeBy(deadlineOf(state))
    },
  }
}
