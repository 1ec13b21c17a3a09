import {
  address,
  type Family,
  fail,
  familyOf,
  hostIsLittleEndian,
  type IpAddress,
  isMulticast,
  ok,
  type Result,
} from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, type SystemError, systemError } from '../descriptor/index.ts'
import * as c from './constants.ts'
import { findControlMessage } from './control-message.ts'
import { receiveDatagrams } from './receive-loop.ts'
import { decodeIpSocketAddress, encodeIpSocketAddress } from './socket-address.ts'
import type { SocketOption } from './vrrp-family.ts'
import { vrrpIpv4 } from './vrrp-ipv4.ts'
import { vrrpIpv6 } from './vrrp-ipv6.ts'

/** The longest UDP has. */
const RECEIVE_SIZE = 65_535
/** One number with its header. */
const CONTROL_SIZE = 24
/** Bytes: what comes while the process is busy for a moment, and what it then has to say at once. */
const RECEIVE_BUFFER = 8_388_608
const SEND_BUFFER = 4_194_304

const TYPE = c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC
const ANY = { 4: address('0.0.0.0'), 6: address('::') } as const

/** Messages about connections, of one interface: a group, or one host. */
export type SyncSender = {
  send(payload: Uint8Array): Result<void, SystemError>
  close(): void
}
export type SyncReceiver = { close(): void }

export type SyncEndpoint = {
  readonly interface: string
  readonly destination: IpAddress
  readonly port: number
  /** Bytes; absent: ours. */
  readonly buffer?: number
}

const family = (of: IpAddress) => (familyOf(of) === 4 ? vrrpIpv4 : vrrpIpv6)

/** TTL or hop limit `hopLimit`; nothing comes back to the host itself. */
export function openSyncSender({
  interface: name,
  destination,
  port,
  buffer = SEND_BUFFER,
  hopLimit,
}: SyncEndpoint & { readonly hopLimit: number }): Result<SyncSender, SystemError> {
  const opened = open(name, familyOf(destination))
  if (!opened.ok) return opened
  const { descriptor, interfaceIndex } = opened.value
  const isIpv4 = familyOf(destination) === 4
  const options: readonly SocketOption[] = isIpv4
    ? [
        option('IP_MULTICAST_IF', c.SOL_IP, c.IP_MULTICAST_IF, mreqn(interfaceIndex)),
        option('IP_MULTICAST_LOOP', c.SOL_IP, c.IP_MULTICAST_LOOP, 0),
        option('IP_MULTICAST_TTL', c.SOL_IP, c.IP_MULTICAST_TTL, hopLimit),
        option('IP_TTL', c.SOL_IP, c.IP_TTL, hopLimit),
        option('IP_MTU_DISCOVER', c.SOL_IP, c.IP_MTU_DISCOVER, c.IP_PMTUDISC_DONT),
      ]
    : [
        option('IPV6_MULTICAST_IF', c.SOL_IPV6, c.IPV6_MULTICAST_IF, interfaceIndex),
        option('IPV6_MULTICAST_LOOP', c.SOL_IPV6, c.IPV6_MULTICAST_LOOP, 0),
        option('IPV6_MULTICAST_HOPS', c.SOL_IPV6, c.IPV6_MULTICAST_HOPS, hopLimit),
        option('IPV6_UNICAST_HOPS', c.SOL_IPV6, c.IPV6_UNICAST_HOPS, hopLimit),
      ]
  const room = { name: 'SO_SNDBUFFORCE', level: c.SOL_SOCKET, option: c.SO_SNDBUFFORCE, value: buffer, optional: true }
  const set = setAll(descriptor, [...options, room], name)
  if (!set.ok) return set
  const to = encodeIpSocketAddress(destination, port, interfaceIndex)
  return ok({
    send(payload) {
      const sent = hfsys().sendmsg(descriptor.fd, payload, to, undefined, 0)
      return sent < 0 ? fail(systemError('sendmsg', sent, name)) : ok(undefined)
    },
    close: () => descriptor.close(),
  })
}

/**
 * Hears what comes by the interface for the group, or for this host where `destination` is none. The payload holds until the
 * handler returns.
 * @param onOverflow  so many datagrams found the socket's buffer full; known when the next comes
 */
