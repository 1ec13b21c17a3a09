/**
 * What an operator has ordered about real servers: drain, disable, a weight; which of them binds a server, and when each ends.
 * Pure: orders, configurations and the time go in, what stands and what has ended come out. An order names a server by
 * address and port, by address alone or by the name it is listed by, in one virtual server or in all, and stands for what a later
 * configuration brings as well.
 */

export {
  aspectOf,
  type BindingOrders,
  bindingOrders,
  isAbout,
  namesOf,
  nextDeadline,
  type OrderAspect,
  type OrderedServer,
  type OrdersByServer,
  ordersByServer,
  type ServerOrder,
  type ServerOrders,
  type ServerPlace,
  serverPlace,
  takenOut,
} from './state.ts'
export {
  type EndedServerOrder,
  isLate,
  type ServerOrderEvent,
  type ServerOrdersStep,
  stepServerOrders,
  whoIsMeant,
} from './step.ts'
