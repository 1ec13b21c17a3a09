/** What is read of whole frames, and messages of few kinds, for the fuzzer: none of them is ever written by what reads it, so it is here. */
import { address, addressBytes, familyOf, pseudoHeader, sameBytes } from '../../src/base/index.ts'
import { decodeArpPacket, encodeArpPacket } from '../../src/wire/arp/index.ts'
import { decodeProcessEvent, type ProcessEvent, type Task } from '../../src/wire/connector/index.ts'
import { decodeHealthResponse } from '../../src/wire/grpc/index.ts'
import {
  encodeFrame,
  encodeHeaders,
  type Frame,
  FrameReader,
  frameTypes,
  HeaderDecoder,
} from '../../src/wire/http2/index.ts'
import { type FramedDatagram, readDatagram } from '../../src/wire/ip/index.ts'
import { decodeSeal, encodeSeal } from '../../src/wire/ipvs-sync/index.ts'
import { type FramedClaim, readClaimFrame } from '../../src/wire/ndisc/index.ts'
import { encodeKnock, type KnockAnswer, readKnockAnswer } from '../../src/wire/tcp/index.ts'
import {
  type Advertisement,
  decodeAdvertisement,
  encodeAdvertisementV2,
  encodeAdvertisementV3,
  VRRP_PROTOCOL,
} from '../../src/wire/vrrp/index.ts'
import { NONE, sumInto, type Target } from './targets.ts'

const [client, server, group, linkLocal, allNodes] = ['192.0.2.9', '192.0.2.1', '224.0.0.18', 'fe80::1', 'ff02::1'].map(
  address,
) as [
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
]
const [ours, theirs] = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)]
const UDP = 17

const u16 = (value: number): readonly number[] => [value >> 8, value & 0xff]
const u32 = (value: number): readonly number[] => [...u16(value >>> 16), ...u16(value & 0xffff)]
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What was read, and what is read of the same made anew: as texts where they differ, which is most of what an input would cost. */
export function readTwice<T>(
  read: (bytes: Uint8Array) => T | undefined,
  make: (value: T) => Uint8Array,
): Target['decode'] {
  const told = (value: T | undefined): Uint8Array =>
    textBytes(JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part)) ?? 'nothing')
  return (bytes) => {
    const value = read(bytes)
    if (value === undefined) return undefined
    const again = read(make(value))
    return areSame(value, again) ? [NONE, NONE] : [told(value), told(again)]
  }
}

/** Of plain values and bytes; may say false of what `told` makes one text of. */
function areSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b)
  const keys = Object.keys(a)
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false
  const [one, other] = [a, b] as [Record<string, unknown>, Record<string, unknown>]
  return keys.every((key) => key in other && areSame(one[key], other[key]))
}

function frameOf({ source, destination, hopLimit, protocol, payload, port }: FramedDatagram): Uint8Array {
  const body = port === undefined ? payload : [0, 0, ...u16(port), ...u16(payload.length + 8), 0, 0, ...payload]
  const ends = [...addressBytes(source), ...addressBytes(destination)]
  return Uint8Array.from(
    familyOf(source) === 4
      ? [
          ...theirs,
          ...ours,
          8,
          0,
          0x45,
          0,
          ...u16(20 + body.length),
          0,
          0,
          0,
          0,
          hopLimit,
          protocol,
          0,
          0,
          ...ends,
          ...body,
        ]
      : [...theirs, ...ours, 0x86, 0xdd, 0x60, 0, 0, 0, ...u16(body.length), protocol, hopLimit, ...ends, ...body],
  )
}

const datagram = { hopLimit: 255, protocol: VRRP_PROTOCOL, payload: Uint8Array.of(1, 2, 3), declaredLength: 3 }

/** The answer to a knock. */
function answerOf({ from, source, destination, port, sourcePort, kind }: KnockAnswer): Uint8Array {
  const ends = { source, destination, sourcePort: port, port: sourcePort }
  const frame = encodeKnock({ ...ends, from, to: ours, kind: kind === 'accepted' ? 'syn' : 'reset', sequence: 1 })
  const ACKNOWLEDGED = 0x10
  frame[47] = (frame[47] ?? 0) | ACKNOWLEDGED
  return frame
}

function claimFrame({ from, to, address: target, mac, destination }: FramedClaim): Uint8Array {
  const message = [136, 0, 0, 0, 0, 0, 0, 0, ...addressBytes(target), ...(mac === undefined ? [] : [2, 1, ...mac])]
  const header = [0x60, 0, 0, 0, ...u16(message.length), 58, 255]
  return Uint8Array.from([
    ...to,
    ...from,
    0x86,
    0xdd,
    ...header,
    ...addressBytes(linkLocal),
    ...addressBytes(destination),
    ...message,
  ])
}

const advertisementIn = (bytes: Uint8Array): Advertisement | undefined => {
  const ends = { source: server, destination: group, payload: bytes, declaredLength: bytes.length }
  // What is signed has the message before it; both ways are read of a capture.
  decodeAdvertisement(ends, true)
  const decoded = decodeAdvertisement(ends, false)
  return decoded.ok ? decoded.value : undefined
}
const encodeAdvertisement = (value: Advertisement): Uint8Array =>
  value.version === 2
    ? encodeAdvertisementV2(value)
    : encodeAdvertisementV3(value, 4, pseudoHeader(server, group, VRRP_PROTOCOL, 8 + 4 * value.addresses.length))

const health = (status: number): Uint8Array => {
  const field = [8]
  for (let rest = status; ; rest >>>= 7) {
    field.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80)
    if (rest < 0x80) break
  }
  return Uint8Array.from([0, ...u32(field.length), ...field])
}

