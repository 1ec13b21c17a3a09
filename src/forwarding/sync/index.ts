/**
 * Sync daemons of our own, for a backend that has none: connections are told to other directors and taken from them in the
 * messages of the kernel's IPVS, so that either side may be the kernel. Runs in the forwarding role, which alone writes the tables;
 * what comes and goes is worked off in batches of some milliseconds. A director that joins fetches the whole table from a master that is a
 * Holdfast, by a protocol of ours (`wire/catch-up`).
 */

export { type Asker, createAsker } from './asker.ts'
export { noSyncCounters, type SyncCounterName, type SyncCounters } from './counters.ts'
export { withSyncDaemons } from './daemons.ts'
export type { ConnectionExchange, TakenIn } from './exchange.ts'
export { neighbours } from './neighbours.ts'
export { createReceiver } from './receiver.ts'
export { createSender, spread } from './sender.ts'
export { createSigner, createVerifier } from './signature.ts'
export { createTeller, type Teller } from './teller.ts'
