import {
  type Attribute,
  bytesAttribute,
  encodeAttributes,
  type LittleEndian,
  NLM_F_CREATE,
  nestedAttribute,
  stringAttribute,
  uint32Attribute,
} from '../netlink/index.ts'
import type { NftFamily, NftRequest } from './batch.ts'
import type { Expression } from './expression.ts'

/** NFT_MSG_*. */
const NEWTABLE = 0
const DELTABLE = 2
const NEWCHAIN = 3
const NEWRULE = 6
const NEWSET = 9
const NEWSETELEM = 12
const DELSETELEM = 14
const NLM_F_APPEND = 0x800

/** NFTA_LIST_ELEM. */
const ELEMENT = 1

const NETWORK: LittleEndian = false
const number = (type: number, value: number): Attribute => uint32Attribute(type, value >>> 0, NETWORK)

/** A table by family and name; every request is about something in one. */
export type NftTable = { readonly family: NftFamily; readonly name: string }

/** Numbers by which nft(8) shows keys: only their width matters to the kernel. */
export const keyTypes = { address4: 7, address6: 8, interface: 20, icmp6Type: 29 } as const

export type NftSet = {
  readonly name: string
  /** Tells sets of one batch apart. */
  readonly id: number
  readonly keyType: number
  readonly keyLength: number
  /** Elements never change once a rule asks. */
  readonly constant?: true
  /** A map to this. */
  readonly dataType?: number
  readonly dataLength?: number
}

export type NftChain = {
  readonly name: string
  /** Where packets come in by themselves; absent: by `goto` only. Hook: NF_INET_*, 0 prerouting, 1 input, 3 output. */
  readonly base?: { readonly hook: number; readonly priority: number }
}

export type NftElement = { readonly key: Uint8Array; readonly data?: Uint8Array }

/** Requests in the host's byte order. */
export function nftRequests(host: LittleEndian) {
  const request = (
    type: number,
    flags: number,
    { family }: NftTable,
    attributes: readonly Attribute[],
  ): NftRequest => ({
    type,
    flags,
    family,
    attributes: encodeAttributes(attributes, host),
  })
  const data = (type: number, value: Uint8Array): Attribute => nestedAttribute(type, [bytesAttribute(1, value)], host)
  const elements = (type: number, flags: number, table: NftTable, set: string, all: readonly NftElement[]) =>
    request(type, flags, table, [
      stringAttribute(1, table.name),
      stringAttribute(2, set),
      nestedAttribute(
        3,
        all.map(({ key, data: value }) =>
          nestedAttribute(ELEMENT, [data(1, key), ...(value === undefined ? [] : [data(2, value)])], host),
        ),
        host,
      ),
    ])

  return {
    /** One that is there stays as it is. */
    addTable: (table: NftTable): NftRequest => request(NEWTABLE, NLM_F_CREATE, table, [stringAttribute(1, table.name)]),
    /** With all that is in it; ENOENT where there is none. */
    deleteTable: (table: NftTable): NftRequest => request(DELTABLE, 0, table, [stringAttribute(1, table.name)]),
    addChain: (table: NftTable, { name, base }: NftChain): NftRequest =>
      request(NEWCHAIN, NLM_F_CREATE, table, [
        stringAttribute(1, table.name),
        stringAttribute(3, name),
        ...(base === undefined
          ? []
          : [
              nestedAttribute(4, [number(1, base.hook), number(2, base.priority)], host),
              number(5, NF_ACCEPT),
              stringAttribute(7, 'filter'),
            ]),
      ]),
    addSet: (table: NftTable, set: NftSet): NftRequest =>
      request(NEWSET, NLM_F_CREATE, table, [
        stringAttribute(1, table.name),
        stringAttribute(2, set.name),
        number(3, (set.constant === true ? SET_CONSTANT : 0) | (set.dataType === undefined ? 0 : SET_MAP)),
        number(4, set.keyType),
        number(5, set.keyLength),
        ...(set.dataType === undefined ? [] : [number(6, set.dataType), number(7, set.dataLength ?? 0)]),
        number(10, set.id),
        ...orderOf(set, host),
      ]),
    /** One that is there stays. */
    addElements: (table: NftTable, set: string, all: readonly NftElement[]): NftRequest =>
      elements(NEWSETELEM, NLM_F_CREATE, table, set, all),
    /** ENOENT where one is not there, and then none is deleted. */
    deleteElements: (table: NftTable, set: string, all: readonly NftElement[]): NftRequest =>
      elements(DELSETELEM, 0, table, set, all),
    /** Behind the rules that the chain has. */
    addRule: (table: NftTable, chain: string, expressions: readonly Expression[]): NftRequest =>
      request(NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table, [
        stringAttribute(1, table.name),
        stringAttribute(2, chain),
        nestedAttribute(
          4,
          expressions.map(({ name, attributes }) =>
            nestedAttribute(ELEMENT, [stringAttribute(1, name), nestedAttribute(2, attributes, host)], host),
          ),
          host,
        ),
      ]),
  }
}

/** What nft(8) writes down for itself: that these are numbers in the host's order (libnftnl's TLVs, byteorder 1). */
function orderOf(set: NftSet, host: LittleEndian): readonly Attribute[] {
  const entries = [set.keyType, set.dataType].flatMap((type, at) => (type === keyTypes.interface ? [at] : []))
  if (entries.length === 0) return []
  const bytes = new Uint8Array(6 * entries.length)
  for (const [i, of] of entries.entries()) {
    bytes.set([of, 4], 6 * i)
    new DataView(bytes.buffer).setUint32(6 * i + 2, 1, host)
  }
  return [bytesAttribute(13, bytes)]
}

const NF_ACCEPT = 1
const SET_CONSTANT = 2
const SET_MAP = 8
