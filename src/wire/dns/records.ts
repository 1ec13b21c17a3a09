import { addressFromBytes, fail, type IpAddress, ok, type Result } from '../../base/index.ts'
import { CLASS_IN, decodeMessage, HEADER, recordTypes, type WrongDnsField } from './message.ts'
import { readName } from './name.ts'

/** A record of the answer section; names as `readName` has them. */
export type DnsRecord = {
  readonly name: string
  /** Seconds, at most 2^31 - 1 (RFC 2181 §8). */
  readonly ttl: number
} & (
  | { readonly type: 'A' | 'AAAA'; readonly address: IpAddress }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      /** 0–65535. */
      readonly port: number
      /** `.`: the service is decidedly not there (RFC 2782). */
      readonly target: string
    }
)

/** Type, class, TTL and length of data, behind the name (RFC 1035 §4.1.3). */
const FIXED = 10
/** Priority, weight and port, before the target (RFC 2782). */
const SRV_FIXED = 6

/**
 * The records of the answer section that are of these kinds and of class IN; others are passed over. One that is not as its type
 * wants it, or that the message ends in, makes it none: what comes then means nothing.
 */
export function decodeAnswers(bytes: Uint8Array): Result<readonly DnsRecord[], WrongDnsField> {
  const message = decodeMessage(bytes)
  if (!message.ok) return message
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = HEADER
  for (let questions = view.getUint16(4); questions > 0; questions--) {
    const name = readName(bytes, at)
    if (name === undefined || name.end + 4 > bytes.length) return fail({ field: 'question', got: bytes[at] ?? 0 })
    at = name.end + 4
  }
  const records: DnsRecord[] = []
  for (let i = 0; i < message.value.answers; i++) {
    const wrong = fail({ field: 'record', got: i } as const)
    const name = readName(bytes, at)
    if (name === undefined || name.end + FIXED > bytes.length) return wrong
    const data = name.end + FIXED
    const end = data + view.getUint16(name.end + 8)
    if (end > bytes.length) return wrong
    if (view.getUint16(name.end + 2) === CLASS_IN) {
      const content = contentOf(bytes, view.getUint16(name.end), data, end)
      if (content === undefined) return wrong
      if (content !== 'other') records.push({ name: name.name, ttl: ttlOf(view.getUint32(name.end + 4)), ...content })
    }
    at = end
  }
  return ok(records)
}

type Content = DnsRecord extends infer R ? (R extends DnsRecord ? Omit<R, 'name' | 'ttl'> : never) : never

/** RFC 2181 §8: one with the highest bit set counts as 0. */
const ttlOf = (value: number): number => (value > 0x7fff_ffff ? 0 : value)

/** @returns undefined for data that are not of this type */
function contentOf(bytes: Uint8Array, type: number, from: number, end: number): Content | 'other' | undefined {
  const address = (size: number): IpAddress | undefined =>
    end - from === size ? addressFromBytes(bytes.subarray(from, end)) : undefined
  const nameTo = (at: number): string | undefined => {
    const read = readName(bytes, at)
    return read?.end === end ? read.name : undefined
  }
  switch (type) {
    case recordTypes.A: {
      const found = address(4)
      return found === undefined ? undefined : { type: 'A', address: found }
    }
    case recordTypes.AAAA: {
      const found = address(16)
      return found === undefined ? undefined : { type: 'AAAA', address: found }
    }
    case recordTypes.CNAME: {
      const target = nameTo(from)
      return target === undefined ? undefined : { type: 'CNAME', target }
    }
    case recordTypes.SRV: {
      const target = end - from > SRV_FIXED ? nameTo(from + SRV_FIXED) : undefined
      if (target === undefined) return undefined
      const view = new DataView(bytes.buffer, bytes.byteOffset + from, SRV_FIXED)
      return {
        type: 'SRV',
        priority: view.getUint16(0),
        weight: view.getUint16(2),
        port: view.getUint16(4),
        target,
      }
    }
    default:
      return 'other'
  }
}
