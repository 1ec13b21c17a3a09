/** What the kernel tells, for the fuzzer: netlink beyond rtnetlink's headers, ancillary data, lines of /proc, and what roles make of them. */
import { addressBytes, address as addressOf, hostIsLittleEndian as host, type IpAddress } from '../../src/base/index.ts'
import { hfsys } from '../../src/native/index.ts'
import { readAddress, readLink, readNeighbour, readRoute } from '../../src/sys/netlink/read-message.ts'
import { IP_PKTINFO, IPV6_HOPLIMIT, IPV6_PKTINFO, SOL_IP, SOL_IPV6 } from '../../src/sys/socket/constants.ts'
import {
  type ControlMessage,
  decodeControlMessages,
  encodeControlMessages,
  findControlMessage,
} from '../../src/sys/socket/control-message.ts'
import type { VrrpDatagram } from '../../src/sys/socket/ports.ts'
import { decodeIpSocketAddress, encodeIpSocketAddress } from '../../src/sys/socket/socket-address.ts'
import type { VrrpFamily } from '../../src/sys/socket/vrrp-family.ts'
import { vrrpIpv4 } from '../../src/sys/socket/vrrp-ipv4.ts'
import { vrrpIpv6 } from '../../src/sys/socket/vrrp-ipv6.ts'
import {
  decodeGenericMessage,
  encodeGenericMessage,
  familyMessage,
  readFamily,
} from '../../src/wire/genetlink/index.ts'
import {
  type ConnectionLine,
  daemonAttribute,
  destinationAttribute,
  type IpvsDaemon,
  type IpvsService,
  infoAttributes,
  readConnectionLine,
  readDaemon,
  readDestination,
  readInfo,
  readService,
  readTimeouts,
  serviceAttribute,
  timeoutAttributes,
} from '../../src/wire/ipvs/index.ts'
import {
  type Attribute,
  bytesAttribute,
  type Decoded,
  decodeAddressMessage,
  decodeAttributes,
  decodeDone,
  decodeLinkMessage,
  decodeNeighbourMessage,
  decodeNextHops,
  decodeRouteMessage,
  encodeAddressMessage,
  encodeAttributes,
  encodeLinkMessage,
  encodeNeighbourMessage,
  encodeRouteMessage,
  IFA_ADDRESS,
  IFA_LABEL,
  IFA_LOCAL,
  IFLA_ADDRESS,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  multipathAttribute,
  NDA_DST,
  NDA_LLADDR,
  NLM_F_ACK_TLVS,
  nestedAttribute,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_VIA,
  stringAttribute,
  uint32Attribute,
} from '../../src/wire/netlink/index.ts'
import { NFTABLES, tableOfRemoval } from '../../src/wire/nftables/index.ts'
import { readTwice } from './frame-targets.ts'
import { NONE, routeOf, type Target } from './targets.ts'

const [client, virtual, server, client6, group6] = ['192.0.2.9', '192.0.2.1', '10.0.0.1', 'fe80::9', 'ff02::12'].map(
  addressOf,
) as [IpAddress, IpAddress, IpAddress, IpAddress, IpAddress]
const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)

const accepted = <T>(decoded: Decoded<T>): T | undefined => (decoded.ok ? decoded.value : undefined)
const encoded = (attributes: readonly Attribute[]): Uint8Array => encodeAttributes(attributes, host)
const number = (type: number, value: number): Attribute => uint32Attribute(type, value, host)

/** Of the attributes of a whole message, which are what a reply of IPVS consists of. */
const replyTarget = <T>(
  name: string,
  values: readonly T[],
  read: (message: readonly Attribute[]) => Decoded<T>,
  write: (value: T) => readonly Attribute[],
): Target => ({
  name,
  seeds: values.map((value) => encoded(write(value))),
  decode: readTwice(
    (bytes) => {
      const attributes = decodeAttributes(bytes, host)
      return attributes.ok ? accepted(read(attributes.value)) : undefined
    },
    (value) => encoded(write(value)),
  ),
})

const statistics = {
  connections: 1,
  inPackets: 2,
  outPackets: 3,
  inBytes: 4,
  outBytes: 2 ** 40,
  connectionRate: 6,
  inPacketRate: 7,
  outPacketRate: 8,
  inByteRate: 9,
  outByteRate: 10,
}
const service = { scheduler: 'wlc', flags: 3, flagMask: 0xffff_ffff, timeout: 300, netmask: 0xffff_ffff }

