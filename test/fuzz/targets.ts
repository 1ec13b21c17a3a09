/**
 * What decodes bytes from outside, for the fuzzer: each with messages to start from, and with what it makes of bytes that it
 * accepts, which has to be those bytes again. Bytes that a decoder is to ignore (padding, reserved fields) are zero in both.
 */

import { address, addressBytes, centiseconds, internetChecksum, pseudoHeader } from '../../src/base/index.ts'
import { decodeGratuitousArp, encodeGratuitousArp, readArpClaim } from '../../src/wire/arp/index.ts'
import { decodeControlPacket, encodeControlPacket } from '../../src/wire/bfd/index.ts'
import {
  type Call,
  decodeCall,
  encodeCall,
  encodeFrame,
  type Frame,
  FrameReader,
} from '../../src/wire/catch-up/index.ts'
import {
  answers,
  type DnsRecord,
  decodeAnswers,
  decodeMessage,
  encodeName,
  encodeQuery,
  recordTypes,
} from '../../src/wire/dns/index.ts'
import { decodeEchoReply, encodeEchoRequest } from '../../src/wire/icmp/index.ts'
import {
  connectionFlags,
  decodeSyncMessage,
  type SyncedConnection,
  SyncWriter,
} from '../../src/wire/ipvs-sync/index.ts'
import {
  decodeUnsolicitedAdvertisement,
  encodeUnsolicitedAdvertisement,
  readNeighbourClaim,
} from '../../src/wire/ndisc/index.ts'
import {
  type Attribute,
  type Decoded,
  decodeAcknowledgement,
  decodeAddressMessage,
  decodeAttributes,
  decodeLinkMessage,
  decodeMessages,
  decodeNeighbourMessage,
  decodeRouteMessage,
  decodeRuleMessage,
  encodeAcknowledgement,
  encodeAddressMessage,
  encodeAttributes,
  encodeLinkMessage,
  encodeMessage,
  encodeNeighbourMessage,
  encodeRouteMessage,
  encodeRuleMessage,
} from '../../src/wire/netlink/index.ts'
import {
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  decodeAuthenticationHeader,
  decodeHmacTrailer,
  encodeAdvertisementV2,
  encodeAdvertisementV3,
  encodeAuthenticationHeader,
  encodeHmacTrailer,
  passwordData,
  peekVirtualRouterId,
  splitTrailer,
} from '../../src/wire/vrrp/index.ts'
import { bytes } from '../wire/bytes.ts'

export type Target = {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** Undefined: refused. Otherwise what was accepted and the same made anew, both without what is ignored. */
  decode(bytes: Uint8Array): readonly [accepted: Uint8Array, again: Uint8Array] | undefined
  /** Makes a checksum right, so that mutants get past it. */
  mend?(bytes: Uint8Array): void
  /** Pieces that mutants are also made of. */
  readonly words?: readonly Uint8Array[]
  /** The longest mutant; 600 bytes if it is not said. */
  readonly most?: number
  /** How many times dearer than a decoder of packets one input is; `make test` has that many fewer. */
  readonly cost?: number
  /** Part of the address of the scripts that coverage is of; those of wire if it is not said. */
  readonly covers?: string
  /** How many inputs coverage guides, which doubles what one costs; all if it is not said. */
  readonly guided?: number
}

const [router, host, group, group6] = ['192.0.2.1', '192.0.2.100', '224.0.0.18', 'ff02::12'].map(address) as [
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
]
const linkLocal = address('fe80::1')
const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)
const little = true
export const NONE = new Uint8Array(0)

/** A checksum of 0 and one of ffff are the same number in one's complement. */
function oneZero(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  if (copy[at] === 0xff && copy[at + 1] === 0xff) copy.fill(0, at, at + 2)
  return copy
}
function without(bytes: Uint8Array, ...ranges: readonly (readonly [from: number, to: number])[]): Uint8Array {
  const copy = bytes.slice()
  for (const [from, to] of ranges) copy.fill(0, from, to)
  return copy
}
/** The Internet checksum of these bytes, put where it belongs. */
export function sumInto(bytes: Uint8Array, at: number, from: number, to: number, pseudo: Uint8Array = NONE): void {
  if (bytes.length < at + 2 || to > bytes.length) return
  bytes.fill(0, at, at + 2)
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(at, internetChecksum(pseudo, bytes.subarray(from, to)))
}

