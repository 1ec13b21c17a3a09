import { familyOf, hostIsLittleEndian, type IpAddress, macText } from '../../base/index.ts'
import { type Configuration, usualSync, type VirtualRouter } from '../../model/index.ts'
import { type Rejection, validate } from '../../proto/vrrp/index.ts'
import { decodeArpPacket } from '../../wire/arp/index.ts'
import { decodeControlPacket } from '../../wire/bfd/index.ts'
import { type FramedDatagram, readDatagram } from '../../wire/ip/index.ts'
import { decodeSyncMessage } from '../../wire/ipvs-sync/index.ts'
import { readClaimFrame } from '../../wire/ndisc/index.ts'
import {
  type Advertisement,
  decodeAdvertisement,
  passwordData,
  peekVirtualRouterId,
  splitTrailer,
  VRRP_PROTOCOL,
} from '../../wire/vrrp/index.ts'

/** A frame in words. */
export type Told = {
  readonly kind: 'vrrp' | 'arp' | 'ndisc' | 'bfd' | 'sync'
  readonly words: string
  /** Why the daemon passes it over; absent: it takes it, or would have to have heard more to say. */
  readonly dropped?: string
}

export type Listener = {
  readonly configuration?: Configuration
  readonly interface: string
  /** It left this host: nothing is to be judged. */
  readonly own: boolean
}

const BFD_PORTS = { single: 3784, multihop: 4784 } as const
const ANY_HOP_LIMIT = 255

/** Undefined for whatever is none of these, and for ARP and neighbour discovery about addresses that are none of ours. */
export function wordsFor(frame: Uint8Array, listener: Listener): Told | undefined {
  const packet = readDatagram(frame)
  if (packet === undefined) return arpWords(frame, listener)
  if (packet.protocol === VRRP_PROTOCOL) return vrrpWords(packet, listener)
  if (packet.port === BFD_PORTS.single || packet.port === BFD_PORTS.multihop) return bfdWords(packet, listener)
  if (packet.port === (listener.configuration?.global.connectionSync?.port ?? usualSync.port))
    return syncWords(packet, listener)
  return neighbourWords(frame, listener)
}

function virtualAddresses({ configuration }: Listener): ReadonlySet<IpAddress> | undefined {
  if (configuration === undefined) return undefined
  return new Set(configuration.virtualRouters.flatMap(({ addresses }) => addresses.map(({ address }) => address)))
}

function arpWords(frame: Uint8Array, listener: Listener): Told | undefined {
  const decoded = decodeArpPacket(frame)
  if (!decoded.ok) return undefined
  const { operation, sender, senderMac, target, from } = decoded.value
  const ours = virtualAddresses(listener)
  if (ours !== undefined && !ours.has(sender) && !ours.has(target)) return undefined
  const mac = macText(senderMac)
  const other = macText(from) === mac ? '' : ` in a frame of ${macText(from)}`
  const words =
    sender === target
      ? `${sender} is at ${mac}, announced by ${operation}`
      : operation === 'request'
        ? `who has ${target}? tell ${sender} (${mac})`
        : `${sender} is at ${mac}`
  return { kind: 'arp', words: words + other }
}

function neighbourWords(frame: Uint8Array, listener: Listener): Told | undefined {
  const claim = readClaimFrame(frame)
  const ours = virtualAddresses(listener)
  if (claim === undefined || (ours !== undefined && !ours.has(claim.address))) return undefined
  const announced = claim.to[0] === 0x33 ? ', announced' : ''
  return { kind: 'ndisc', words: `${claim.address} is at ${macText(claim.mac ?? claim.from)}${announced}` }
}

function vrrpWords(packet: FramedDatagram, listener: Listener): Told {
  const { source, destination, payload } = packet
  const id = peekVirtualRouterId(payload)
  const way = `${source} > ${destination}`
  if (id === undefined) return { kind: 'vrrp', words: `${way}: ${payload.length} bytes`, dropped: 'length' }
  const family = familyOf(source)
  const router = listener.configuration?.virtualRouters.find(
    (one) => one.virtualRouterId === id && one.family === family && one.interface === listener.interface,
  )
  const decoded = decodeAdvertisement(packet, router?.hmac !== undefined)
  const words = decoded.ok ? `${way}: ${advertisementWords(decoded.value)}` : `${way}: virtual_router_id ${id}`
  const fault = decoded.ok ? undefined : `${decoded.error.field} (${decoded.error.got})`
  if (listener.own) return { kind: 'vrrp', words, ...(fault === undefined ? {} : { dropped: fault }) }
  if (listener.configuration === undefined)
    return { kind: 'vrrp', words, ...(fault === undefined ? {} : { dropped: fault }) }
  if (router === undefined) return { kind: 'vrrp', words, dropped: `no virtual router of ours has the id ${id} here` }
  const expected = {
    authenticationData: passwordData(router.authentication?.password ?? ''),
    addresses: new Set(router.addresses.map(({ address }) => address)),
  }
  const judged = validate(router, expected, undefined, packet, decoded, () => signature(router, payload))
  return { kind: 'vrrp', words, ...(judged.ok ? {} : { dropped: judged.error }) }
}

