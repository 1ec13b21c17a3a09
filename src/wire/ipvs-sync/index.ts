/**
 * Messages by which IPVS directors tell each other of connections, versions 0 and 1 (net/netfilter/ipvs/ip_vs_sync.c). Bytes in,
 * values out; who may say so, and what becomes of it, is for others. An option of ours, which the kernel leaves out, carries
 * what FULLNAT needs. The protocol has no authentication; a seal of ours behind a message is one.
 */

export {
  connectionFlags,
  type DecodedSync,
  type LocalEnd,
  type SequenceNumbers,
  type SyncedConnection,
  type SyncFault,
  type SyncMessage,
} from './connection.ts'
export { decodeSyncMessage, SyncWriter } from './message.ts'
export { decodeSeal, encodeSeal, SEAL, type SealedMessage } from './seal.ts'
