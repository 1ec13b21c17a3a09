import { fail, type IpAddress, instant, micros, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, isWouldBlock, type SystemError, systemError } from '../descriptor/index.ts'
import type { GuardedSocket } from '../flood-guard/index.ts'
import { openArrivalClock, stampOf } from './arrival-clock.ts'
import * as c from './constants.ts'
import { openPace } from './pace.ts'
import type { OpenVrrpSocket, VrrpSocket } from './ports.ts'
import { SOCKET_ADDRESS_SIZE } from './socket-address.ts'
import type { SendHeader, SocketOption, VrrpFamily } from './vrrp-family.ts'
import { vrrpIpv4, vrrpIpv4Authenticated } from './vrrp-ipv4.ts'
import { vrrpIpv6 } from './vrrp-ipv6.ts'

/** Messages taken at one wake-up, so that a flood leaves time for the timers; the rest wakes the loop again. */
const BATCH = 128
/** The largest VRRP message has 255 IPv6 addresses: 4 kB and headers. What is longer arrives cut, and is judged so. */
const RECEIVE_SIZE = 16_384
/** Some hundred advertisements while a collection or a burst of route changes keeps the process busy. */
export const VRRP_RECEIVE_BUFFER = 262_144
/** A socket serves the virtual routers of one interface: each has few peers. */
const HEADER_CACHE = 256
const ANY_INTERFACE = 0
/** One more than fits: EINVAL in both families (ip(7), RFC 3542 §6.3). */
const NO_HOP_LIMIT = 256

/** With an interface, for it alone: whatever arrived between socket() and the binding is dropped by its index. */
export const openVrrpSocket: OpenVrrpSocket = (options) => {
  const sys = hfsys()
  const family = options.family === 6 ? vrrpIpv6 : options.authenticated === true ? vrrpIpv4Authenticated : vrrpIpv4
  const found = options.interface === '' ? ANY_INTERFACE : sys.ifIndex(options.interface)
  if (found < 0)
    return fail({ code: 'ENODEV', call: 'if_nametoindex', message: `${options.interface}: no such interface` })
  // By which interface of a VRF something goes or came is known as that interface, and not as the VRF.
  const interfaceIndex = options.anyInterface === true ? ANY_INTERFACE : found
  const opened = checked('socket', sys.socket(family.domain, TYPE, family.protocol))
  if (!opened.ok) return opened

  const descriptor = new Descriptor(opened.value)
  const prepared = prepare(descriptor, family, options, interfaceIndex)
  if (!prepared.ok) {
    descriptor.close()
    return prepared
  }

  const data = new Uint8Array(RECEIVE_SIZE)
  const address = new Uint8Array(SOCKET_ADDRESS_SIZE)
  const control = new Uint8Array(256)
  const lengths = new Int32Array(3)
  const arrivalOf = openArrivalClock({ now: () => instant(sys.clock()), wall: () => micros(sys.wallClock()) })

  const pace = openPace(descriptor, read, (error) =>
    options.onError(systemError('epoll_ctl', error, options.interface)),
  )
  function read(): void {
    // The handler may close the socket, so each turn looks.
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      const size = sys.recvmsg(descriptor.fd, data, address, control, 0, lengths)
      if (size < 0) {
        if (!isWouldBlock(size)) options.onError(systemError('recvmsg', size, options.interface))
        break
      }
      pace.count()
      const told = control.subarray(0, lengths[1])
      const arrivedAt = arrivalOf(stampOf(told, sys.wordSize))
      const datagram = family.receive(data.subarray(0, size), address.subarray(0, lengths[0]), told)
      if (datagram === undefined) continue
      if (interfaceIndex !== ANY_INTERFACE && datagram.interfaceIndex !== interfaceIndex) continue
      options.onDatagram(datagram, arrivedAt)
    }
  }
  const watching = pace.begin()
  if (watching < 0) {
    descriptor.close()
    return fail(systemError('epoll_ctl', watching, options.interface))
  }

  const headerFor = rememberHeaders(family, interfaceIndex)
  const send: VrrpSocket['send'] = ({ payload, source, destination, hopLimit }) => {
    const header = headerFor(source, destination, hopLimit)
    const sent = sys.sendmsg(descriptor.fd, payload, header.address, header.control, 0)
    return sent < 0 ? fail(systemError('sendmsg', sent, options.interface)) : ok(undefined)
  }
  let guarded: GuardedSocket | undefined
  return ok({
    send,
    protect(guard) {
      const attached = guard.protect(descriptor.fd, family.kind)
      if (attached.ok) guarded = attached.value
      return attached
    },
    rehearse(message) {
      headerFor(message.source, message.destination, message.hopLimit)
      send({ ...message, hopLimit: NO_HOP_LIMIT })
      return ok(undefined)
    },
    takeWaiting() {
      if (!descriptor.closed) read()
    },
    close: () => {
      pace.end()
      guarded?.release()
      descriptor.close()
    },
  })
}

type VrrpSocketOptions = Parameters<OpenVrrpSocket>[0]

/** The kernel doubles it, in a C int. */
const MOST_BUFFER = 0x3fffffff

const TYPE = c.SOCK_RAW | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC

function prepare(
  { fd }: Descriptor,
  family: VrrpFamily,
  { interface: name, groups, receiveBuffer = VRRP_RECEIVE_BUFFER }: VrrpSocketOptions,
  interfaceIndex: number,
): Result<void, SystemError> {
  const device = new TextEncoder().encode(`${name}\0`)
  const all: readonly SocketOption[] = [
    ...(name === ''
      ? []
      : [{ name: 'SO_BINDTODEVICE', level: c.SOL_SOCKET, option: c.SO_BINDTODEVICE, value: device }]),
    // Beyond net.core.rmem_max, which CAP_NET_ADMIN allows.
    {
      name: 'SO_RCVBUFFORCE',
      level: c.SOL_SOCKET,
      option: c.SO_RCVBUFFORCE,
      value: Math.min(receiveBuffer, MOST_BUFFER),
      optional: true,
    },
    // A backup counts from when an advertisement came, whatever this process did then.
    { name: 'SO_TIMESTAMPNS', level: c.SOL_SOCKET, option: c.SO_TIMESTAMPNS, value: 1, optional: true },
    ...family.options(interfaceIndex),
    // After IP_TOS, which sets a priority of its own.
    { name: 'SO_PRIORITY', level: c.SOL_SOCKET, option: c.SO_PRIORITY, value: c.TC_PRIO_CONTROL, optional: true },
    ...groups.map((group) => family.join(group, interfaceIndex)),
  ]
  for (const { name: option, level, option: number, value, optional } of all) {
    const outcome = hfsys().setsockopt(fd, level, number, value)
    if (outcome < 0 && !optional) return fail(systemError(`setsockopt ${option}`, outcome, name))
  }
  return ok(undefined)
}

/** The headers of one source, destination and hop limit do not change: advertisements find theirs ready. */
function rememberHeaders(family: VrrpFamily, interfaceIndex: number) {
  const remembered = new Map<string, SendHeader>()
  return (source: IpAddress, destination: IpAddress, hopLimit: number): SendHeader => {
    const key = `${source} ${destination} ${hopLimit}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    if (remembered.size >= HEADER_CACHE) remembered.clear()
    const header = family.sendHeader(source, destination, hopLimit, interfaceIndex)
    remembered.set(key, header)
    return header
  }
}