/** Whether it is signed at all; whether well, only the daemon can tell, who has the keys in use and what came before. */
function signature({ hmac, family }: VirtualRouter, payload: Uint8Array): Rejection | undefined {
  if (hmac?.mode !== 'enforce') return undefined
  const { trailer } = splitTrailer(payload, payload.length, family === 4 ? 4 : 16)
  return trailer === undefined || trailer.length === 0 ? 'hmac-missing' : undefined
}

const authenticationNames: Readonly<Record<number, string>> = { 0: 'none', 1: 'PASS', 2: 'AH' }

/** Without the password. */
function advertisementWords(advertisement: Advertisement): string {
  const { version, virtualRouterId, priority, addresses } = advertisement
  const interval =
    advertisement.version === 2 ? `${advertisement.interval} s` : `${(advertisement.interval / 100).toString()} s`
  const authentication =
    advertisement.version === 2
      ? `, authentication ${authenticationNames[advertisement.authenticationType] ?? advertisement.authenticationType}`
      : ''
  const who =
    priority === 0 ? 'priority 0 (resigns)' : priority === 255 ? 'priority 255 (owner)' : `priority ${priority}`
  return `VRRPv${version} virtual_router_id ${virtualRouterId}, ${who}, every ${interval}${authentication}, ${addresses.join(' ')}`
}

function bfdWords(packet: FramedDatagram, { configuration, own }: Listener): Told {
  const { source, destination, payload, hopLimit, port } = packet
  const way = `${source} > ${destination}`
  const decoded = decodeControlPacket(payload)
  if (!decoded.ok) return { kind: 'bfd', words: way, dropped: `${decoded.error.field} (${decoded.error.got})` }
  const { state, multiplier, myDiscriminator, yourDiscriminator, desiredMinTransmit, requiredMinReceive } =
    decoded.value
  const flags = [decoded.value.poll ? ' poll' : '', decoded.value.final ? ' final' : ''].join('')
  const words = `${way}: ${state}${flags}, ${myDiscriminator} to ${yourDiscriminator}, sends every ${desiredMinTransmit / 1000} ms, takes ${requiredMinReceive / 1000} ms, times ${multiplier}`
  const multihop = port === BFD_PORTS.multihop
  const session = configuration?.bfdSessions.find((one) => one.neighbour === source && one.multihop === multihop)
  if (own || configuration === undefined) return { kind: 'bfd', words }
  if (session === undefined) return { kind: 'bfd', words, dropped: `no bfd_instance has the neighbour ${source}` }
  const least = session.maxHops === undefined ? undefined : session.hopLimit - session.maxHops
  const far = multihop ? least !== undefined && hopLimit < least : hopLimit !== ANY_HOP_LIMIT
  return { kind: 'bfd', words, ...(far ? { dropped: `its TTL is ${hopLimit}` } : {}) }
}

function syncWords(packet: FramedDatagram, { configuration, own }: Listener): Told {
  const { source, destination, payload, port } = packet
  const way = `${source} > ${destination} port ${port}`
  // Version 0 has the sender's byte order, which is taken to be ours.
  const decoded = decodeSyncMessage(payload, hostIsLittleEndian)
  if (!decoded.ok) return { kind: 'sync', words: way, dropped: `${decoded.error.field} (${decoded.error.got})` }
  const { version, syncId, connections, faults } = decoded.value
  const left = faults.length === 0 ? '' : `, ${faults.length} unreadable (${faults[0]?.field})`
  const words = `${way}: version ${version}, syncid ${syncId}, ${connections.length} connections${left}`
  const settings = configuration?.global.connectionSync
  if (own || configuration === undefined) return { kind: 'sync', words }
  if (settings === undefined) return { kind: 'sync', words, dropped: 'there is no lvs_sync_daemon here' }
  const foreign = settings.syncId !== 0 && syncId !== settings.syncId
  return { kind: 'sync', words, ...(foreign ? { dropped: `our syncid is ${settings.syncId}` } : {}) }
}
