/**
 * What an operator has ordered about who is master: failover, hold, maintenance; when each ends, and which virtual routers
 * stand aside meanwhile. Pure: orders, changes of state and the time go in, what still stands and what has ended come out. No
 * order leaves an address without an owner: who stands aside still takes over when nobody else is there, only last.
 */

export {
  type Aside,
  asideOf,
  deadlineOf,
  type OrderedBy,
  orderFor,
  type StandingOrder,
  type StandingOrders,
} from './state.ts'
export { type Ended, type StandingOrderEvent, type StandingOrdersStep, stepStandingOrders } from './step.ts'
