/**
 * Virtual routers that change state together (keepalived.conf(5), vrrp_sync_group): all are master, or none is; a fault of
 * one is a fault of all. Pure, and without a state of its own: what a group is follows from what its members are, and what
 * it decides reaches them as events of their machines. Whoever owns the machines asks `mayLead` before a member's timer may
 * make it master, tells the others what `consequences` lists after each step of one, and gives each member the reason that
 * `faultOf` names.
 */

export { type Consequence, consequences } from './consequences.ts'
export { type Failed, faultOf, isJointFault } from './fault.ts'
export { type GroupState, groupState } from './group-state.ts'
export { mayBeginAsMaster, mayLead } from './may-lead.ts'
