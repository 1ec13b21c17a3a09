import {
  type Attribute,
  bytesAttribute,
  decodeAttributes,
  findAttribute,
  type LittleEndian,
  nestedAttribute,
  viewOf,
} from '../netlink/index.ts'

/** IPVS_STATS_ATTR_*: totals, then per second as the kernel's estimator has them. Beyond 2^53 the last digits are lost. */
export type IpvsStatistics = {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
  readonly connectionRate: number
  readonly inPacketRate: number
  readonly outPacketRate: number
  readonly inByteRate: number
  readonly outByteRate: number
}

/** In the order of their numbers, from 1. */
const FIELDS = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
  'connectionRate',
  'inPacketRate',
  'outPacketRate',
  'inByteRate',
  'outByteRate',
] as const satisfies readonly (keyof IpvsStatistics)[]

/**
 * From the nest of 64 bits where there is one, else from that of 32 (kernels before 4.1, whose byte totals have 64 in both).
 * Undefined where neither is there; a field that is missing is 0.
 */
export function findStatistics(
  attributes: readonly Attribute[],
  narrow: number,
  wide: number,
  little: LittleEndian,
): IpvsStatistics | undefined {
  const nest = findAttribute(attributes, wide) ?? findAttribute(attributes, narrow)
  const inner = nest === undefined ? undefined : decodeAttributes(nest, little)
  if (!inner?.ok) return undefined
  const entries = FIELDS.map((field, index) => [field, findCount(inner.value, index + 1, little)])
  return Object.fromEntries(entries) as IpvsStatistics
}

/** A nest of 64-bit numbers. */
export function statisticsAttribute(type: number, statistics: IpvsStatistics, little: LittleEndian): Attribute {
  const fields = FIELDS.map((field, index) => {
    const value = new Uint8Array(8)
    viewOf(value).setBigUint64(0, atMost(LARGEST, BigInt(statistics[field])), little)
    return bytesAttribute(index + 1, value)
  })
  return nestedAttribute(type, fields, little)
}

/** As a number the largest count is one more than itself. */
const LARGEST = 2n ** 64n - 1n
const atMost = (most: bigint, value: bigint): bigint => (value > most ? most : value)

function findCount(attributes: readonly Attribute[], type: number, little: LittleEndian): number {
  const value = findAttribute(attributes, type, 4)
  if (value === undefined) return 0
  return value.length < 8 ? viewOf(value).getUint32(0, little) : Number(viewOf(value).getBigUint64(0, little))
}
