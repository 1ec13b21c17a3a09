import { fail, ok, type Result } from '../../base/index.ts'

/** Bytes before a message: a flag for compression, and the length of what follows (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX = 5
/** Field 1, bytes: `string service = 1`. */
const SERVICE_TAG = 0x0a
/** HealthCheckResponse.ServingStatus. */
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
export const SERVING = 1

export const servingStatusName = (status: number): string => STATUS_NAMES[status] ?? `status ${status}`

/** `HealthCheckRequest { string service = 1 }` in its frame; an empty service is left out, as proto3 has it. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service)
  const field = name.length === 0 ? [] : [SERVICE_TAG, ...varint(name.length)]
  const bytes = new Uint8Array(PREFIX + field.length + name.length)
  new DataView(bytes.buffer).setUint32(1, field.length + name.length)
  bytes.set(field, PREFIX)
  bytes.set(name, PREFIX + field.length)
  return bytes
}

export type HealthResponseFault = { readonly field: 'length' | 'compressed' | 'message'; readonly got: number }

/** `HealthCheckResponse { ServingStatus status = 1 }` out of its frame; fields not known are passed over, the last of one counts. */
export function decodeHealthResponse(bytes: Uint8Array): Result<{ readonly status: number }, HealthResponseFault> {
  if (bytes.length < PREFIX) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint8(0) !== 0) return fail({ field: 'compressed', got: view.getUint8(0) })
  if (bytes.length !== PREFIX + view.getUint32(1)) return fail({ field: 'length', got: bytes.length })
  let status = 0
  let at = PREFIX
  while (at < bytes.length) {
    const begin = at
    const tag = readVarint(bytes, at)
    if (tag === undefined) return fail({ field: 'message', got: begin })
    const field = fieldEnd(bytes, tag.next, tag.value & 7)
    if (field === undefined || tag.value >>> 3 === 0) return fail({ field: 'message', got: begin })
    if (tag.value === 8) status = field.value
    at = field.next
  }
  return ok({ status })
}

/** The value of a field of a wire type, where it is a number, and what follows it. */
function fieldEnd(bytes: Uint8Array, at: number, wireType: number): Read | undefined {
  switch (wireType) {
    case 0:
      return readVarint(bytes, at)
    case 1:
      return at + 8 <= bytes.length ? { value: 0, next: at + 8 } : undefined
    case 2: {
      const length = readVarint(bytes, at)
      return length !== undefined && length.next + length.value <= bytes.length
        ? { value: 0, next: length.next + length.value }
        : undefined
    }
    case 5:
      return at + 4 <= bytes.length ? { value: 0, next: at + 4 } : undefined
    default:
      return undefined
  }
}

type Read = { readonly value: number; readonly next: number }

/** At most ten bytes; bits above the 32nd are dropped, as for an enum. */
function readVarint(bytes: Uint8Array, from: number): Read | undefined {
  let value = 0
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i]
    if (byte === undefined) return undefined
    if (i < 5) value = (value | ((byte & 0x7f) << (7 * i))) >>> 0
    if (byte < 0x80) return { value, next: from + i + 1 }
  }
  return undefined
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}
