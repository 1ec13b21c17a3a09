/** What may follow an entry of version 1: type, length, data (ip_vs_sync.c, ip_vs_process_message). */

import { fail, ok, type Result } from '../../base/index.ts'
import type { LocalEnd, SyncedConnection, SyncFault } from './connection.ts'
import { putSequence, sequencesAt } from './entry-v0.ts'

const SEQUENCE = 1
const ENGINE_DATA = 2
const ENGINE_NAME = 3
/** A receiver that does not know such a type leaves it out and takes the entry all the same. */
const OPTIONAL = 0x40
/** Ours. */
const LOCAL_END = OPTIONAL | 0x0c

const SEQUENCES = 24
const LONGEST_ENGINE_DATA = 255
const LONGEST_ENGINE_NAME = 16
const TELL = 1
const TOLD = 2

type Options = Pick<SyncedConnection, 'sequence' | 'engine' | 'local'>

/** Why options cannot be read; `rest`: neither can the rest of the message. */
export type OptionFault = SyncFault & { readonly rest: boolean }

/**
 * Reads the options from `at` to `end`, which lie within the message.
 * @param size  bytes in one address
 */
export function decodeOptions(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  size: 4 | 16,
): Result<Options, OptionFault> {
  const options: { -readonly [K in keyof Options]: Options[K] } = {}
  let name: Uint8Array | undefined
  let data: Uint8Array | undefined
  const bad = (field: SyncFault['field'], got: number, rest = true) => fail({ field, got, rest })
  for (let from = at; from < end; ) {
    if (from + 2 > end) return bad('option', end - from)
    const type = view.getUint8(from)
    const length = view.getUint8(from + 1)
    const start = from + 2
    if (length === 0 || start + length > end) return bad('option-length', length)
    from = start + length
    switch (type) {
      case SEQUENCE:
        if (length !== SEQUENCES) return bad('option-length', length)
        if (options.sequence !== undefined) return bad('option-repeated', type)
        options.sequence = sequencesAt(view, start, false)
        break
      case ENGINE_DATA:
        if (data !== undefined) return bad('option-repeated', type)
        data = bytes.subarray(start, from)
        break
      case ENGINE_NAME:
        if (length > LONGEST_ENGINE_NAME) return bad('option-length', length)
        if (name !== undefined) return bad('option-repeated', type)
        name = bytes.subarray(start, from)
        break
      case LOCAL_END:
        if (length !== localEndSize(size)) return bad('option-length', length)
        if (options.local !== undefined) return bad('option-repeated', type)
        options.local = localEndAt(bytes, view, start, size)
        break
      default:
        if ((type & OPTIONAL) === 0) return bad('option-unknown', type, false)
    }
  }
  // One without the other says nothing.
  if (name !== undefined && data !== undefined) options.engine = { name: textOf(name), data }
  return ok(options)
}

export function optionsSize({ sequence, engine, local, client }: SyncedConnection): number {
  return (
    (sequence === undefined ? 0 : 2 + SEQUENCES) +
    (engine === undefined ? 0 : 4 + engine.name.length + engine.data.length) +
    (local === undefined ? 0 : 2 + localEndSize(client.length))
  )
}

/** Names longer than 16 and data longer than 255 bytes are the caller's mistake; IPVS has none. */
export function encodeOptions(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  { sequence, engine, local }: SyncedConnection,
): void {
  let at = from
  const head = (type: number, length: number): number => {
    view.setUint8(at, type)
    view.setUint8(at + 1, length)
    at += 2 + length
    return at - length
  }
  if (sequence !== undefined) {
    const start = head(SEQUENCE, SEQUENCES)
    putSequence(view, start, sequence.in, false)
    putSequence(view, start + 12, sequence.out, false)
  }
  if (engine !== undefined) {
    bytes.set(engine.data, head(ENGINE_DATA, Math.min(engine.data.length, LONGEST_ENGINE_DATA)))
    const start = head(ENGINE_NAME, engine.name.length)
    for (let i = 0; i < engine.name.length; i++) view.setUint8(start + i, engine.name.charCodeAt(i))
  }
  if (local !== undefined) {
    const size = local.address.length
    const start = head(LOCAL_END, localEndSize(size))
    bytes.set(local.address, start)
    view.setUint32(start + size, local.delta)
    view.setUint16(start + size + 4, local.port)
    view.setUint8(start + size + 6, (local.tell ? TELL : 0) | (local.told ? TOLD : 0))
  }
}

const localEndSize = (size: number): number => size + 7

function localEndAt(bytes: Uint8Array, view: DataView, at: number, size: 4 | 16): LocalEnd {
  const flags = view.getUint8(at + size + 6)
  return {
    address: bytes.subarray(at, at + size),
    delta: view.getUint32(at + size),
    port: view.getUint16(at + size + 4),
    tell: (flags & TELL) !== 0,
    told: (flags & TOLD) !== 0,
  }
}

/** As it stands there, a byte a character. */
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
