/**
 * What opens a handing over. `query`: a director that joins asks the others for their connections, by a datagram. `offer`: the
 * master has them, and says at which port. `hello`: the first who asked opens a stream to there, and repeats both numbers.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------------------------------------------------------+
 *    |                            "HFcu"                             |
 *    +---------------+---------------+---------------+---------------+
 *    |  version (1)  |     type      |    sync id    |       0       |
 *    +---------------+---------------+---------------+---------------+
 *    |           number drawn by who asks (16 bytes)                 |
 *    |  not in a query: number drawn by who offers (16 bytes)        |
 *    |  in an offer alone: TCP port (2), 0 (2)                       |
 *    |  with a key: HMAC-SHA256 of all that stands before it (32)    |
 *    +---------------------------------------------------------------+
 */
import { fail, ok, type Result } from '../../base/index.ts'

const MAGIC = [0x48, 0x46, 0x63, 0x75] as const
const VERSION = 1
const FIXED = 8
/** Bytes of a drawn number. */
export const NUMBER = 16
const PORT = 4
const MAC = 32

const types = ['query', 'offer', 'hello'] as const
export type CallType = (typeof types)[number]

export type Call = {
  readonly type: CallType
  /** 0–255. */
  readonly syncId: number
  readonly asker: Uint8Array
  /** Of a query empty. */
  readonly teller: Uint8Array
  /** Of an offer; else 0. */
  readonly port: number
}

export type CallFault = 'length' | 'magic' | 'version' | 'type' | 'unauthenticated'

export const LONGEST_CALL = FIXED + 2 * NUMBER + PORT + MAC

/** Bytes of a message of this type. */
export const callSize = (type: CallType, isSigned: boolean): number =>
  FIXED + NUMBER + (type === 'query' ? 0 : NUMBER) + (type === 'offer' ? PORT : 0) + (isSigned ? MAC : 0)

/** @param sign  absent: there is no key */
export function encodeCall(call: Call, sign?: (signed: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(callSize(call.type, sign !== undefined))
  bytes.set(MAGIC)
  bytes[4] = VERSION
  bytes[5] = types.indexOf(call.type)
  bytes[6] = call.syncId
  bytes.set(call.asker, FIXED)
  if (call.type !== 'query') bytes.set(call.teller, FIXED + NUMBER)
  if (call.type === 'offer') new DataView(bytes.buffer).setUint16(FIXED + 2 * NUMBER, call.port)
  const end = callSize(call.type, false)
  if (sign !== undefined) bytes.set(sign(bytes.subarray(0, end)), end)
  return bytes
}

/**
 * Reads a whole message; numbers are parts of `bytes`.
 * @param verify  absent: there is no key, and who signs is not understood
 */
export function decodeCall(
  bytes: Uint8Array,
  verify?: (signed: Uint8Array, mac: Uint8Array) => boolean,
): Result<Call, CallFault> {
  if (bytes.length < FIXED) return fail('length')
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return fail('magic')
  if (bytes[4] !== VERSION) return fail('version')
  const type = types[bytes[5] as number]
  if (type === undefined) return fail('type')
  const end = callSize(type, false)
  const isSigned = bytes.length === end + MAC
  if (!isSigned && bytes.length !== end) return fail('length')
  const isRight = verify === undefined ? !isSigned : isSigned && verify(bytes.subarray(0, end), bytes.subarray(end))
  if (!isRight) return fail('unauthenticated')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return ok({
    type,
    syncId: bytes[6] as number,
    asker: bytes.subarray(FIXED, FIXED + NUMBER),
    teller: type === 'query' ? bytes.subarray(0, 0) : bytes.subarray(FIXED + NUMBER, FIXED + 2 * NUMBER),
    port: type === 'offer' ? view.getUint16(FIXED + 2 * NUMBER) : 0,
  })
}
