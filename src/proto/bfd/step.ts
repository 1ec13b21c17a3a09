import { after, assertNever, type Instant, type Micros } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { BfdStateName, ControlPacket } from '../../wire/bfd/index.ts'
import type { BfdAction } from './action.ts'
import { type BfdDiagnostic, diagnostics } from './diagnostic.ts'
import type { BfdEvent } from './event.ts'
import { detectionTime, jittered, type RandomSource, transmitInterval } from './intervals.ts'
import { type BfdState, type Interval, unheard } from './state.ts'

export type BfdStep = { readonly state: BfdState; readonly actions: readonly BfdAction[] }

/** One event in the life of a session. */
export function stepBfd(
  session: BfdSession,
  state: BfdState,
  event: BfdEvent,
  now: Instant,
  random: RandomSource,
): BfdStep {
  switch (event.type) {
    case 'enabled':
      return state.name === 'admin-down' ? enable(session, state, now, random) : stay(state)
    case 'disabled':
      return state.name === 'admin-down' ? stay(state) : disable(session, state, random)
    case 'packet-received':
      // §6.8.6: who is administratively down discards.
      return state.name === 'admin-down' ? stay(state) : hear(session, state, event.packet, now, random)
    case 'deadline-reached':
      return deadlineReached(session, state, now, random)
    case 'reconfigured':
      return reconfigured(session, state, event.before, now, random)
    default:
      return assertNever(event)
  }
}

const stay = (state: BfdState): BfdStep => ({ state, actions: [] })

function enable(session: BfdSession, state: BfdState, now: Instant, random: RandomSource): BfdStep {
  const fresh = { ...state, remote: unheard }
  return speak(session, state, enter(session, fresh, 'down', diagnostics.none, random), now, random)
}

/** Says so once; a neighbour that does not hear it finds out by its detection time. */
function disable(session: BfdSession, state: BfdState, random: RandomSource): BfdStep {
  const entered = enter(session, state, 'admin-down', diagnostics.administrativelyDown, random)
  const { sendAt: _, lapsesAt: __, ...silent } = entered
  const actions = [announced(state, entered)]
  return { state: silent, actions: maySend(session, state) ? [send(session, silent), ...actions] : actions }
}

/** A valid packet of the neighbour (§6.8.6). */
function hear(
  session: BfdSession,
  before: BfdState,
  packet: ControlPacket,
  now: Instant,
  random: RandomSource,
): BfdStep {
  let state: BfdState = {
    ...before,
    remote: {
      state: packet.state,
      diagnostic: packet.diagnostic,
      discriminator: packet.myDiscriminator,
      minTransmit: packet.desiredMinTransmit,
      minReceive: packet.requiredMinReceive,
      multiplier: packet.multiplier,
      demand: packet.demand,
    },
  }
  if (packet.final && state.polling) state = { ...state, ...confirmed(state) }
  const next = heard(before.name, packet.state)
  if (next !== before.name)
    state = enter(session, state, next, next === 'down' ? diagnostics.neighbourSignalledDown : 0, random)
  state = { ...state, lapsesAt: after(now, detectionTime(state)) }
  if (!packet.poll) return speak(session, before, state, now, random)
  // The answer carries all that is new, and goes out at once; a poll of our own waits for the next periodic packet (§6.5).
  const answer: BfdAction = { type: 'send', packet: { ...packetOf(session, state), poll: false, final: true } }
  const told = [...(next === before.name ? [] : [announced(before, state, packet.state)])]
  return { state: rescheduled(session, before, state, now, random), actions: [answer, ...told] }
}

/** The state after a packet (§6.2, §6.8.6). */
function heard(local: BfdStateName, remote: BfdStateName): BfdStateName {
  switch (local) {
    case 'down':
      return remote === 'down' ? 'init' : remote === 'init' ? 'up' : 'down'
    case 'init':
      return remote === 'admin-down' ? 'down' : remote === 'down' ? 'init' : 'up'
    case 'up':
      return remote === 'admin-down' || remote === 'down' ? 'down' : 'up'
    case 'admin-down':
      return 'admin-down'
    default:
      return assertNever(local)
  }
}

function deadlineReached(session: BfdSession, before: BfdState, now: Instant, random: RandomSource): BfdStep {
  if (before.lapsesAt !== undefined && before.lapsesAt <= now) {
    const { lapsesAt: _, ...rest } = before
    // Down for a detection time: nothing that was learned holds any more.
    if (before.name === 'down') return speak(session, before, { ...rest, remote: unheard }, now, random)
    const forgotten = { ...rest, remote: { ...before.remote, discriminator: 0 } }
    const state = enter(session, forgotten, 'down', diagnostics.detectionTimeExpired, random)
    return speak(session, before, { ...state, lapsesAt: after(now, detectionTime(before)) }, now, random)
  }
  if (before.sendAt === undefined || now < before.sendAt) return stay(before)
  const { sendAt: _, ...due } = before
  return { state: rescheduled(session, due, due, now, random), actions: [send(session, before)] }
}

