import { type Family, familyOf, type IpAddress, ok } from '../../base/index.ts'
import {
  type Attribute,
  type Decoded,
  findNested,
  findUint8,
  findUint16,
  findUint32,
  type LittleEndian,
  nestedAttribute,
  uint8Attribute,
  uint16Attribute,
  uint32Attribute,
} from '../netlink/index.ts'
import { IPVS_CMD_ATTR_DEST } from './command.ts'
import { addressAttribute, familyNumber, familyOfNumber, findAddress, missing } from './field.ts'
import { findStatistics, type IpvsStatistics, statisticsAttribute } from './statistics.ts'

export type IpvsDestinationIdentity = { readonly address: IpAddress; readonly port: number }

export type IpvsDestination = IpvsDestinationIdentity & {
  /** IP_VS_CONN_F_FWD_MASK: 0 masquerading, 1 local, 2 tunnel, 3 direct routing, 4 bypass. */
  readonly method: number
  readonly weight: number
  readonly upperThreshold: number
  readonly lowerThreshold: number
  /** 0 ipip, 1 gue, 2 gre. */
  readonly tunnelType: number
  readonly tunnelPort: number
  /** 0 no checksum, 1 checksum, 2 remote checksum. */
  readonly tunnelFlags: number
  readonly counts?: {
    readonly active: number
    readonly inactive: number
    readonly persistent: number
  }
  readonly statistics?: IpvsStatistics
}

const ADDR = 1
const PORT = 2
const FWD_METHOD = 3
const WEIGHT = 4
const U_THRESH = 5
const L_THRESH = 6
const ACTIVE_CONNS = 7
const INACT_CONNS = 8
const PERSIST_CONNS = 9
const STATS = 10
const ADDR_FAMILY = 11
const STATS64 = 12
const TUN_TYPE = 13
const TUN_PORT = 14
const TUN_FLAGS = 15

const METHOD_MASK = 7

/** IPVS_CMD_ATTR_DEST with the identity alone: for removals. */
export const destinationIdentityAttribute = (identity: IpvsDestinationIdentity, little: LittleEndian): Attribute =>
  nestedAttribute(IPVS_CMD_ATTR_DEST, identityAttributes(identity, little), little)

/** IPVS_CMD_ATTR_DEST in full. */
export function destinationAttribute(destination: IpvsDestination, little: LittleEndian): Attribute {
  const { counts, statistics } = destination
  const number = (type: number, value: number): Attribute => uint32Attribute(type, value, little)
  const attributes = [
    ...identityAttributes(destination, little),
    number(FWD_METHOD, destination.method),
    number(WEIGHT, destination.weight),
    uint8Attribute(TUN_TYPE, destination.tunnelType),
    uint16Attribute(TUN_PORT, destination.tunnelPort, false),
    uint16Attribute(TUN_FLAGS, destination.tunnelFlags, little),
    number(U_THRESH, destination.upperThreshold),
    number(L_THRESH, destination.lowerThreshold),
    ...(counts === undefined
      ? []
      : [
          number(ACTIVE_CONNS, counts.active),
          number(INACT_CONNS, counts.inactive),
          number(PERSIST_CONNS, counts.persistent),
        ]),
    ...(statistics === undefined ? [] : [statisticsAttribute(STATS64, statistics, little)]),
  ]
  return nestedAttribute(IPVS_CMD_ATTR_DEST, attributes, little)
}

/**
 * @param message        the attributes of a whole message
 * @param serviceFamily  for a kernel that does not tell the destination's
 */
export function readDestination(
  message: readonly Attribute[],
  serviceFamily: Family,
  little: LittleEndian,
): Decoded<IpvsDestination> {
  const attributes = findNested(message, IPVS_CMD_ATTR_DEST, little)
  const number = findUint16(attributes, ADDR_FAMILY, little)
  const family = number === undefined ? ok(serviceFamily) : familyOfNumber(number)
  if (!family.ok) return family
  const address = findAddress(attributes, ADDR, family.value)
  if (address === undefined) return missing('address', attributes, ADDR)
  const port = findUint16(attributes, PORT, false)
  if (port === undefined) return missing('port', attributes, PORT)
  const method = findUint32(attributes, FWD_METHOD, little)
  if (method === undefined) return missing('method', attributes, FWD_METHOD)
  const weight = findUint32(attributes, WEIGHT, little)
  if (weight === undefined) return missing('weight', attributes, WEIGHT)
  const active = findUint32(attributes, ACTIVE_CONNS, little)
  const inactive = findUint32(attributes, INACT_CONNS, little) ?? 0
  const persistent = findUint32(attributes, PERSIST_CONNS, little) ?? 0
  const statistics = findStatistics(attributes, STATS, STATS64, little)
  return ok({
    address,
    port,
    method: method & METHOD_MASK,
    weight,
    upperThreshold: findUint32(attributes, U_THRESH, little) ?? 0,
    lowerThreshold: findUint32(attributes, L_THRESH, little) ?? 0,
    tunnelType: findUint8(attributes, TUN_TYPE) ?? 0,
    tunnelPort: findUint16(attributes, TUN_PORT, false) ?? 0,
    tunnelFlags: findUint16(attributes, TUN_FLAGS, little) ?? 0,
    ...(active === undefined ? {} : { counts: { active, inactive, persistent } }),
    ...(statistics === undefined ? {} : { statistics }),
  })
}

const identityAttributes = ({ address, port }: IpvsDestinationIdentity, little: LittleEndian): readonly Attribute[] => [
  uint16Attribute(ADDR_FAMILY, familyNumber(familyOf(address)), little),
  addressAttribute(ADDR, address),
  uint16Attribute(PORT, port, false),
]
