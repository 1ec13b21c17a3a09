import { type LittleEndian, type NetlinkHeader, viewOf } from '../netlink/index.ts'

/** `struct nfgenmsg`: family, version 0, resource id in network order. */
export const NF_HEADER = 4

/** NFNL_SUBSYS_NFTABLES: the upper byte of every type, and what a batch is for. */
export const NFTABLES = 10
const NFNL_MSG_BATCH_BEGIN = 0x10
const NFNL_MSG_BATCH_END = 0x11

/** One change; `type` is NFT_MSG_*. */
export type NftRequest = {
  readonly type: number
  /** NLM_F_* beside NLM_F_REQUEST. */
  readonly flags: number
  readonly family: NftFamily
  /** Attributes, encoded. */
  readonly attributes: Uint8Array
}

/** NFPROTO_IPV4 and NFPROTO_IPV6. */
export type NftFamily = 2 | 10

/** A message as `encodeMessage` of src/wire/netlink takes it, but for sequence and port. */
export type NftMessage = Pick<NetlinkHeader, 'type' | 'flags'> & { readonly payload: Uint8Array }

/** All of these or none: what opens a transaction, the requests in order, what ends it. */
export const batchOf = (requests: readonly NftRequest[]): readonly NftMessage[] => [
  { type: NFNL_MSG_BATCH_BEGIN, flags: 0, payload: header(0, NFTABLES) },
  ...requests.map(({ type, flags, family, attributes }) => {
    const payload = new Uint8Array(NF_HEADER + attributes.length)
    payload.set(header(family, 0))
    payload.set(attributes, NF_HEADER)
    return { type: (NFTABLES << 8) | type, flags, payload }
  }),
  { type: NFNL_MSG_BATCH_END, flags: 0, payload: header(0, NFTABLES) },
]

function header(family: number, resource: number): Uint8Array {
  const bytes = new Uint8Array(NF_HEADER)
  const view = viewOf(bytes)
  view.setUint8(0, family)
  const network: LittleEndian = false
  view.setUint16(2, resource, network)
  return bytes
}
