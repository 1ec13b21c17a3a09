import { addressBytes, addressFromBytes, type Family, fail, type IpAddress, ok } from '../../base/index.ts'
import { type Attribute, bytesAttribute, type Decoded, findAttribute } from '../netlink/index.ts'
import { AF_INET, AF_INET6 } from './command.ts'

/** What stands for an attribute that is missing or too short, in the answer of a decoder. */
export const missing = (field: string, attributes: readonly Attribute[], type: number) =>
  fail({ field, got: findAttribute(attributes, type)?.length ?? 0 })

/** `union nf_inet_addr`: 16 bytes, IPv4 in the first four. */
export function addressAttribute(type: number, address: IpAddress): Attribute {
  const value = new Uint8Array(16)
  value.set(addressBytes(address))
  return bytesAttribute(type, value)
}

export function findAddress(attributes: readonly Attribute[], type: number, family: Family): IpAddress | undefined {
  const size = family === 4 ? 4 : 16
  const value = findAttribute(attributes, type, size)
  return value === undefined ? undefined : addressFromBytes(value.subarray(0, size))
}

export const familyNumber = (family: Family): number => (family === 4 ? AF_INET : AF_INET6)

export function familyOfNumber(number: number): Decoded<Family> {
  if (number === AF_INET) return ok(4)
  return number === AF_INET6 ? ok(6) : fail({ field: 'family', got: number })
}
