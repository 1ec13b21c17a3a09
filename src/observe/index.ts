/**
 * Read-only views of a running daemon: the snapshot types that status, dumps and JSON share, and their forms as text.
 * Pure: values in, text out.
 */

export * from './dump-text.ts'
export * from './exits.ts'
export { heldDestinations } from './held-destinations.ts'
export * from './instances-json.ts'
export type { Identity } from './keepalived-words.ts'
export { rejectionMeaning } from './rejections.ts'
export { serverOrderSnapshot, serverOrderWords } from './server-order.ts'
export type * from './snapshot.ts'
export type { Times } from './times.ts'
export { type DescribedRouter, topologyText } from './topology-text.ts'
export type { RunScript } from './trackers-text.ts'
export { type Explanation, why } from './why.ts'