const v2 = (count: number, authenticationType: number) =>
  encodeAdvertisementV2({
    version: 2,
    virtualRouterId: 51,
    priority: 100,
    authenticationType,
    interval: 1,
    addresses: Array.from({ length: count }, () => host),
    authenticationData: passwordData(authenticationType === 1 ? 'secret' : ''),
  })

const v3 = (size: 4 | 16, count: number): Uint8Array =>
  encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId: 51,
      priority: 100,
      reserved: 0,
      interval: centiseconds(100),
      addresses: Array.from({ length: count }, () => (size === 4 ? host : linkLocal)),
      checksum: 'with-pseudo-header',
    },
    size,
    pseudoOf(size, 8 + count * size),
  )
const pseudoOf = (size: 4 | 16, length: number): Uint8Array =>
  size === 4 ? pseudoHeader(router, group, 112, length) : pseudoHeader(linkLocal, group6, 112, length)

const v3Target = (size: 4 | 16): Target => ({
  name: `VRRPv3 over IPv${size === 4 ? 4 : 6}`,
  seeds: [v3(size, 1), v3(size, 3), v3(size, 20)],
  decode(bytes) {
    const decoded = decodeAdvertisementV3(bytes, size, pseudoOf(size, bytes.length))
    if (!decoded.ok) return undefined
    const again = encodeAdvertisementV3(decoded.value, size, pseudoOf(size, bytes.length))
    return [oneZero(bytes.subarray(0, again.length), 6), oneZero(again, 6)]
  },
  mend: (bytes) => sumInto(bytes, 6, 0, bytes.length, pseudoOf(size, bytes.length)),
})

const dnsQuery = encodeQuery({ id: 7, name: encodeName('example.com') ?? new Uint8Array(0), type: 'SOA' })

/** An alias, an address, and a service, with names that point to others. */
const dnsAnswer = bytes(`0007 8580 0001 0003 0000 0000 03777777 0474657374 00 0001 0001
  c00c 0005 0001 0000001e 0006 03776562 c010
  c026 0001 0001 0000003c 0004 c0000216
  c00c 0021 0001 00000000 000c 000a 0003 1f90 03776562 c010`)
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A name as it is told, as it travels: `\DDD` is a byte. */
function plainName(text: string): readonly number[] {
  if (text === '.') return [0]
  const labels = text
    .split('.')
    .map((label) =>
      [...label.matchAll(/\\(\d{3})|(.)/g)].map(([, code, letter = '']) =>
        code === undefined ? letter.charCodeAt(0) : Number(code),
      ),
    )
  return [...labels.flatMap((label) => [label.length, ...label]), 0]
}

/** An answer with these records, without compression. */
function dnsRecords(records: readonly DnsRecord[]): Uint8Array {
  const u16 = (value: number) => [value >> 8, value & 0xff]
  const dataOf = (record: DnsRecord): readonly number[] => {
    if (record.type === 'CNAME') return plainName(record.target)
    if (record.type !== 'SRV') return [...addressBytes(record.address)]
    return [...u16(record.priority), ...u16(record.weight), ...u16(record.port), ...plainName(record.target)]
  }
  const bytes = records.flatMap((record) => {
    const data = dataOf(record)
    const ttl = [...u16(record.ttl >>> 16), ...u16(record.ttl & 0xffff)]
    return [...plainName(record.name), ...u16(recordTypes[record.type]), 0, 1, ...ttl, ...u16(data.length), ...data]
  })
  return Uint8Array.from([0, 7, 0x80, 0, 0, 0, ...u16(records.length), 0, 0, 0, 0, ...bytes])
}

const attribute = (type: number, ...value: readonly number[]): Attribute => ({
  type,
  flags: 0,
  value: Uint8Array.from(value),
})
const attributes = [attribute(1, 192, 0, 2, 1), attribute(3, 101, 116, 104, 48, 0), attribute(8, 1, 2, 3, 4)]

/** Padding after an attribute may hold anything, and the last one may lack it: compared is what is made of what is made. */
export function headed<T>(
  name: string,
  seed: Uint8Array,
  decode: (bytes: Uint8Array, order: boolean) => Decoded<T>,
  encode: (value: T, order: boolean) => Uint8Array,
): Target {
  return {
    name,
    seeds: [seed],
    decode(bytes) {
      const first = decode(bytes, little)
      if (!first.ok) return undefined
      const made = encode(first.value, little)
      const second = decode(made, little)
      return [made, second.ok ? encode(second.value, little) : NONE]
    },
  }
}