/** A message whose attributes are told in words of the role's: the same from the message as from what is made of it. */
const toldTarget = <M, T>(
  name: string,
  seeds: readonly M[],
  decode: (bytes: Uint8Array) => Decoded<M>,
  encode: (message: M) => Uint8Array,
  read: (bytes: Uint8Array) => T | undefined,
): Target => ({
  name,
  seeds: seeds.map(encode),
  covers: '/src/',
  guided: 2_000_000,
  decode: readTwice(
    (bytes) => {
      const told = read(bytes)
      const message = accepted(decode(bytes))
      return told === undefined || message === undefined ? undefined : { told, message }
    },
    ({ message }) => encode(message),
  ),
})

const linkOf = (attributes: readonly Attribute[]) => ({
  family: 0,
  linkType: 1,
  index: 2,
  flags: 0x1043,
  change: 0,
  attributes,
})
const nextHop = (index: number, gateway: IpAddress) => ({
  flags: 0,
  hops: 1,
  index,
  attributes: [bytesAttribute(RTA_GATEWAY, addressBytes(gateway))],
})

const HEX = 16
const hexOf = (value: number, digits: number): string => value.toString(HEX).toUpperCase().padStart(digits, '0')
const addressText = (address: IpAddress): string =>
  address.includes(':') ? address : [...addressBytes(address)].map((byte) => hexOf(byte, 2)).join('')

function lineOf(line: ConnectionLine): string {
  const ends = [
    [line.client, line.clientPort],
    [line.virtual, line.virtualPort],
    [line.destination, line.destinationPort],
  ] as const
  const { name, data } = line.persistenceEngine ?? {}
  return [
    line.protocol,
    ...ends.flatMap(([address, port]) => [addressText(address), hexOf(port, 4)]),
    line.state,
    String(line.expiresIn),
    ...(name === undefined ? [] : [name, data]),
  ].join(' ')
}
const connection: ConnectionLine = {
  protocol: 'TCP',
  client,
  clientPort: 40_000,
  virtual,
  virtualPort: 443,
  destination: server,
  destinationPort: 8443,
  state: 'ESTABLISHED',
  expiresIn: 897,
}
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const NFT_MSG_DELTABLE = 2
const removal = (table: string): Uint8Array =>
  Uint8Array.of(NFTABLES, NFT_MSG_DELTABLE, 2, 0, 0, 0, ...encoded([stringAttribute(1, table)]))

/** The end of a dump, with its flags in the first byte. */
const doneOf = ({ errno, attributes }: { readonly errno: number; readonly attributes: readonly Attribute[] }) => {
  const bytes = new Uint8Array(5)
  bytes[0] = NLM_F_ACK_TLVS >> 8
  new DataView(bytes.buffer).setInt32(1, -errno, host)
  return Uint8Array.of(...bytes, ...encoded(attributes))
}

/** What a call of recvmsg fills: ancillary data, who sent it, what was sent; the lengths of the first two ahead. */
const received = (control: Uint8Array, from: Uint8Array, data: Uint8Array): Uint8Array =>
  Uint8Array.of(control.length, from.length, ...control, ...from, ...data)

const WORD = hfsys().wordSize
const int32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, host)
  return bytes
}

function ipv4Received({ payload, source, destination, hopLimit, interfaceIndex, declaredLength = 0 }: VrrpDatagram) {
  const control = {
    level: SOL_IP,
    type: IP_PKTINFO,
    data: Uint8Array.of(...int32(interfaceIndex), ...new Uint8Array(8)),
  }
  const length = 20 + declaredLength
  const header = [0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, hopLimit, 112, 0, 0]
  return received(
    encodeControlMessages([control], WORD),
    encodeIpSocketAddress(source),
    Uint8Array.of(...header, ...new Uint8Array(4), ...addressBytes(destination), ...payload),
  )
}

function ipv6Received({ payload, source, destination, hopLimit, interfaceIndex }: VrrpDatagram) {
  const info = Uint8Array.of(...addressBytes(destination), ...int32(interfaceIndex))
  const control: ControlMessage[] = [
    { level: SOL_IPV6, type: IPV6_PKTINFO, data: info },
    { level: SOL_IPV6, type: IPV6_HOPLIMIT, data: int32(hopLimit) },
  ]
  return received(encodeControlMessages(control, WORD), encodeIpSocketAddress(source), payload)
}

