import { type Family, familyOf, type IpAddress, ok } from '../../base/index.ts'
import {
  type Attribute,
  bytesAttribute,
  type Decoded,
  findAttribute,
  findNested,
  findString,
  findUint16,
  findUint32,
  type LittleEndian,
  nestedAttribute,
  stringAttribute,
  uint16Attribute,
  uint32Attribute,
  viewOf,
} from '../netlink/index.ts'
import { IPVS_CMD_ATTR_SERVICE } from './command.ts'
import { addressAttribute, familyNumber, familyOfNumber, findAddress, missing } from './field.ts'
import { findStatistics, type IpvsStatistics, statisticsAttribute } from './statistics.ts'

/** What names a service to the kernel. */
export type IpvsServiceIdentity =
  | { readonly kind: 'fwmark'; readonly family: Family; readonly mark: number }
  | {
      readonly kind: 'address'
      /** IPPROTO_*. */
      readonly protocol: number
      readonly address: IpAddress
      readonly port: number
    }

export type IpvsService = {
  readonly identity: IpvsServiceIdentity
  /** `none`: without one. */
  readonly scheduler: string
  /** IP_VS_SVC_F_*. */
  readonly flags: number
  /** The flags that a request sets; others stay as they are. */
  readonly flagMask: number
  /** Seconds of persistence. */
  readonly timeout: number
  /** IPv4: the mask as a number, 0xffffff00. IPv6: its leading bits. */
  readonly netmask: number
  readonly persistenceEngine?: string
  readonly statistics?: IpvsStatistics
}

export const IP_VS_SVC_F_PERSISTENT = 0x01
/** Internal to the kernel: the service is in its table. */
export const IP_VS_SVC_F_HASHED = 0x02
export const IP_VS_SVC_F_ONEPACKET = 0x04
/** The first of three flags whose meaning is the scheduler's. */
export const IP_VS_SVC_F_SCHED1 = 0x08

const AF = 1
const PROTOCOL = 2
const ADDR = 3
const PORT = 4
const FWMARK = 5
const SCHED_NAME = 6
const FLAGS = 7
const TIMEOUT = 8
const NETMASK = 9
const STATS = 10
const PE_NAME = 11
const STATS64 = 12

/** IPVS_CMD_ATTR_SERVICE with the identity alone: for removals, queries and what concerns destinations. */
export const serviceIdentityAttribute = (identity: IpvsServiceIdentity, little: LittleEndian): Attribute =>
  nestedAttribute(IPVS_CMD_ATTR_SERVICE, identityAttributes(identity, little), little)

/** IPVS_CMD_ATTR_SERVICE in full. */
export function serviceAttribute(service: IpvsService, little: LittleEndian): Attribute {
  const { identity, scheduler, flags, flagMask, timeout, netmask, persistenceEngine, statistics } = service
  const pair = new Uint8Array(8)
  viewOf(pair).setUint32(0, flags, little)
  viewOf(pair).setUint32(4, flagMask, little)
  const attributes = [
    ...identityAttributes(identity, little),
    stringAttribute(SCHED_NAME, scheduler),
    ...(persistenceEngine === undefined ? [] : [stringAttribute(PE_NAME, persistenceEngine)]),
    bytesAttribute(FLAGS, pair),
    uint32Attribute(TIMEOUT, timeout, little),
    uint32Attribute(NETMASK, netmask, netmaskOrder(identity, little)),
    ...(statistics === undefined ? [] : [statisticsAttribute(STATS64, statistics, little)]),
  ]
  return nestedAttribute(IPVS_CMD_ATTR_SERVICE, attributes, little)
}

/** @param message  the attributes of a whole message */
export function readService(message: readonly Attribute[], little: LittleEndian): Decoded<IpvsService> {
  const attributes = findNested(message, IPVS_CMD_ATTR_SERVICE, little)
  const identity = readIdentity(attributes, little)
  if (!identity.ok) return identity
  const scheduler = findString(attributes, SCHED_NAME)
  if (scheduler === undefined) return missing('scheduler', attributes, SCHED_NAME)
  const pair = findAttribute(attributes, FLAGS, 8)
  if (pair === undefined) return missing('flags', attributes, FLAGS)
  const timeout = findUint32(attributes, TIMEOUT, little)
  if (timeout === undefined) return missing('timeout', attributes, TIMEOUT)
  const netmask = findUint32(attributes, NETMASK, netmaskOrder(identity.value, little))
  if (netmask === undefined) return missing('netmask', attributes, NETMASK)
  const persistenceEngine = findString(attributes, PE_NAME)
  const statistics = findStatistics(attributes, STATS, STATS64, little)
  return ok({
    identity: identity.value,
    scheduler,
    flags: viewOf(pair).getUint32(0, little),
    flagMask: viewOf(pair).getUint32(4, little),
    timeout,
    netmask,
    ...(persistenceEngine ? { persistenceEngine } : {}),
    ...(statistics === undefined ? {} : { statistics }),
  })
}

/** @param message  the attributes of a whole message */
export const readServiceIdentity = (
  message: readonly Attribute[],
  little: LittleEndian,
): Decoded<IpvsServiceIdentity> => readIdentity(findNested(message, IPVS_CMD_ATTR_SERVICE, little), little)

function identityAttributes(identity: IpvsServiceIdentity, little: LittleEndian): readonly Attribute[] {
  if (identity.kind === 'fwmark') {
    const { family, mark } = identity
    return [uint16Attribute(AF, familyNumber(family), little), uint32Attribute(FWMARK, mark, little)]
  }
  const { protocol, address, port } = identity
  return [
    uint16Attribute(AF, familyNumber(familyOf(address)), little),
    uint16Attribute(PROTOCOL, protocol, little),
    addressAttribute(ADDR, address),
    uint16Attribute(PORT, port, false),
  ]
}

/** A mark comes before all else, as in the kernel. */
function readIdentity(attributes: readonly Attribute[], little: LittleEndian): Decoded<IpvsServiceIdentity> {
  const number = findUint16(attributes, AF, little)
  if (number === undefined) return missing('family', attributes, AF)
  const family = familyOfNumber(number)
  if (!family.ok) return family
  const mark = findUint32(attributes, FWMARK, little)
  if (mark !== undefined) return ok({ kind: 'fwmark', family: family.value, mark })
  const protocol = findUint16(attributes, PROTOCOL, little)
  if (protocol === undefined) return missing('protocol', attributes, PROTOCOL)
  const address = findAddress(attributes, ADDR, family.value)
  if (address === undefined) return missing('address', attributes, ADDR)
  const port = findUint16(attributes, PORT, false)
  if (port === undefined) return missing('port', attributes, PORT)
  return ok({ kind: 'address', protocol, address, port })
}

/** A mask is in network order, a number of bits in the host's. */
const netmaskOrder = (identity: IpvsServiceIdentity, little: LittleEndian): LittleEndian =>
  (identity.kind === 'fwmark' ? identity.family : familyOf(identity.address)) === 4 ? false : little
