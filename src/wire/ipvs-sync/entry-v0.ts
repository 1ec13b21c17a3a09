/**
 * An entry of version 0 (net/netfilter/ipvs/ip_vs_sync.c, struct ip_vs_sync_conn_v0): IPv4 alone.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |   reserved    |   protocol    |          client port          |
 *    +---------------+---------------+-------------------------------+
 *    |         virtual port          |       destination port        |
 *    +-------------------------------+-------------------------------+
 *    |              client, virtual, destination address             |
 *    +-------------------------------+-------------------------------+
 *    |        flags, low half        |             state             |
 *    +-------------------------------+-------------------------------+
 *    |  with sequence flags: six numbers, in the sender's byte order |
 *    +---------------------------------------------------------------+
 */
import { connectionFlags as flag, type SequenceNumbers, type SyncedConnection } from './connection.ts'

const ENTRY = 24
const SEQUENCES = 24

export const entrySizeV0 = (flags: number): number => ENTRY + ((flags & flag.sequenceMask) === 0 ? 0 : SEQUENCES)

/** Bytes of the entry at `at`; undefined: the message ends in it. */
export function sizeAtV0(view: DataView, at: number): number | undefined {
  if (at + ENTRY > view.byteLength) return undefined
  const size = entrySizeV0(view.getUint16(at + 20))
  return at + size > view.byteLength ? undefined : size
}

/** The whole entry is there. @param little  byte order of whoever sent it, which the message does not tell */
export function decodeEntryV0(bytes: Uint8Array, view: DataView, at: number, little: boolean): SyncedConnection {
  const flags = view.getUint16(at + 20)
  return {
    protocol: view.getUint8(at + 1),
    flags,
    state: view.getUint16(at + 22),
    client: bytes.subarray(at + 8, at + 12),
    clientPort: view.getUint16(at + 2),
    virtual: bytes.subarray(at + 12, at + 16),
    virtualPort: view.getUint16(at + 4),
    destination: bytes.subarray(at + 16, at + 20),
    destinationPort: view.getUint16(at + 6),
    mark: 0,
    ...((flags & flag.sequenceMask) === 0 ? {} : { sequence: sequencesAt(view, at + ENTRY, little) }),
  }
}

/** What it has no room for is left out: mark, timeout, flags above the low half, engine, local end. Sequence flags follow `sequence`. */
export function encodeEntryV0(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  connection: SyncedConnection,
  little: boolean,
): void {
  view.setUint8(at, 0)
  view.setUint8(at + 1, connection.protocol)
  view.setUint16(at + 2, connection.clientPort)
  view.setUint16(at + 4, connection.virtualPort)
  view.setUint16(at + 6, connection.destinationPort)
  bytes.set(connection.client, at + 8)
  bytes.set(connection.virtual, at + 12)
  bytes.set(connection.destination, at + 16)
  view.setUint16(at + 20, connection.flags & 0xffff)
  view.setUint16(at + 22, connection.state)
  if ((connection.flags & flag.sequenceMask) === 0) return
  const { sequence } = connection
  for (const [i, of] of [sequence?.in, sequence?.out].entries()) putSequence(view, at + ENTRY + 12 * i, of, little)
}

export function sequencesAt(
  view: DataView,
  at: number,
  little: boolean,
): { in: SequenceNumbers; out: SequenceNumbers } {
  const read = (from: number): SequenceNumbers => ({
    initial: view.getUint32(from, little),
    delta: view.getUint32(from + 4, little),
    previousDelta: view.getUint32(from + 8, little),
  })
  return { in: read(at), out: read(at + 12) }
}

export function putSequence(view: DataView, at: number, of: SequenceNumbers | undefined, little: boolean): void {
  view.setUint32(at, of?.initial ?? 0, little)
  view.setUint32(at + 4, of?.delta ?? 0, little)
  view.setUint32(at + 8, of?.previousDelta ?? 0, little)
}
