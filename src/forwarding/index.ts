/**
 * The forwarding table's interface: services and destinations (IPVS terms), the orders a backend takes, and the plan
 * that leads from what is held to what is wanted. Nothing above this folder knows which backend runs.
 */

export { endpoint, schedulers, serviceKey } from '../model/index.ts'
export * from './ask.ts'
export type * from './backend.ts'
export * from './plan.ts'
export * from './settings.ts'
