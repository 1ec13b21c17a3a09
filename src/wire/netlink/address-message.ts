import { type Attribute, bytesAttribute } from './attribute.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'
import { decodeHeaded, encodeHeaded } from './headed-message.ts'

/**
 * The payload of RTM_{NEW,DEL,GET}ADDR (`struct ifaddrmsg`, linux/if_addr.h):
 *
 *     0        1               2       3       4       8
 *     | family | prefix length | flags | scope | index | attributes IFA_*
 */
export type AddressMessage = {
  readonly family: number
  readonly prefixLength: number
  /** The low eight IFA_F_*; IFA_FLAGS has them all. */
  readonly flags: number
  readonly scope: number
  readonly index: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 8

/** The peer's on a point-to-point link, else the same as IFA_LOCAL. */
export const IFA_ADDRESS = 1
export const IFA_LOCAL = 2
export const IFA_LABEL = 3
export const IFA_BROADCAST = 4
export const IFA_CACHEINFO = 6
export const IFA_FLAGS = 8
/** Who made the address; since Linux 5.18, ignored before. */
export const IFA_PROTO = 11

/** No duplicate address detection. */
export const IFA_F_NODAD = 0x02
export const IFA_F_HOMEADDRESS = 0x10
export const IFA_F_MANAGETEMPADDR = 0x100
export const IFA_F_NOPREFIXROUTE = 0x200
export const IFA_F_MCAUTOJOIN = 0x400

/** A lifetime that does not end, in seconds. */
export const INFINITE_LIFETIME = 0xffffffff

export function decodeAddressMessage(payload: Uint8Array, little: LittleEndian): Decoded<AddressMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({
    family: view.getUint8(0),
    prefixLength: view.getUint8(1),
    flags: view.getUint8(2),
    scope: view.getUint8(3),
    index: view.getUint32(4, little),
  }))
}

export function encodeAddressMessage(message: AddressMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.family)
    view.setUint8(1, message.prefixLength)
    view.setUint8(2, message.flags)
    view.setUint8(3, message.scope)
    view.setUint32(4, message.index, little)
  })
}

/**
 * IFA_CACHEINFO (`struct ifa_cacheinfo`); the two time stamps are the kernel's to fill.
 * @param preferred  seconds for which the address may be chosen as a source
 * @param valid      seconds until it is removed
 */
export function lifetimeAttribute(preferred: number, valid: number, little: LittleEndian): Attribute {
  const bytes = new Uint8Array(16)
  const view = viewOf(bytes)
  view.setUint32(0, preferred, little)
  view.setUint32(4, valid, little)
  return bytesAttribute(IFA_CACHEINFO, bytes)
}
