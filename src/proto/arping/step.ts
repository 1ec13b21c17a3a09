import { after, assertNever, elapsed, type Instant, instant } from '../../base/index.ts'
import type { ArpingAction, ArpingEvent, ArpingSettings, ArpingState } from './state.ts'

export type ArpingStep = { readonly state: ArpingState; readonly actions: readonly ArpingAction[] }

/** Nothing sent; the first packet is due. */
export const startArping = (now: Instant): ArpingState => ({
  startedAt: now,
  sent: 0,
  broadcasts: 0,
  received: 0,
  requests: 0,
  broadcastsReceived: 0,
  lastSentAt: now,
  sendAt: now,
})

/** When to send `deadline-reached` next. */
export function arpingDeadline(settings: ArpingSettings, { startedAt, sendAt }: ArpingState): Instant {
  if (settings.deadline === undefined) return sendAt
  return instant(Math.min(sendAt, after(startedAt, settings.deadline)))
}

export function stepArping(settings: ArpingSettings, state: ArpingState, event: ArpingEvent, now: Instant): ArpingStep {
  switch (event.type) {
    case 'deadline-reached':
      return tick(settings, state, now)
    case 'claim-received': {
      const next: ArpingState = {
        ...state,
        received: state.received + 1,
        requests: state.requests + (event.request ? 1 : 0),
        broadcastsReceived: state.broadcastsReceived + (event.broadcast ? 1 : 0),
        answerer: state.answerer ?? event.mac,
      }
      const told: ArpingAction = { ...event, type: 'tell-claim', took: elapsed(state.lastSentAt, now) }
      const enough = settings.quitOnFirst || settings.mode === 'detect'
      return { state: next, actions: enough ? [told, end(settings, next)] : [told] }
    }
    case 'interrupted':
      return { state, actions: [end(settings, state)] }
    default:
      return assertNever(event)
  }
}

/** A packet that falls together with the deadline is sent, and its answer not waited for. */
function tick(settings: ArpingSettings, state: ArpingState, now: Instant): ArpingStep {
  const overAt = settings.deadline === undefined ? undefined : after(state.startedAt, settings.deadline)
  const over = overAt !== undefined && now >= overAt
  if (now < state.sendAt) return { state, actions: over ? [end(settings, state)] : [] }
  if (state.sent === settings.count) return { state, actions: [end(settings, state)] }
  const to = settings.mode === 'ask' && !settings.keepBroadcasting ? state.answerer : undefined
  const next: ArpingState = {
    ...state,
    sent: state.sent + 1,
    broadcasts: state.broadcasts + (to === undefined ? 1 : 0),
    lastSentAt: now,
    sendAt: after(state.sendAt, settings.interval),
  }
  const send: ArpingAction = { type: 'send', ...(to === undefined ? {} : { to }) }
  return { state: next, actions: over ? [send, end(settings, next)] : [send] }
}

/** As iputils': 1 where the address is taken, or where fewer answers came than were asked for. */
function end({ mode, count, quitOnFirst }: ArpingSettings, { received }: ArpingState): ArpingAction {
  const wanted = count === undefined || quitOnFirst ? 1 : count
  switch (mode) {
    case 'detect':
      return { type: 'end', exitCode: received > 0 ? 1 : 0 }
    case 'ask':
      return { type: 'end', exitCode: received >= wanted ? 0 : 1 }
    case 'update':
    case 'reply':
      return { type: 'end', exitCode: 0 }
    default:
      return assertNever(mode)
  }
}