const synced: SyncedConnection = {
  protocol: 6,
  flags: connectionFlags.directRouting,
  state: 1,
  client: Uint8Array.of(192, 0, 2, 9),
  clientPort: 40_000,
  virtual: Uint8Array.of(192, 0, 2, 1),
  virtualPort: 80,
  destination: Uint8Array.of(10, 0, 0, 1),
  destinationPort: 80,
  mark: 0,
  timeout: 900,
}
const NUMBERS = { initial: 1, delta: 2, previousDelta: 3 }

function syncMessage(version: 0 | 1, syncId: number, connections: readonly SyncedConnection[]): Uint8Array {
  const writer = new SyncWriter(version, syncId, 65_507, little)
  for (const connection of connections) writer.add(connection)
  return writer.take()
}

/** Bytes between entries and after the last may hold anything: compared is what is made of what is made. */
const syncTarget = (version: 0 | 1, connections: readonly SyncedConnection[]): Target => ({
  name: `IPVS sync message, version ${version}`,
  seeds: [syncMessage(version, 51, connections.slice(0, 1)), syncMessage(version, 51, connections)],
  decode(bytes) {
    const first = decodeSyncMessage(bytes, little)
    if (!first.ok) return undefined
    const made = syncMessage(first.value.version, first.value.syncId, first.value.connections)
    const second = decodeSyncMessage(made, little)
    if (!second.ok || second.value.faults.length > 0) return [made, NONE]
    return [made, syncMessage(second.value.version, second.value.syncId, second.value.connections)]
  },
  mend(bytes) {
    if (bytes.length >= 4) new DataView(bytes.buffer, bytes.byteOffset).setUint16(2, bytes.length)
  },
})

/** An IPv4 route of the main table. */
export const routeOf = (attributes: readonly Attribute[]) => ({
  family: 2,
  destinationLength: 24,
  sourceLength: 0,
  tos: 0,
  table: 254,
  protocol: 3,
  scope: 0,
  type: 1,
  flags: 0,
  attributes,
})

const na = encodeUnsolicitedAdvertisement({ mac, address: address('2001:db8::100'), router: true, override: true })

const drawn = new Uint8Array(16).fill(0x5a)
const calls: readonly Call[] = [
  { type: 'query', syncId: 51, asker: drawn, teller: NONE, port: 0 },
  { type: 'offer', syncId: 51, asker: drawn, teller: drawn, port: 8847 },
  { type: 'hello', syncId: 51, asker: drawn, teller: drawn, port: 0 },
]
const frames: readonly Frame[] = [
  { type: 'connections', message: Uint8Array.of(1, 2, 3) },
  { type: 'end', told: 1 },
]