const LITTLE = false
const eventNumbers = { acknowledged: 0, forked: 1, executed: 2, renamed: 0x200, exited: 0x8000_0000 } as const

function processEvent(event: ProcessEvent): Uint8Array {
  const task = ({ id, process }: Task) => [...u32(id), ...u32(process)]
  const about =
    event.type === 'forked'
      ? [...task(event.parent), ...task(event.child)]
      : event.type === 'acknowledged'
        ? u32(event.error)
        : event.type === 'other'
          ? []
          : task(event.task)
  const what = event.type === 'other' ? event.what : eventNumbers[event.type]
  const header = [...u32(1), ...u32(1), ...u32(0), ...u32(0), ...u16(16 + about.length), 0, 0]
  return Uint8Array.from([...header, ...u32(what), ...u32(0), ...u32(0), ...u32(0), ...about])
}

/** RFC 7541 C.4.1 and C.6.1: fields of the table, some that go into it, and values in Huffman's code. */
const headerBlocks = [
  '828684418cf1e3c2e5f23a6ba0ab90f4ff',
  '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
].map((text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))

function framesIn(bytes: Uint8Array): readonly Frame[] | undefined {
  const frames = new FrameReader().take(bytes).filter((frame) => frame !== 'too-long')
  return frames.length === 0 ? undefined : frames
}

export const frameTargets: readonly Target[] = [
  {
    name: 'datagram in a frame',
    seeds: [
      frameOf({ ...datagram, source: client, destination: group }),
      frameOf({ ...datagram, source: linkLocal, destination: allNodes, protocol: UDP, port: 3784 }),
    ],
    decode: readTwice(readDatagram, frameOf),
  },
  {
    name: 'advertisement of either version',
    seeds: [
      encodeAdvertisementV2({
        version: 2,
        virtualRouterId: 51,
        priority: 100,
        authenticationType: 0,
        interval: 1,
        addresses: [client],
        authenticationData: new Uint8Array(8),
      }),
    ],
    decode: readTwice(advertisementIn, encodeAdvertisement),
    mend(bytes) {
      const isOld = (bytes[0] ?? 0) >> 4 === 2
      sumInto(bytes, 6, 0, isOld ? Math.min(bytes.length, 16 + 4 * (bytes[3] ?? 0)) : bytes.length)
    },
  },
  {
    name: 'ARP packet',
    seeds: [
      encodeArpPacket({
        from: theirs,
        to: ours,
        operation: 'reply',
        senderMac: theirs,
        sender: server,
        targetMac: ours,
        target: client,
      }),
    ],
    decode(bytes) {
      const decoded = decodeArpPacket(bytes)
      if (!decoded.ok) return undefined
      const again = encodeArpPacket(decoded.value)
      return [bytes.subarray(0, again.length), again]
    },
  },
  {
    name: 'claim in a frame',
    seeds: [claimFrame({ from: theirs, to: ours, address: linkLocal, mac: theirs, destination: allNodes })],
    decode: readTwice(readClaimFrame, claimFrame),
  },
  {
    name: 'answer to a knock',
    seeds: (['accepted', 'refused'] as const).map((kind) =>
      answerOf({ from: theirs, source: server, destination: client, port: 80, sourcePort: 40_000, kind }),
    ),
    decode: readTwice(readKnockAnswer, answerOf),
  },
  {
    name: 'seal of a synchronisation message',
    seeds: [encodeSeal(Uint8Array.of(1, 2, 3, 4), 1_700_000_000_000_000, () => new Uint8Array(32).fill(9))],
    decode(bytes) {
      const sealed = decodeSeal(bytes)
      return sealed && [bytes, encodeSeal(sealed.message, sealed.sequence, () => sealed.mac)]
    },
  },
  {
    name: 'answer of gRPC health',
    seeds: [health(1), Uint8Array.from([0, ...u32(8), 8, 2, 0x12, 2, 65, 66, 8, 1])],
    decode: readTwice(
      (bytes) => {
        const decoded = decodeHealthResponse(bytes)
        return decoded.ok ? decoded.value : undefined
      },
      ({ status }) => health(status),
    ),
    mend(bytes) {
      if (bytes.length >= 5) bytes.set([0, ...u32(bytes.length - 5)])
    },
  },
  {
    name: 'frames of HTTP/2',
    seeds: [
      encodeFrame({ type: frameTypes.settings, flags: 0, stream: 0, payload: Uint8Array.of(0, 3, 0, 0, 0, 100) }),
      Uint8Array.from(
        [headerBlocks[1] ?? NONE, NONE].flatMap((payload, i) => [
          ...encodeFrame({ type: i === 0 ? frameTypes.headers : frameTypes.data, flags: 4 + i, stream: 1, payload }),
        ]),
      ),
    ],
    decode: readTwice(framesIn, (frames) => Uint8Array.from(frames.flatMap((frame) => [...encodeFrame(frame)]))),
  },
  {
    name: 'header block of HTTP/2',
    seeds: headerBlocks,
    decode: readTwice((bytes) => {
      const decoded = new HeaderDecoder().decode(bytes, 16_384)
      return decoded.ok ? decoded.value : undefined
    }, encodeHeaders),
  },
  {
    name: 'event of a process',
    seeds: [
      processEvent({ type: 'forked', parent: { id: 1, process: 1 }, child: { id: 2, process: 2 } }),
      processEvent({ type: 'exited', task: { id: 2, process: 2 } }),
    ],
    decode: readTwice((bytes) => {
      const decoded = decodeProcessEvent(bytes, LITTLE)
      return decoded.ok ? decoded.value : undefined
    }, processEvent),
  },
]
