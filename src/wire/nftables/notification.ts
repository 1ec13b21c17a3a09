import type { LittleEndian, NetlinkMessage } from '../netlink/index.ts'
import { decodeAttributes, findString } from '../netlink/index.ts'
import { NF_HEADER, NFTABLES } from './batch.ts'

/** NFT_MSG_DELTABLE, DELCHAIN, DELRULE, DELSET, DELSETELEM. */
const REMOVALS: ReadonlySet<number> = new Set([2, 5, 8, 11, 14])
/** NFT_MSG_NEWGEN. */
const NEW_GENERATION = 15
/** NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE and NFTA_SET_ELEM_LIST_TABLE are all 1. */
const TABLE = 1

/** The name of the table that is removed, or of which something is; undefined for every other message. */
export function tableOfRemoval({ type, payload }: NetlinkMessage, host: LittleEndian): string | undefined {
  if (type >> 8 !== NFTABLES || !REMOVALS.has(type & 0xff) || payload.length < NF_HEADER) return undefined
  const attributes = decodeAttributes(payload.subarray(NF_HEADER), host)
  return attributes.ok ? findString(attributes.value, TABLE) : undefined
}

/** What the kernel tells last of a transaction, by the port and the sequence number of who made it. */
export const endsTransaction = ({ type }: Pick<NetlinkMessage, 'type'>): boolean =>
  type === ((NFTABLES << 8) | NEW_GENERATION)
