/**
 * An entry of version 1 (net/netfilter/ipvs/ip_vs_sync.c, struct ip_vs_sync_v4 and _v6).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------+-----------------------+
 *    |  type (1: v6) |   protocol    |version|   size, with options  |
 *    +---------------+---------------+-------+-----------------------+
 *    |                             flags                             |
 *    +-------------------------------+-------------------------------+
 *    |             state             |          client port          |
 *    +-------------------------------+-------------------------------+
 *    |         virtual port          |       destination port        |
 *    +-------------------------------+-------------------------------+
 *    |                         firewall mark                         |
 *    |                       timeout in seconds                      |
 *    |              client, virtual, destination address             |
 *    |                            options                            |
 *    +---------------------------------------------------------------+
 */
import { fail, ok, type Result } from '../../base/index.ts'
import { connectionFlags as flag, type SyncedConnection } from './connection.ts'
import { decodeOptions, encodeOptions, type OptionFault, optionsSize } from './options.ts'

const FIXED = 24
const IPV6 = 1
const SIZE_MASK = 0x0fff
const VERSION_SHIFT = 12

/** Without the padding to a multiple of 4 before the next entry. */
export const entrySizeV1 = (connection: SyncedConnection): number =>
  FIXED + 3 * connection.client.length + optionsSize(connection)

/** Where the entry at `at` ends. */
export function endAtV1(view: DataView, at: number): Result<number, OptionFault> {
  const bad = (field: OptionFault['field'], got: number) => fail({ field, got, rest: true })
  if (at + FIXED > view.byteLength) return bad('entry-length', view.byteLength - at)
  const word = view.getUint16(at + 2)
  const size = word & SIZE_MASK
  const least = FIXED + 3 * addressSize(view, at)
  if (size < least || at + size > view.byteLength) return bad('entry-length', size)
  const version = word >> VERSION_SHIFT
  return version === 0 ? ok(at + size) : bad('entry-version', version)
}

const addressSize = (view: DataView, at: number): 4 | 16 => ((view.getUint8(at) & IPV6) === 0 ? 4 : 16)

/** @param end  as `endAtV1` found it */
export function decodeEntryV1(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
): Result<SyncedConnection, OptionFault> {
  const size = addressSize(view, at)
  const from = at + FIXED
  const options = from + 3 * size
  const read = options === end ? ok({}) : decodeOptions(bytes, view, options, end, size)
  if (!read.ok) return read
  return ok({
    protocol: view.getUint8(at + 1),
    flags: view.getUint32(at + 4),
    state: view.getUint16(at + 8),
    client: bytes.subarray(from, from + size),
    clientPort: view.getUint16(at + 10),
    virtual: bytes.subarray(from + size, from + 2 * size),
    virtualPort: view.getUint16(at + 12),
    destination: bytes.subarray(from + 2 * size, from + 3 * size),
    destinationPort: view.getUint16(at + 14),
    mark: view.getUint32(at + 16),
    timeout: view.getUint32(at + 20),
    ...read.value,
  })
}

export function encodeEntryV1(bytes: Uint8Array, view: DataView, at: number, connection: SyncedConnection): void {
  const size = connection.client.length
  view.setUint8(at, size === 16 ? IPV6 : 0)
  view.setUint8(at + 1, connection.protocol)
  view.setUint16(at + 2, entrySizeV1(connection) & SIZE_MASK)
  view.setUint32(at + 4, (connection.flags & ~flag.hashed) >>> 0)
  view.setUint16(at + 8, connection.state)
  view.setUint16(at + 10, connection.clientPort)
  view.setUint16(at + 12, connection.virtualPort)
  view.setUint16(at + 14, connection.destinationPort)
  view.setUint32(at + 16, connection.mark)
  view.setUint32(at + 20, connection.timeout ?? 0)
  bytes.set(connection.client, at + FIXED)
  bytes.set(connection.virtual, at + FIXED + size)
  bytes.set(connection.destination, at + FIXED + 2 * size)
  encodeOptions(bytes, view, at + FIXED + 3 * size, connection)
}
