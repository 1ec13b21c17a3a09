import { addressBytes, addressFromBytes, fail, familyOf, type IpAddress, ok } from '../../base/index.ts'
import {
  type Attribute,
  bytesAttribute,
  type Decoded,
  findAttribute,
  findNested,
  findString,
  findUint8,
  findUint16,
  findUint32,
  type LittleEndian,
  nestedAttribute,
  stringAttribute,
  uint8Attribute,
  uint16Attribute,
  uint32Attribute,
} from '../netlink/index.ts'
import { IPVS_CMD_ATTR_DAEMON } from './command.ts'
import { missing } from './field.ts'

/** A connection sync daemon; what is absent is the kernel's to choose, or not known to it. */
export type IpvsDaemon = {
  readonly role: 'master' | 'backup'
  readonly interface: string
  readonly syncId: number
  readonly maxLength?: number
  readonly group?: IpAddress
  readonly port?: number
  readonly ttl?: number
}

const STATE = 1
const MCAST_IFN = 2
const SYNC_ID = 3
const SYNC_MAXLEN = 4
const MCAST_GROUP = 5
const MCAST_GROUP6 = 6
const MCAST_PORT = 7
const MCAST_TTL = 8

const roles = { master: 1, backup: 2 } as const

/** IPVS_CMD_ATTR_DAEMON in full. The port is in the host's order, unlike any other. */
export function daemonAttribute(daemon: IpvsDaemon, little: LittleEndian): Attribute {
  const { role, maxLength, group, port, ttl } = daemon
  const attributes = [
    uint32Attribute(STATE, roles[role], little),
    stringAttribute(MCAST_IFN, daemon.interface),
    uint32Attribute(SYNC_ID, daemon.syncId, little),
    ...(maxLength === undefined ? [] : [uint16Attribute(SYNC_MAXLEN, maxLength, little)]),
    ...(port === undefined ? [] : [uint16Attribute(MCAST_PORT, port, little)]),
    ...(ttl === undefined ? [] : [uint8Attribute(MCAST_TTL, ttl)]),
    ...(group === undefined
      ? []
      : [bytesAttribute(familyOf(group) === 4 ? MCAST_GROUP : MCAST_GROUP6, addressBytes(group))]),
  ]
  return nestedAttribute(IPVS_CMD_ATTR_DAEMON, attributes, little)
}

/** IPVS_CMD_ATTR_DAEMON with the role alone: for a stop. */
export const daemonRoleAttribute = (role: IpvsDaemon['role'], little: LittleEndian): Attribute =>
  nestedAttribute(IPVS_CMD_ATTR_DAEMON, [uint32Attribute(STATE, roles[role], little)], little)

/** @param message  the attributes of a whole message */
export function readDaemon(message: readonly Attribute[], little: LittleEndian): Decoded<IpvsDaemon> {
  const attributes = findNested(message, IPVS_CMD_ATTR_DAEMON, little)
  const state = findUint32(attributes, STATE, little)
  if (state === undefined) return missing('state', attributes, STATE)
  if (state !== roles.master && state !== roles.backup) return fail({ field: 'state', got: state })
  const name = findString(attributes, MCAST_IFN)
  if (name === undefined) return missing('interface', attributes, MCAST_IFN)
  const syncId = findUint32(attributes, SYNC_ID, little)
  if (syncId === undefined) return missing('sync id', attributes, SYNC_ID)
  const maxLength = findUint16(attributes, SYNC_MAXLEN, little)
  const group = findAttribute(attributes, MCAST_GROUP, 4)?.subarray(0, 4)
  const group6 = findAttribute(attributes, MCAST_GROUP6, 16)?.subarray(0, 16)
  const bytes = group ?? group6
  const port = findUint16(attributes, MCAST_PORT, little)
  const ttl = findUint8(attributes, MCAST_TTL)
  return ok({
    role: state === roles.master ? 'master' : 'backup',
    interface: name,
    syncId,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(bytes === undefined ? {} : { group: addressFromBytes(bytes) }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl }),
  })
}
