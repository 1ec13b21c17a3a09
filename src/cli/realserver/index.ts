/**
 * `holdfast realserver`: this host as a real server of direct routing or tunnels. Puts virtual addresses on lo, keeps ARP for
 * them quiet, brings up what takes tunnels apart, and takes all of it back. What was there before is kept in a file until
 * `down`. Nothing of it needs a daemon; `up --watch` stays and repairs.
 */

export type { RealServerAction } from './run.ts'
export { runRealServer } from './run.ts'
export type { RealServerOptions } from './sources.ts'
