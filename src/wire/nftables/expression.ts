import {
  type Attribute,
  bytesAttribute,
  type LittleEndian,
  nestedAttribute,
  stringAttribute,
  uint32Attribute,
} from '../netlink/index.ts'

/** One step of a rule: what it is called and its attributes. Numbers in them are in network order. */
export type Expression = { readonly name: string; readonly attributes: readonly Attribute[] }

/** Registers of 16 bytes: 0 holds the verdict, 1 to 4 data. */
export const VERDICT = 0
/** Registers of 4 bytes; four of them are one of 16. */
export const REGISTER32 = 8

const NETWORK: LittleEndian = false
const number = (type: number, value: number): Attribute => uint32Attribute(type, value >>> 0, NETWORK)

/** NFT_META_*. */
export const META_OIF = 5
export const META_IIF = 4
export const META_L4PROTO = 16
export const META_PKTTYPE = 19
export const META_OIFKIND = 27

export const meta = (key: number, into: number): Expression => ({
  name: 'meta',
  attributes: [number(2, key), number(1, into)],
})

/** Bytes of the packet, from the start of its network or transport header. */
export const payload = (base: 'network' | 'transport', offset: number, length: number, into: number): Expression => ({
  name: 'payload',
  attributes: [number(1, into), number(2, base === 'network' ? 1 : 2), number(3, offset), number(4, length)],
})

/** Goes on only if the register holds exactly this. */
export const equals = (register: number, value: Uint8Array, host: LittleEndian): Expression => ({
  name: 'cmp',
  attributes: [number(1, register), number(2, 0), nestedAttribute(3, [bytesAttribute(1, value)], host)],
})

/** register & mask, in place. */
export const mask = (register: number, bits: Uint8Array, host: LittleEndian): Expression => ({
  name: 'bitwise',
  attributes: [
    number(1, register),
    number(2, register),
    number(3, bits.length),
    nestedAttribute(4, [bytesAttribute(1, bits)], host),
    nestedAttribute(5, [bytesAttribute(1, new Uint8Array(bits.length))], host),
  ],
})

/** Goes on only if the set has what the register holds; of a map the value goes to `into`. */
export const lookup = (set: string, register: number, into?: number): Expression => ({
  name: 'lookup',
  attributes: [stringAttribute(1, set), number(2, register), ...(into === undefined ? [] : [number(3, into)])],
})

/** A copy of the packet to an address, by an interface. */
export const duplicate = (address: number, device: number): Expression => ({
  name: 'dup',
  attributes: [number(1, address), number(2, device)],
})

export const counter: Expression = { name: 'counter', attributes: [] }

const NF_DROP = 0
const NF_ACCEPT = 1
const NFT_GOTO = -4

const verdict = (code: number, chain: readonly Attribute[], host: LittleEndian): Expression => ({
  name: 'immediate',
  attributes: [number(1, VERDICT), nestedAttribute(2, [nestedAttribute(2, [number(1, code), ...chain], host)], host)],
})

export const drop = (host: LittleEndian): Expression => verdict(NF_DROP, [], host)
export const accept = (host: LittleEndian): Expression => verdict(NF_ACCEPT, [], host)
export const goto = (chain: string, host: LittleEndian): Expression =>
  verdict(NFT_GOTO, [stringAttribute(2, chain)], host)
