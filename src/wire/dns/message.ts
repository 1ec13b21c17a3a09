import { fail, ok, type Result } from '../../base/index.ts'
import { endOfName } from './name.ts'

/**
 * ```
 *   0                   1
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *  |              ID               |
 *  |QR|  Opcode |AA|TC|RD|RA| Z|RCODE|
 *  |            QDCOUNT            |
 *  |            ANCOUNT            |
 *  |            NSCOUNT            |
 *  |            ARCOUNT            |
 * ```
 * RFC 1035 §4.1.1.
 */
export const HEADER = 12
const RESPONSE = 0x8000
const TRUNCATED = 0x0200
const RECURSION_DESIRED = 0x0100
const CODE = 0x000f
export const CLASS_IN = 1

/** Types of records that can be asked for, by number. */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  RRSIG: 46,
  DNSKEY: 48,
} as const
export type RecordType = keyof typeof recordTypes

export type DnsQuestion = {
  /** As it travels. */
  readonly name: Uint8Array
  readonly type: number
  readonly class: number
}

export type DnsMessage = {
  readonly id: number
  readonly isResponse: boolean
  readonly truncated: boolean
  /** RCODE: 0 is no error. */
  readonly code: number
  /** The first; `name` points into the message. */
  readonly question?: DnsQuestion
  /** Records in the answer section, as the header counts them. */
  readonly answers: number
}

/** The first field that is wrong and what it held (`length`: bytes received, `record`: which of the answers, from 0 on). */
export type WrongDnsField = { readonly field: 'length' | 'question' | 'record'; readonly got: number }

/** A query of class IN with recursion desired. @param name  as `encodeName` makes it */
export function encodeQuery({
  id,
  name,
  type,
}: {
  readonly id: number
  readonly name: Uint8Array
  readonly type: RecordType
}): Uint8Array {
  const bytes = new Uint8Array(HEADER + name.length + 4)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, id)
  view.setUint16(2, RECURSION_DESIRED)
  view.setUint16(4, 1)
  bytes.set(name, HEADER)
  view.setUint16(HEADER + name.length, recordTypes[type])
  view.setUint16(HEADER + name.length + 2, CLASS_IN)
  return bytes
}

/** Reads the header and the first question; what follows is not looked at. */
export function decodeMessage(bytes: Uint8Array): Result<DnsMessage, WrongDnsField> {
  if (bytes.length < HEADER) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = view.getUint16(2)
  const message = {
    id: view.getUint16(0),
    isResponse: (flags & RESPONSE) !== 0,
    truncated: (flags & TRUNCATED) !== 0,
    code: flags & CODE,
    answers: view.getUint16(6),
  }
  if (view.getUint16(4) === 0) return ok(message)
  const end = endOfName(bytes, HEADER)
  if (end === undefined || end + 4 > bytes.length) return fail({ field: 'question', got: bytes[HEADER] ?? 0 })
  const question = { name: bytes.subarray(HEADER, end), type: view.getUint16(end), class: view.getUint16(end + 2) }
  return ok({ ...message, question })
}

/** Is it the answer to this query: same id, and where it repeats a question the same, whatever the case of its letters? */
export function answers(message: DnsMessage, query: Uint8Array): boolean {
  const asked = decodeMessage(query)
  if (!asked.ok || asked.value.question === undefined) return false
  if (!message.isResponse || message.id !== asked.value.id) return false
  const { question } = message
  if (question === undefined) return true
  const { name, type } = asked.value.question
  return (
    question.type === type &&
    question.class === CLASS_IN &&
    question.name.length === name.length &&
    question.name.every((byte, i) => lower(byte) === lower(name[i] as number))
  )
}

const lower = (byte: number): number => (byte >= 65 && byte <= 90 ? byte + 32 : byte)