export const targets: readonly Target[] = [
  {
    name: 'call for all connections',
    seeds: calls.map((call) => encodeCall(call)),
    decode(bytes) {
      const call = decodeCall(bytes)
      if (!call.ok) return undefined
      // What is reserved may hold anything.
      const accepted = bytes.slice()
      accepted[7] = 0
      if (call.value.type === 'offer') accepted.fill(0, accepted.length - 2)
      return [accepted, encodeCall(call.value)]
    },
  },
  {
    name: 'frames of all connections',
    seeds: [Buffer.concat(frames.map((frame) => encodeFrame(frame)))],
    decode(bytes) {
      const made: Uint8Array[] = []
      for (const read of new FrameReader().read(bytes)) if (read.ok) made.push(encodeFrame(read.value))
      const again = Buffer.concat(made)
      return again.length === 0 ? undefined : [bytes.subarray(0, again.length), again]
    },
  },
  {
    name: 'DNS message',
    seeds: [dnsQuery, Uint8Array.from([...dnsQuery.subarray(0, 2), 0x85, 0x83, ...dnsQuery.subarray(4)])],
    decode(bytes) {
      const decoded = decodeMessage(bytes)
      if (!decoded.ok) return undefined
      answers(decoded.value, dnsQuery)
      const { question } = decoded.value
      // What is read of a question is what a query of it would say.
      return question === undefined ? [NONE, NONE] : [bytes.subarray(12, 12 + question.name.length), question.name]
    },
  },
  {
    name: 'DNS records',
    seeds: [dnsAnswer],
    decode(bytes) {
      const decoded = decodeAnswers(bytes)
      if (!decoded.ok) return undefined
      // What is read of them is within what a record can hold, and reads the same when it is written without compression.
      const again = decodeAnswers(dnsRecords(decoded.value))
      return [textBytes(JSON.stringify(decoded.value)), textBytes(JSON.stringify(again.ok ? again.value : again.error))]
    },
  },
  {
    name: 'ICMP echo reply',
    seeds: [Uint8Array.from([0x45, ...new Uint8Array(19), 0, 0, 0xeb, 0xc6, 0x12, 0x34, 0, 1, 0, 1, 2, 3])],
    decode(bytes) {
      const decoded = decodeEchoReply(4, bytes)
      if (!decoded.ok) return undefined
      const header = ((bytes[0] ?? 0) & 15) * 4
      const request = encodeEchoRequest(4, decoded.value)
      return [bytes.subarray(header + 4), request.subarray(4)]
    },
    mend(bytes) {
      const header = ((bytes[0] ?? 0) & 15) * 4
      if (bytes.length >= header + 8) sumInto(bytes, header + 2, header, bytes.length)
    },
  },
  {
    name: 'VRRPv2',
    seeds: [v2(1, 0), v2(3, 1), v2(20, 2)],
    decode(bytes) {
      const decoded = decodeAdvertisementV2(bytes)
      if (!decoded.ok) return undefined
      const again = encodeAdvertisementV2(decoded.value)
      // The type is right, or it would have been refused; what follows the message is Ethernet padding.
      return [oneZero(bytes.subarray(0, again.length), 6), oneZero(again, 6)]
    },
    mend: (bytes) => sumInto(bytes, 6, 0, Math.min(bytes.length, 16 + 4 * (bytes[3] ?? 0))),
  },
  v3Target(4),
  v3Target(16),
  {
    name: 'authentication header',
    seeds: [encodeAuthenticationHeader({ spi: 0xc0000201, sequence: 7, icv: new Uint8Array(12).fill(9) })],
    decode(bytes) {
      const decoded = decodeAuthenticationHeader(bytes)
      if (!decoded.ok) return undefined
      const again = encodeAuthenticationHeader(decoded.value)
      return [without(bytes.subarray(0, again.length), [2, 4]), again]
    },
  },
  {
    name: 'HMAC trailer',
    seeds: [encodeHmacTrailer({ keyId: 1, sequence: 0x6a000000_8000_0001n, hmac: new Uint8Array(16).fill(7) })],
    decode(bytes) {
      const decoded = decodeHmacTrailer(bytes)
      return decoded.ok ? [bytes, encodeHmacTrailer(decoded.value)] : undefined
    },
  },
  {
    name: 'message and HMAC trailer apart',
    seeds: [
      Uint8Array.from([...v2(1, 0), ...new Uint8Array(28)]),
      Uint8Array.from([...v3(4, 2), ...new Uint8Array(28)]),
    ],
    decode(bytes) {
      peekVirtualRouterId(bytes)
      const { message, trailer = NONE, declared } = splitTrailer(bytes, bytes.length, 4)
      if (declared !== message.length) return [bytes, NONE]
      return [bytes, Uint8Array.from([...message, ...trailer])]
    },
  },
  {
    name: 'gratuitous ARP',
    seeds: [encodeGratuitousArp({ mac, address: host })],
    decode(bytes) {
      const decoded = decodeGratuitousArp(bytes)
      if (!decoded.ok) return undefined
      const again = encodeGratuitousArp(decoded.value)
      const ignored = [[0, 6] as const, [32, 38] as const]
      return [without(bytes.subarray(0, again.length), ...ignored), without(again, ...ignored)]
    },
  },
  {
    name: 'unsolicited neighbour advertisement',
    seeds: [na],
    decode(bytes) {
      const decoded = decodeUnsolicitedAdvertisement(bytes)
      if (!decoded.ok) return undefined
      const again = encodeUnsolicitedAdvertisement(decoded.value)
      // Whom the frame is for, traffic class and flow label, and the reserved flags with the sum over them.
      const ignored = [[0, 12] as const, [14, 18] as const, [56, 62] as const]
      return [without(bytes.subarray(0, again.length), ...ignored), without(again, ...ignored)]
    },
    mend(bytes) {
      if (bytes.length < na.length) return
      const from = bytes.subarray(22, 38)
      sumInto(bytes, 56, 54, 86, Uint8Array.from([...from, ...bytes.subarray(38, 54), 0, 0, 0, 32, 0, 0, 0, 58]))
    },
  },
  syncTarget(1, [
    synced,
    { ...synced, sequence: { in: NUMBERS, out: NUMBERS } },
    { ...synced, engine: { name: 'sip', data: Uint8Array.of(1, 2, 3) } },
    { ...synced, local: { address: synced.client, port: 1025, delta: 7, tell: true, told: false } },
    {
      ...synced,
      client: addressBytes(linkLocal),
      virtual: addressBytes(linkLocal),
      destination: addressBytes(linkLocal),
    },
  ]),
  syncTarget(0, [synced, { ...synced, flags: connectionFlags.sequenceMask, sequence: { in: NUMBERS, out: NUMBERS } }]),
  {
    name: 'BFD control packet',
    seeds: [
      Uint8Array.from([0x20, 0xc0, 3, 24, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10, 0, 0, 0, 0]),
      Uint8Array.from([0x20, 0x44, 3, 28, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 4, 65, 66]),
    ],
    decode(bytes) {
      const decoded = decodeControlPacket(bytes)
      return decoded.ok ? [bytes, encodeControlPacket(decoded.value)] : undefined
    },
  },
  headed('netlink attributes', encodeAttributes(attributes, little), decodeAttributes, encodeAttributes),
  headed(
    'netlink messages',
    encodeMessage({ type: 20, flags: 2, sequence: 9, port: 7, payload: encodeAttributes(attributes, little) }, little),
    decodeMessages,
    (messages, order) => Uint8Array.from(messages.flatMap((one) => [...encodeMessage(one, order)])),
  ),
  headed(
    'netlink address',
    encodeAddressMessage({ family: 2, prefixLength: 24, flags: 0, scope: 0, index: 2, attributes }, little),
    decodeAddressMessage,
    encodeAddressMessage,
  ),
  headed(
    'netlink link',
    encodeLinkMessage({ family: 0, linkType: 1, index: 2, flags: 0x1043, change: 0, attributes }, little),
    decodeLinkMessage,
    encodeLinkMessage,
  ),
  headed(
    'netlink neighbour',
    encodeNeighbourMessage({ family: 2, index: 2, state: 2, flags: 0, type: 1, attributes }, little),
    decodeNeighbourMessage,
    encodeNeighbourMessage,
  ),
  headed('netlink route', encodeRouteMessage(routeOf(attributes), little), decodeRouteMessage, encodeRouteMessage),
  headed(
    'netlink rule',
    encodeRuleMessage(
      { family: 2, destinationLength: 24, sourceLength: 0, tos: 0, table: 254, action: 1, flags: 2, attributes },
      little,
    ),
    decodeRuleMessage,
    encodeRuleMessage,
  ),
  {
    name: 'ARP claim',
    seeds: [encodeGratuitousArp({ mac, address: host })],
    decode(bytes) {
      const claim = readArpClaim(bytes)
      if (claim === undefined) return undefined
      const again = encodeGratuitousArp(claim)
      // Sender, hardware and protocol; the rest is of no matter to a claim.
      return [bytes.subarray(12, 20), again.subarray(12, 20)].map((head, i) =>
        Uint8Array.from([...head, ...(i === 0 ? bytes : again).subarray(22, 32)]),
      ) as [Uint8Array, Uint8Array]
    },
  },
  {
    name: 'neighbour claim',
    seeds: [na.subarray(54)],
    decode(bytes) {
      const claim = readNeighbourClaim(bytes, 255)
      return claim === undefined ? undefined : [bytes.subarray(8, 24), addressBytes(claim.address)]
    },
  },
  headed(
    'netlink acknowledgement',
    acknowledgementSeed(),
    (bytes) => {
      const flags = ((bytes[0] ?? 0) << 8) & 0x300
      return decodeAcknowledgement(bytes.subarray(1), flags, little)
    },
    (value) => {
      const { payload, flags } = encodeAcknowledgement(value, little)
      return Uint8Array.from([flags >> 8, ...payload])
    },
  ),
]

function acknowledgementSeed(): Uint8Array {
  const request = { type: 20, flags: 5, sequence: 3, port: 4 }
  const { payload, flags } = encodeAcknowledgement({ errno: 17, request, requestLength: 40, attributes }, little)
  return Uint8Array.from([flags >> 8, ...payload])
}
