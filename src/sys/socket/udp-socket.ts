import { address, addressFromBytes, fail, familyOf, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, type SystemError, systemError } from '../descriptor/index.ts'
import * as c from './constants.ts'
import { decodeControlMessages } from './control-message.ts'
import { addressFilter } from './filter.ts'
import type { OpenUdpReceiver, OpenUdpSender, UdpDatagram } from './ports.ts'
import { receiveDatagrams } from './receive-loop.ts'
import { decodeIpSocketAddress, encodeIpSocketAddress } from './socket-address.ts'
import type { SocketOption } from './vrrp-family.ts'

/** More than any control packet; what is longer arrives cut, and its length tells. */
const RECEIVE_SIZE = 512
/** Hop limit and destination, with room for more. */
const CONTROL_SIZE = 256
const RECEIVE_BUFFER = 262_144
/** SKF_NET_OFF (linux/filter.h): a filter's offset from here on counts from the network header, not from the UDP header. */
const NETWORK_HEADER = -0x100000
/** Where the last four bytes of the source lie in it. */
const SOURCE = { 4: 12, 6: 20 } as const
/** linux/sock_diag.h: words of 32 bits, and which of them counts what the socket did not take. */
const SK_MEMINFO_VARS = 9
const SK_MEMINFO_DROPS = 8
/** Nothing is read from the socket that sends. */
const LEAST_BUFFER = 1
const ANY_INTERFACE = 0

const TYPE = c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC
const ANY = { 4: address('0.0.0.0'), 6: address('::') } as const

export const openUdpReceiver: OpenUdpReceiver = ({ family, port, onDatagram }) => {
  const sys = hfsys()
  const subject = `UDP port ${port}`
  const opened = open(family, [
    ...(family === 4
      ? [
          { name: 'IP_PKTINFO', level: c.SOL_IP, option: c.IP_PKTINFO, value: 1 },
          { name: 'IP_RECVTTL', level: c.SOL_IP, option: c.IP_RECVTTL, value: 1 },
        ]
      : [
          { name: 'IPV6_V6ONLY', level: c.SOL_IPV6, option: c.IPV6_V6ONLY, value: 1 },
          { name: 'IPV6_RECVPKTINFO', level: c.SOL_IPV6, option: c.IPV6_RECVPKTINFO, value: 1 },
          { name: 'IPV6_RECVHOPLIMIT', level: c.SOL_IPV6, option: c.IPV6_RECVHOPLIMIT, value: 1 },
        ]),
    { name: 'SO_RCVBUFFORCE', level: c.SOL_SOCKET, option: c.SO_RCVBUFFORCE, value: RECEIVE_BUFFER, optional: true },
  ])
  if (!opened.ok) return opened
  const descriptor = opened.value
  const bound = sys.bind(descriptor.fd, encodeIpSocketAddress(ANY[family], port))
  if (bound < 0) {
    descriptor.close()
    return fail(systemError('bind', bound, subject))
  }
  const receiving = receiveDatagrams({
    descriptor,
    subject,
    longest: RECEIVE_SIZE,
    control: CONTROL_SIZE,
    onDatagram(payload, from, control) {
      const datagram = datagramOf(payload, from, control)
      if (datagram !== undefined) onDatagram(datagram)
    },
  })
  if (!receiving.ok) return receiving
  return ok({
    listen(sources) {
      const filter = addressFilter(sources, NETWORK_HEADER + SOURCE[family])
      const attached = checked('setsockopt SO_ATTACH_FILTER', sys.attachFilter(descriptor.fd, filter))
      return attached.ok ? ok(undefined) : attached
    },
    keptBack() {
      const counts = new Int32Array(SK_MEMINFO_VARS)
      if (sys.getsockopt(descriptor.fd, c.SOL_SOCKET, c.SO_MEMINFO, counts) < 0) return 0
      return (counts[SK_MEMINFO_DROPS] ?? 0) >>> 0
    },
    drain: receiving.value,
    close: () => descriptor.close(),
  })
}

export const openUdpSender: OpenUdpSender = (options) => {
  const { interface: name, destination } = options
  const sys = hfsys()
  let current = openSending(options)
  if (!current.ok) return current

  function send(payload: Uint8Array): Result<void, SystemError> {
    if (!current.ok) return current
    const { descriptor, to } = current.value
    const sent = sys.sendmsg(descriptor.fd, payload, to, undefined, 0)
    return sent < 0 ? fail(systemError('sendmsg', sent, destination)) : ok(undefined)
  }

  return ok({
    send(payload) {
      const sent = send(payload)
      if (sent.ok || name === undefined) return sent
      // The interface may be another one of that name by now.
      if (current.ok && current.value.interfaceIndex === sys.ifIndex(name)) return sent
      if (current.ok) current.value.descriptor.close()
      current = openSending(options)
      return send(payload)
    },
    isOn: (interfaceIndex) => name === undefined || sys.ifIndex(name) === interfaceIndex,
    close() {
      if (current.ok) current.value.descriptor.close()
    },
  })
}

