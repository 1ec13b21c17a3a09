import { ok } from '../../base/index.ts'
import { type Attribute, type Decoded, findUint32, type LittleEndian, uint32Attribute } from '../netlink/index.ts'
import { missing } from './field.ts'

/** SET_INFO, whose attributes stand at the top. */
export type IpvsInfo = {
  /** 0x010201 for 1.2.1. */
  readonly version: number
  /** Hash buckets. */
  readonly connectionTableSize: number
}

const VERSION = 1
const CONN_TAB_SIZE = 2

export const infoAttributes = (
  { version, connectionTableSize }: IpvsInfo,
  little: LittleEndian,
): readonly Attribute[] => [
  uint32Attribute(VERSION, version, little),
  uint32Attribute(CONN_TAB_SIZE, connectionTableSize, little),
]

export function readInfo(message: readonly Attribute[], little: LittleEndian): Decoded<IpvsInfo> {
  const version = findUint32(message, VERSION, little)
  if (version === undefined) return missing('version', message, VERSION)
  const connectionTableSize = findUint32(message, CONN_TAB_SIZE, little)
  if (connectionTableSize === undefined) return missing('connection table size', message, CONN_TAB_SIZE)
  return ok({ version, connectionTableSize })
}