const receivedTarget = (
  family: VrrpFamily,
  seed: Uint8Array,
  make: (datagram: VrrpDatagram) => Uint8Array,
): Target => ({
  name: `what a socket receives, ${family.kind}`,
  seeds: [seed],
  covers: '/src/sys/socket/',
  decode: readTwice((bytes) => {
    const [control = 0, from = 0] = bytes
    const data = bytes.subarray(2 + control + from)
    return family.receive(data, bytes.subarray(2 + control, 2 + control + from), bytes.subarray(2, 2 + control))
  }, make),
})

const advertisement = { payload: Uint8Array.of(1, 2, 3), hopLimit: 255, interfaceIndex: 2 }

export const kernelTargets: readonly Target[] = [
  {
    name: 'generic netlink family',
    seeds: [encodeGenericMessage(familyMessage({ name: 'IPVS', id: 33, version: 1 }, host), host)],
    decode: readTwice(
      (bytes) => {
        const message = decodeGenericMessage(bytes, host)
        return message.ok ? accepted(readFamily(message.value, host)) : undefined
      },
      (family) => encodeGenericMessage(familyMessage(family, host), host),
    ),
  },
  replyTarget<IpvsService>(
    'IPVS service',
    [
      { ...service, identity: { kind: 'address', protocol: 6, address: virtual, port: 80 }, statistics },
      { ...service, identity: { kind: 'address', protocol: 17, address: client6, port: 53 }, persistenceEngine: 'sip' },
      { ...service, identity: { kind: 'fwmark', family: 6, mark: 7 } },
    ],
    (message) => readService(message, host),
    (value) => [serviceAttribute(value, host)],
  ),
  replyTarget(
    'IPVS destination',
    [server, client6].map((address) => ({
      address,
      port: 80,
      method: 3,
      weight: 1,
      upperThreshold: 10,
      lowerThreshold: 5,
      tunnelType: 1,
      tunnelPort: 6080,
      tunnelFlags: 1,
      counts: { active: 1, inactive: 2, persistent: 3 },
      statistics,
    })),
    (message) => readDestination(message, 4, host),
    (value) => [destinationAttribute(value, host)],
  ),
  replyTarget<IpvsDaemon>(
    'IPVS sync daemon',
    [
      { role: 'master', interface: 'eth0', syncId: 7, maxLength: 1472, group: virtual, port: 8848, ttl: 1 },
      { role: 'backup', interface: 'eth0', syncId: 7, group: group6 },
    ],
    (message) => readDaemon(message, host),
    (value) => [daemonAttribute(value, host)],
  ),
  replyTarget(
    'IPVS timeouts',
    [{ tcp: 900, tcpFin: 120, udp: 300 }],
    (message) => readTimeouts(message, host),
    (value) => timeoutAttributes(value, host),
  ),
  replyTarget(
    'IPVS information',
    [{ version: 0x10201, connectionTableSize: 4096 }],
    (message) => readInfo(message, host),
    (value) => infoAttributes(value, host),
  ),
  {
    name: 'line of an IPVS connection',
    seeds: [
      { ...connection, persistenceEngine: { name: 'sip', data: 'call 1' } },
      { ...connection, client: client6, virtual: client6, destination: client6 },
    ].map((line) => textBytes(lineOf(line))),
    decode: readTwice(
      (bytes) => readConnectionLine(new TextDecoder().decode(bytes)),
      (line) => textBytes(lineOf(line)),
    ),
  },
  {
    name: 'removal from nf_tables',
    seeds: [removal('holdfast')],
    decode: readTwice((bytes) => {
      const message = { flags: 0, sequence: 0, port: 0, payload: bytes.subarray(2) }
      return tableOfRemoval({ ...message, type: ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0) }, host)
    }, removal),
  },
  {
    name: 'next hops of a route',
    seeds: [multipathAttribute(RTA_MULTIPATH, [nextHop(2, client), nextHop(3, server)], host).value],
    decode: readTwice(
      (bytes) => {
        const hops = accepted(decodeNextHops(bytes, host))
        return hops?.length === 0 ? undefined : hops
      },
      (hops) => multipathAttribute(RTA_MULTIPATH, hops, host).value,
    ),
  },
  {
    name: 'end of a dump',
    seeds: [doneOf({ errno: 16, attributes: [stringAttribute(1, 'no')] })],
    decode: readTwice((bytes) => accepted(decodeDone(bytes.subarray(1), (bytes[0] ?? 0) << 8, host)), doneOf),
  },
  ...[4, 8].map(
    (wordSize): Target => ({
      name: `ancillary data, words of ${wordSize} bytes`,
      seeds: [
        encodeControlMessages(
          [
            { level: SOL_IP, type: IP_PKTINFO, data: new Uint8Array(12) },
            { level: SOL_IPV6, type: IPV6_HOPLIMIT, data: int32(255) },
          ],
          wordSize,
        ),
      ],
      covers: '/src/sys/socket/',
      decode: readTwice(
        (bytes) => {
          const messages = decodeControlMessages(bytes, wordSize)
          for (const { level, type } of messages) {
            const found = findControlMessage(bytes, wordSize, level, type)
            const first = messages.find((one) => one.level === level && one.type === type)
            if (Buffer.compare(found ?? NONE, first?.data ?? NONE) !== 0)
              throw new Error(`found another ${level} ${type}`)
          }
          return messages.length === 0 ? undefined : messages
        },
        (messages) => encodeControlMessages(messages, wordSize),
      ),
    }),
  ),
  {
    name: 'socket address',
    seeds: [client, client6].map((one) => encodeIpSocketAddress(one, 80, 2)),
    covers: '/src/sys/socket/',
    decode: readTwice(decodeIpSocketAddress, (one) => encodeIpSocketAddress(one)),
  },
  receivedTarget(
    vrrpIpv4,
    ipv4Received({ ...advertisement, source: client, destination: virtual, declaredLength: 3 }),
    ipv4Received,
  ),
  receivedTarget(vrrpIpv6, ipv6Received({ ...advertisement, source: client6, destination: group6 }), ipv6Received),
  toldTarget(
    'interface',
    [
      linkOf([
        stringAttribute(IFLA_IFNAME, 'vrrp.51'),
        stringAttribute(IFLA_IFALIAS, 'holdfast virtual link'),
        bytesAttribute(IFLA_ADDRESS, mac),
        number(IFLA_LINK, 2),
        nestedAttribute(
          IFLA_LINKINFO,
          [
            stringAttribute(IFLA_INFO_KIND, 'macvlan'),
            nestedAttribute(IFLA_INFO_DATA, [number(IFLA_MACVLAN_MODE, 1)], host),
          ],
          host,
        ),
      ]),
    ],
    (bytes) => decodeLinkMessage(bytes, host),
    (message) => encodeLinkMessage(message, host),
    readLink,
  ),
  toldTarget(
    'address of an interface',
    [
      {
        family: 2,
        prefixLength: 24,
        flags: 0,
        scope: 0,
        index: 2,
        attributes: [
          bytesAttribute(IFA_ADDRESS, addressBytes(client)),
          bytesAttribute(IFA_LOCAL, addressBytes(virtual)),
          stringAttribute(IFA_LABEL, 'eth0:1'),
        ],
      },
    ],
    (bytes) => decodeAddressMessage(bytes, host),
    (message) => encodeAddressMessage(message, host),
    readAddress,
  ),
  toldTarget(
    'neighbour of an interface',
    [
      {
        family: 2,
        index: 2,
        state: 2,
        flags: 0,
        type: 1,
        attributes: [bytesAttribute(NDA_DST, addressBytes(client)), bytesAttribute(NDA_LLADDR, mac)],
      },
    ],
    (bytes) => decodeNeighbourMessage(bytes, host),
    (message) => encodeNeighbourMessage(message, host),
    readNeighbour,
  ),
  toldTarget(
    'route to an address',
    [
      routeOf([
        number(RTA_OIF, 2),
        bytesAttribute(RTA_GATEWAY, addressBytes(client)),
        bytesAttribute(RTA_PREFSRC, addressBytes(virtual)),
      ]),
      routeOf([number(RTA_OIF, 2), bytesAttribute(RTA_VIA, Uint8Array.of(10, 0, ...addressBytes(client6)))]),
    ],
    (bytes) => decodeRouteMessage(bytes, host),
    (message) => encodeRouteMessage(message, host),
    readRoute,
  ),
]