export function openSyncReceiver({
  interface: name,
  destination,
  port,
  buffer = RECEIVE_BUFFER,
  onDatagram,
  onOverflow,
}: SyncEndpoint & {
  readonly onDatagram: (payload: Uint8Array, source: IpAddress) => void
  readonly onOverflow: (datagrams: number) => void
}): Result<SyncReceiver, SystemError> {
  const sys = hfsys()
  const of = familyOf(destination)
  const opened = open(name, of)
  if (!opened.ok) return opened
  const { descriptor, interfaceIndex } = opened.value
  const set = setAll(
    descriptor,
    [
      { name: 'SO_REUSEADDR', level: c.SOL_SOCKET, option: c.SO_REUSEADDR, value: 1 },
      { name: 'SO_RCVBUFFORCE', level: c.SOL_SOCKET, option: c.SO_RCVBUFFORCE, value: buffer, optional: true },
      { name: 'SO_RXQ_OVFL', level: c.SOL_SOCKET, option: c.SO_RXQ_OVFL, value: 1 },
      ...(of === 6 ? [{ name: 'IPV6_V6ONLY', level: c.SOL_IPV6, option: c.IPV6_V6ONLY, value: 1 }] : []),
      ...(isMulticast(destination) ? [family(destination).join(destination, interfaceIndex)] : []),
    ],
    name,
  )
  if (!set.ok) return set
  const at = isMulticast(destination) ? destination : ANY[of]
  const bound = sys.bind(descriptor.fd, encodeIpSocketAddress(at, port, interfaceIndex))
  if (bound < 0) {
    descriptor.close()
    return fail(systemError('bind', bound, `${name} port ${port}`))
  }
  /** Since the socket was opened, modulo 2^32. */
  let overflowed = 0
  const receiving = receiveDatagrams({
    descriptor,
    subject: name,
    longest: RECEIVE_SIZE,
    control: CONTROL_SIZE,
    onDatagram(payload, from, control) {
      const total = control.length === 0 ? overflowed : (overflowsIn(control) ?? overflowed)
      if (total !== overflowed) onOverflow((total - overflowed) >>> 0)
      overflowed = total
      const source = decodeIpSocketAddress(from)
      if (source !== undefined) onDatagram(payload, source)
    },
  })
  return receiving.ok ? ok({ close: () => descriptor.close() }) : receiving
}

function overflowsIn(control: Uint8Array): number | undefined {
  const data = findControlMessage(control, hfsys().wordSize, c.SOL_SOCKET, c.SO_RXQ_OVFL)
  if (data === undefined || data.length < 4) return undefined
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(0, hostIsLittleEndian)
}

type Opened = { readonly descriptor: Descriptor; readonly interfaceIndex: number }

function open(name: string, of: Family): Result<Opened, SystemError> {
  const sys = hfsys()
  const interfaceIndex = sys.ifIndex(name)
  if (interfaceIndex < 0) return fail({ code: 'ENODEV', call: 'if_nametoindex', message: `${name}: no such interface` })
  const opened = checked('socket', sys.socket(of === 4 ? c.AF_INET : c.AF_INET6, TYPE, 0))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  const device = {
    name: 'SO_BINDTODEVICE',
    level: c.SOL_SOCKET,
    option: c.SO_BINDTODEVICE,
    value: new TextEncoder().encode(`${name}\0`),
  }
  const set = setAll(descriptor, [device], name)
  return set.ok ? ok({ descriptor, interfaceIndex }) : set
}

function setAll(descriptor: Descriptor, options: readonly SocketOption[], subject: string): Result<void, SystemError> {
  for (const { name, level, option, value, optional } of options) {
    const outcome = hfsys().setsockopt(descriptor.fd, level, option, value)
    if (outcome >= 0 || optional) continue
    descriptor.close()
    return fail(systemError(`setsockopt ${name}`, outcome, subject))
  }
  return ok(undefined)
}

const option = (name: string, level: number, number: number, value: number | Uint8Array): SocketOption => ({
  name,
  level,
  option: number,
  value,
})

/** `struct ip_mreqn` with an index alone. */
function mreqn(interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setInt32(8, interfaceIndex, hostIsLittleEndian)
  return bytes
}