type Sending = { readonly descriptor: Descriptor; readonly to: Uint8Array; readonly interfaceIndex: number }

/** A socket bound to its port, and where it sends. */
function openSending(options: Parameters<OpenUdpSender>[0]): Result<Sending, SystemError> {
  const { destination, port, source, sourcePort, hopLimit, interface: name } = options
  const sys = hfsys()
  const interfaceIndex = name === undefined ? ANY_INTERFACE : sys.ifIndex(name)
  if (interfaceIndex < 0) return fail({ code: 'ENODEV', call: 'if_nametoindex', message: `${name}: no such interface` })
  const family = familyOf(destination)
  const opened = open(family, [
    ...(family === 4
      ? [
          { name: 'IP_TTL', level: c.SOL_IP, option: c.IP_TTL, value: hopLimit },
          { name: 'IP_TOS', level: c.SOL_IP, option: c.IP_TOS, value: c.TOS_INTERNETWORK_CONTROL },
        ]
      : [
          { name: 'IPV6_UNICAST_HOPS', level: c.SOL_IPV6, option: c.IPV6_UNICAST_HOPS, value: hopLimit },
          { name: 'IPV6_TCLASS', level: c.SOL_IPV6, option: c.IPV6_TCLASS, value: c.TOS_INTERNETWORK_CONTROL },
        ]),
    // After IP_TOS, which sets a priority of its own.
    { name: 'SO_PRIORITY', level: c.SOL_SOCKET, option: c.SO_PRIORITY, value: c.TC_PRIO_CONTROL, optional: true },
    { name: 'SO_RCVBUF', level: c.SOL_SOCKET, option: c.SO_RCVBUF, value: LEAST_BUFFER, optional: true },
  ])
  if (!opened.ok) return opened
  const descriptor = opened.value
  const bound = sys.bind(descriptor.fd, encodeIpSocketAddress(source ?? ANY[family], sourcePort, interfaceIndex))
  if (bound < 0) {
    descriptor.close()
    return fail(systemError('bind', bound, `${source ?? ANY[family]} port ${sourcePort}`))
  }
  return ok({ descriptor, to: encodeIpSocketAddress(destination, port, interfaceIndex), interfaceIndex })
}

function open(family: 4 | 6, options: readonly SocketOption[]): Result<Descriptor, SystemError> {
  const { socket, setsockopt } = hfsys()
  const opened = checked('socket', socket(family === 4 ? c.AF_INET : c.AF_INET6, TYPE, 0))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  for (const { name, level, option, value, optional } of options) {
    const outcome = setsockopt(descriptor.fd, level, option, value)
    if (outcome >= 0 || optional) continue
    descriptor.close()
    return fail(systemError(`setsockopt ${name}`, outcome))
  }
  return ok(descriptor)
}

/** Undefined without a source or without the ancillary data that was asked for. */
function datagramOf(payload: Uint8Array, from: Uint8Array, control: Uint8Array): UdpDatagram | undefined {
  const source = decodeIpSocketAddress(from)
  if (source === undefined) return undefined
  const isIpv4 = familyOf(source) === 4
  let hopLimit = -1
  let info: Uint8Array | undefined
  for (const { level, type, data } of decodeControlMessages(control, hfsys().wordSize)) {
    if (level !== (isIpv4 ? c.SOL_IP : c.SOL_IPV6)) continue
    if (type === (isIpv4 ? c.IP_PKTINFO : c.IPV6_PKTINFO)) info = data
    else if (type === (isIpv4 ? c.IP_TTL : c.IPV6_HOPLIMIT) && data.length >= 4) hopLimit = integerAt(data, 0)
  }
  // struct in_pktinfo is index, local address, destination; struct in6_pktinfo is destination, index.
  if (info === undefined || info.length < (isIpv4 ? 12 : 20)) return undefined
  const destination = addressFromBytes(isIpv4 ? info.subarray(8, 12) : info.subarray(0, 16))
  return { payload, source, destination, hopLimit, interfaceIndex: integerAt(info, isIpv4 ? 0 : 16) }
}

const integerAt = (data: Uint8Array, at: number): number =>
  new DataView(data.buffer, data.byteOffset, data.length).getInt32(at, hostIsLittleEndian)
