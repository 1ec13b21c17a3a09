import { after, assertNever, type Instant, type Micros, seconds } from '../../base/index.ts'
import type { NotifyAction } from './action.ts'
import type { NotifyEvent } from './event.ts'
import type { Held, NotifyState } from './state.ts'

export type NotifyStep = { readonly state: NotifyState; readonly actions: readonly NotifyAction[] }

/** A script hears of a change at the latest after this, for a table's keeper may be dead for longer. */
const PATIENCE: Micros = seconds(5)

/**
 * One event between a change of a service and its scripts: they run once the forwarding table holds what the change led
 * to, so that a notify_down tells of a server that gets no connection any more. (keepalived writes the table itself and
 * then starts them.) Changes of one service keep their order: their orders and time limits never decrease.
 */
export function stepNotify(state: NotifyState, event: NotifyEvent, now: Instant): NotifyStep {
  switch (event.type) {
    case 'services-ordered': {
      const { order, complete, serviceKeys } = event
      if (complete) return stay({ ...state, completeOrder: order, orders: new Map() })
      const orders = new Map(state.orders)
      for (const key of serviceKeys) orders.set(key, order)
      return stay({ ...state, orders })
    }
    case 'services-applied':
      return release(answeredTo(state, event.order, event.unfinished), now)
    case 'service-changed': {
      const { serviceKey, notifications } = event
      if (notifications.length === 0) return stay(state)
      const order = state.orders.get(serviceKey) ?? state.completeOrder
      const held: Held = { serviceKey, notifications, order, until: after(now, PATIENCE) }
      // Those before it wait as they did: thousands may come one after another.
      if (isBroughtAbout(state, held)) return { state, actions: [run(held)] }
      return stay({ ...state, held: [...state.held, held] })
    }
    case 'deadline-reached':
      return release(state, now)
    case 'stop-requested':
      return { state: { ...state, held: [] }, actions: state.held.map(run) }
    default:
      return assertNever(event)
  }
}

/** An order that is answered holds nobody up any more, so it is forgotten: few are ever remembered, of however many services. */
const answeredTo = (state: NotifyState, answered: number, unfinished: readonly string[]): NotifyState => ({
  ...state,
  answered,
  unfinished: new Set(unfinished),
  orders: new Map([...state.orders].filter(([, order]) => order > answered)),
})

/** Lets go of what has waited long enough, one way or the other. */
function release(state: NotifyState, now: Instant): NotifyStep {
  const held: Held[] = []
  const actions: NotifyAction[] = []
  for (const one of state.held) {
    if (isBroughtAbout(state, one)) actions.push(run(one))
    else if (now >= one.until) actions.push({ type: 'log-overdue', serviceKey: one.serviceKey }, run(one))
    else held.push(one)
  }
  return { state: { ...state, held }, actions }
}

/** The table holds what the change led to. */
const isBroughtAbout = ({ answered, unfinished }: NotifyState, { order, serviceKey }: Held): boolean =>
  answered >= order && !unfinished.has(serviceKey)

const run = ({ notifications }: Held): NotifyAction => ({ type: 'run-notifications', notifications })

const stay = (state: NotifyState): NotifyStep => ({ state, actions: [] })
