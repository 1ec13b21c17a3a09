/**
 * A message of IPVS's connection synchronisation (net/netfilter/ipvs/ip_vs_sync.c). Version 0 has only the first half of the
 * header, with the count in front; a message is of version 1 if the words below say so.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    | 0 (v0: count) |    sync id    |             size              |
 *    +---------------+---------------+-------------------------------+
 *    |     count     |       1       |               0               |
 *    +---------------+---------------+-------------------------------+
 */
import { fail, ok } from '../../base/index.ts'
import type { DecodedSync, SyncedConnection, SyncFault } from './connection.ts'
import { decodeEntryV0, encodeEntryV0, entrySizeV0, sizeAtV0 } from './entry-v0.ts'
import { decodeEntryV1, encodeEntryV1, endAtV1, entrySizeV1 } from './entry-v1.ts'

const HEADER_V0 = 4
const HEADER_V1 = 8
const VERSION = 1
/** The count is one byte; the kernel lets it run over where messages may be long. */
const MOST_ENTRIES = 255

const aligned = (at: number): number => (at + 3) & ~3

/**
 * Reads one message. Its size has to be that of the datagram. An entry with an option that nobody may leave out and we do not
 * know is left out alone; after one whose lengths do not fit nothing can be found, and the rest is one fault.
 * @param bytes   a whole datagram; addresses are kept by reference
 * @param little  byte order of a sender of version 0, for sequence numbers
 */
export function decodeSyncMessage(bytes: Uint8Array, little: boolean): DecodedSync {
  if (bytes.length < HEADER_V0) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const size = view.getUint16(2)
  if (size !== bytes.length) return fail({ field: 'size', got: size })
  const isNew = bytes.length >= HEADER_V1 && bytes[0] === 0 && bytes[5] === VERSION && view.getUint16(6) === 0
  return isNew ? readVersion1(bytes, view) : readVersion0(bytes, view, little)
}

function readVersion0(bytes: Uint8Array, view: DataView, little: boolean): DecodedSync {
  const connections: SyncedConnection[] = []
  const faults: SyncFault[] = []
  let at = HEADER_V0
  for (let left = bytes[0] as number; left > 0; left--) {
    const length = sizeAtV0(view, at)
    if (length === undefined) {
      faults.push({ field: 'entry-length', got: bytes.length - at })
      break
    }
    connections.push(decodeEntryV0(bytes, view, at, little))
    at += length
  }
  return ok({ version: 0, syncId: bytes[1] as number, connections, faults })
}

function readVersion1(bytes: Uint8Array, view: DataView): DecodedSync {
  const connections: SyncedConnection[] = []
  const faults: SyncFault[] = []
  let at = HEADER_V1
  for (let left = bytes[4] as number; left > 0; left--) {
    const end = endAtV1(view, at)
    const read = end.ok ? decodeEntryV1(bytes, view, at, end.value) : end
    if (read.ok) connections.push(read.value)
    else faults.push({ field: read.error.field, got: read.error.got })
    if (!end.ok || (!read.ok && read.error.rest)) break
    at = aligned(end.value)
  }
  return ok({ version: 1, syncId: bytes[1] as number, connections, faults })
}

/** Puts entries into a message until it is full. */
export class SyncWriter {
  readonly #version: 0 | 1
  readonly #syncId: number
  readonly #little: boolean
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #length: number
  #count = 0

  /** @param most  bytes of a message, at least enough for any one entry: 512 */
  constructor(version: 0 | 1, syncId: number, most: number, little: boolean) {
    this.#version = version
    this.#syncId = syncId
    this.#little = little
    this.#bytes = new Uint8Array(most)
    this.#view = new DataView(this.#bytes.buffer)
    this.#length = version === 0 ? HEADER_V0 : HEADER_V1
  }

  get count(): number {
    return this.#count
  }

  /** False: it does not fit any more. IPv6 has no place in version 0, and is left out of it. */
  add(connection: SyncedConnection): boolean {
    if (this.#version === 0 && connection.client.length !== 4) return true
    const at = this.#version === 0 ? this.#length : aligned(this.#length)
    const size = this.#version === 0 ? entrySizeV0(connection.flags) : entrySizeV1(connection)
    if (this.#count === MOST_ENTRIES || at + size > this.#bytes.length) return false
    if (this.#version === 0) encodeEntryV0(this.#bytes, this.#view, at, connection, this.#little)
    else {
      this.#bytes.fill(0, this.#length, at)
      encodeEntryV1(this.#bytes, this.#view, at, connection)
    }
    this.#length = at + size
    this.#count += 1
    return true
  }

  /** The message so far, a copy; the writer is empty afterwards. */
  take(): Uint8Array {
    this.#view.setUint8(0, this.#version === 0 ? this.#count : 0)
    this.#view.setUint8(1, this.#syncId)
    this.#view.setUint16(2, this.#length)
    if (this.#version === 1) {
      this.#view.setUint8(4, this.#count)
      this.#view.setUint8(5, VERSION)
      this.#view.setUint16(6, 0)
    }
    const message = this.#bytes.slice(0, this.#length)
    this.#length = this.#version === 0 ? HEADER_V0 : HEADER_V1
    this.#count = 0
    return message
  }
}