/** Another multiplier holds at once (§6.8.12); intervals that the neighbour must know first go by a poll (§6.8.3). */
function reconfigured(
  session: BfdSession,
  before: BfdState,
  was: BfdSession,
  now: Instant,
  random: RandomSource,
): BfdStep {
  const intervals = intervalsOf(session, before.name)
  if (before.name !== 'up') {
    const state = { ...before, transmit: settled(intervals.transmit), receive: settled(intervals.receive) }
    return before.name === 'admin-down' ? stay(state) : speak(session, before, state, now, random)
  }
  const transmit = changed(before.transmit, intervals.transmit, 'longer')
  const receive = changed(before.receive, intervals.receive, 'shorter')
  const isNew = transmit.told !== before.transmit.told || receive.told !== before.receive.told
  const state = { ...before, transmit, receive, polling: before.polling || isNew }
  const lapsesAt = before.lapsesAt === undefined ? {} : { lapsesAt: moved(before, state) }
  return speak(session, before, { ...state, ...lapsesAt }, now, random, isNew || was.multiplier !== session.multiplier)
}

/** The detection time runs on from the last packet, at its new length. */
const moved = (before: BfdState, state: BfdState): Instant =>
  ((before.lapsesAt as Instant) - detectionTime(before) + detectionTime(state)) as Instant

/** @param waits the direction of change that the neighbour has to know of before we go by it */
function changed(before: Interval, told: Micros, waits: 'longer' | 'shorter'): Interval {
  const mustWait = waits === 'longer' ? told > before.used : told < before.used
  return { told, used: mustWait ? before.used : told }
}

const settled = (interval: Micros): Interval => ({ told: interval, used: interval })

const confirmed = ({ transmit, receive }: BfdState): Pick<BfdState, 'transmit' | 'receive' | 'polling'> => ({
  transmit: settled(transmit.told),
  receive: settled(receive.told),
  polling: false,
})

/** What we want in this state: not below a second unless up (§6.8.3). */
const intervalsOf = (session: BfdSession, name: BfdStateName) => ({
  transmit: name === 'up' ? session.minTransmit : session.idleTransmit,
  receive: session.minReceive,
})

/**
 * Into another state. Coming up with another interval than before is made known by a poll. Who leaves up takes another
 * discriminator, so that nothing sent before can be taken for an answer (keepalived).
 */
function enter(
  session: BfdSession,
  state: BfdState,
  name: BfdStateName,
  diagnostic: BfdDiagnostic,
  random: RandomSource,
): BfdState {
  const { transmit, receive } = intervalsOf(session, name)
  return {
    ...state,
    name,
    diagnostic,
    discriminator: state.name === 'up' ? random.discriminator() : state.discriminator,
    transmit: settled(transmit),
    receive: settled(receive),
    polling: name === 'up' && transmit !== state.transmit.told,
  }
}

/** A changed state is sent at once (§6.8.7), and told; otherwise the periodic packet is moved to where it belongs now. */
function speak(
  session: BfdSession,
  before: BfdState,
  state: BfdState,
  now: Instant,
  random: RandomSource,
  atOnce = before.name !== state.name,
): BfdStep {
  const actions: BfdAction[] = []
  let from = before
  if (atOnce && maySend(session, state)) {
    actions.push(send(session, state))
    const { sendAt: _, ...sent } = before
    from = sent
  }
  if (before.name !== state.name) actions.push(announced(before, state, state.remote.state))
  return { state: rescheduled(session, from, state, now, random), actions }
}

/** With the next periodic packet where it belongs: never later than it was, and none where none is due. */
function rescheduled(
  session: BfdSession,
  before: BfdState,
  state: BfdState,
  now: Instant,
  random: RandomSource,
): BfdState {
  const { sendAt: _, ...rest } = state
  const interval = transmitInterval(state)
  if (interval === undefined || !maySend(session, state)) return rest
  const keeps = before.sendAt !== undefined && interval >= (transmitInterval(before) ?? 0) && before.name === state.name
  if (keeps) return { ...rest, sendAt: before.sendAt }
  const next = after(now, jittered(interval, session, random.fraction()))
  return { ...rest, sendAt: before.sendAt !== undefined && before.sendAt < next ? before.sendAt : next }
}

/** Periodic packets (§6.8.7): not while passive and unheard, not when the neighbour demands silence or wants none. */
function maySend({ passive }: BfdSession, { name, remote, polling }: BfdState): boolean {
  if (name === 'admin-down') return false
  if (passive && remote.discriminator === 0) return false
  if (remote.minReceive === 0) return false
  return !(remote.demand && name === 'up' && remote.state === 'up' && !polling)
}

const send = (session: BfdSession, state: BfdState): BfdAction => ({
  type: 'send',
  packet: packetOf(session, state),
})

const packetOf = (session: BfdSession, state: BfdState): ControlPacket => ({
  diagnostic: state.diagnostic,
  state: state.name,
  poll: state.polling,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: session.multiplier,
  myDiscriminator: state.discriminator,
  yourDiscriminator: state.remote.discriminator,
  desiredMinTransmit: state.transmit.told,
  requiredMinReceive: state.receive.told,
  requiredMinEchoReceive: 0 as Micros,
})

/** @param remote what the neighbour said, where that was the cause */
function announced(before: BfdState, state: BfdState, remote?: BfdStateName): BfdAction {
  const [from, to] = [before.name, state.name]
  const change: BfdAction = { type: 'announce', from, to }
  if (to === 'up') return { ...change, path: 'good' }
  const blameless =
    to === 'admin-down' || (remote === 'admin-down' && state.diagnostic === diagnostics.neighbourSignalledDown)
  return from === 'up' && !blameless ? { ...change, path: 'bad' } : change
}
