/**
 * Messages by which IPVS directors tell each other of connections, versions 0 and 1 (net/netfilter/ipvs/ip_vs_sync.c). Bytes in,
 * values out; who may say so, and what becomes of it, is for others. An option of ours, which the kernel leaves out, carries
 * what FULLNAT needs. The protocol has no authentication.
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
