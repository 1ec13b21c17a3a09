/**
 * When two directors agree. Every exception is a rule of its own here, with its reason, and stands in docs/differences.md or
 * docs/oracle.md.
 */

import { addressFromBytes, type IpAddress, internetChecksum, pseudoHeader } from '../../../src/base/index.ts'
import { describeUnequal } from './describe.ts'
import { type Counted, clock, endpointOf, type Held } from './director.ts'
import { RST } from './generate.ts'
import { crc32c, GRE, ICMP, ICMP6, SCTP, TCP, UDP } from './packets.ts'
import type { Framed } from './render.ts'
import type { Exchange } from './replayer.ts'
import type { Climate, Flow } from './sequence.ts'
import { directorAddress } from './world.ts'

/** Seconds by which the end of a connection may differ: the embedded core counts whole ones. */
const SLACK = 1

/** What about the answers to a frame differs; undefined: nothing. */
export function unequalAnswers(sent: Framed, { kernel, embedded }: Exchange, climate: Climate): string | undefined {
  const mine = kernel.map(comparable)
  const theirs = embedded.map(comparable)
  const agree = (bytes: Buffer, other: Buffer | undefined): boolean =>
    same(bytes, other) ||
    summedAnew(bytes, other) ||
    mended(sent, bytes, other) ||
    summedWrong(sent, bytes, other) ||
    refusedElsewhere(sent, bytes, other)
  if (mine.length === theirs.length && mine.every((bytes, i) => agree(bytes, theirs[i]))) return undefined
  if (tooLongToFragment(sent, kernel, embedded, climate) || isUnheard(sent, { kernel, embedded })) return undefined
  return describeUnequal(kernel, embedded)
}

/**
 * What a server or a router behind says in ICMPv6 about a NAT connection: IPVS verifies its checksum without the pseudo-header
 * (ip_vs_checksum_complete()) and drops it, unless the network card has found it right before.
 */
function isUnheard(sent: Framed, { kernel, embedded }: Exchange): boolean {
  const [relayed] = embedded
  if (kernel.length > 0 || embedded.length !== 1 || relayed === undefined || !isSound(sent.bytes.subarray(14)))
    return false
  const error = (bytes: Uint8Array): boolean => bytes[12] === 0x86 && bytes[20] === ICMP6 && (bytes[54] as number) < 128
  // It has become one of the virtual address; its target is the client.
  const target = ({ bytes }: Framed): Buffer => Buffer.from(bytes.subarray(38, 54))
  return error(sent.bytes) && error(relayed.bytes) && same(target(sent), target(relayed))
}

/**
 * nat_icmp_send: where a server's packet came in by another interface than the answer leaves by, IPVS gives this the source address of
 * the former over IPv6, and the embedded core that of the latter.
 */
function refusedElsewhere(sent: Framed, kernel: Buffer, embedded: Buffer | undefined): boolean {
  if (embedded === undefined || kernel[0] === sent.port || kernel[13] !== 0x86) return false
  if (kernel[21] !== ICMP6 || kernel[55] !== 1 || kernel[56] !== 4) return false
  const unsigned = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0, 23, 39).fill(0, 57, 59)
  return same(unsigned(kernel), unsigned(embedded))
}

/** IPVS puts a checksum on UDP that came without one (udp_dnat_handler() sums it as a whole); the embedded core does not. */
function summedAnew(kernel: Buffer, embedded: Buffer | undefined): boolean {
  if (embedded === undefined || kernel[13] !== 0x08 || kernel[24] !== UDP) return false
  const at = 15 + ((kernel[15] as number) & 15) * 4 + 6
  if (embedded.readUInt16BE(at) !== 0) return false
  const ip = kernel.subarray(15)
  const datagram = kernel.subarray(at - 6)
  const [source, target] = [addressFromBytes(ip.subarray(12, 16)), addressFromBytes(ip.subarray(16, 20))]
  if (internetChecksum(pseudoHeader(source, target, UDP, datagram.length), datagram) !== 0) return false
  return same(Buffer.from(kernel).fill(0, at, at + 2), embedded)
}

/**
 * A checksum of a tunnel is made from the packet's own, which saves summing up all of it; if that is wrong, so is this one, and
 * the tunnel's end throws it away instead of the server.
 */
function summedWrong(sent: Framed, kernel: Buffer, embedded: Buffer | undefined): boolean {
  if (embedded === undefined || embedded.length !== kernel.length || isSound(sent.bytes.subarray(14))) return false
  const four = kernel[13] === 0x08
  const protocol = kernel[four ? 24 : 21]
  if (protocol !== UDP && protocol !== GRE) return false
  const at = (four ? 35 : 55) + (protocol === UDP ? 6 : 4)
  return same(Buffer.from(kernel).fill(0, at, at + 2), Buffer.from(embedded).fill(0, at, at + 2))
}

/** A wrong checksum of SCTP or ICMPv6 is made right by NAT of IPVS, which sums up anew; here what was wrong stays wrong. */
function mended(sent: Framed, kernel: Buffer, embedded: Buffer | undefined): boolean {
  if (embedded === undefined || embedded.length !== kernel.length || isSound(sent.bytes.subarray(14))) return false
  const four = kernel[13] === 0x08
  const size = four ? ((kernel[15] as number) & 15) * 4 : 40
  const protocol = kernel[four ? 24 : 21]
  if (protocol !== sent.bytes[four ? 23 : 20] || (protocol !== SCTP && protocol !== ICMP6)) return false
  const [at, end] = protocol === SCTP ? [15 + size + 8, 15 + size + 12] : [15 + size + 2, 15 + size + 4]
  return same(Buffer.from(kernel).fill(0, at, end), Buffer.from(embedded).fill(0, at, end))
}

/** Whether the checksum of the transport header is right; what is none of ours is. */
function isSound(ip: Uint8Array): boolean {
  const four = (ip[0] as number) >> 4 === 4
  const size = four ? ((ip[0] as number) & 15) * 4 : 40
  const protocol = ip[four ? 9 : 6] as number
  const [source, target] = four ? [ip.subarray(12, 16), ip.subarray(16, 20)] : [ip.subarray(8, 24), ip.subarray(24, 40)]
  const segment = ip.subarray(size)
  if (protocol === SCTP) return crc32c(segment) === Buffer.from(segment).readUInt32LE(8)
  if (protocol === ICMP) return internetChecksum(segment) === 0
  if (protocol !== UDP && protocol !== TCP && protocol !== ICMP6) return true
  if (protocol === UDP && segment[6] === 0 && segment[7] === 0) return true
  const ends = [addressFromBytes(source), addressFromBytes(target)] as const
  return internetChecksum(pseudoHeader(...ends, protocol, segment.length), segment) === 0
}

/**
 * Where IPVS fragments what came without DF, and without pmtu_disc whatever goes into a tunnel over IPv4, the embedded core answers as
 * if it had DF (docs/differences.md).
 */
function tooLongToFragment(
  sent: Framed,
  kernel: readonly Framed[],
  embedded: readonly Framed[],
  { settings }: Climate,
): boolean {
  const [answer] = embedded
  if (answer === undefined || embedded.length !== 1 || kernel.length < 2) return false
  const fragmented = kernel.every(
    ({ bytes }) => bytes[12] === 0x08 && ((bytes[20] as number) & 0x3f) + (bytes[21] as number) > 0,
  )
  const tunnelled = kernel.every(({ port, bytes }) => sourceOf(bytes) === directorAddress(4, port))
  const allowed =
    sent.bytes[12] === 0x08 && (((sent.bytes[20] as number) & 0x40) === 0 || (settings.pmtu_disc === 0 && tunnelled))
  const refused = answer.bytes[23] === ICMP && answer.bytes[34] === 3 && answer.bytes[35] === 4
  return allowed && fragmented && refused && answer.port === sent.port
}

/**
 * Interface, link-level addresses and every byte that is not chosen at random: the identification of what a director says itself
 * is, except that a tunnel gives none to what must not be fragmented. Header checksums are verified first.
 */
function comparable({ port, bytes }: Framed): Buffer {
  const copy = Buffer.concat([Buffer.from([port]), bytes])
  if (bytes[12] !== 0x08 || bytes[13] !== 0x00) return copy
  const size = ((bytes[14] as number) & 15) * 4
  const sound = internetChecksum(bytes.subarray(14, 14 + size)) === 0
  const encapsulated =
    sourceOf(bytes) === directorAddress(4, port) && bytes[23] !== ICMP && ((bytes[20] as number) & 0x40) === 0
  const answered = bytes[23] === ICMP && isError(bytes[14 + size] as number) && bytes[22] === 64
  if (sound && (encapsulated || answered)) copy.fill(0, 19, 21).fill(0, 25, 27)
  return copy
}

/** Of an IPv4 frame. */
const sourceOf = (bytes: Uint8Array): IpAddress => addressFromBytes(bytes.subarray(26, 30))

const isError = (type: number): boolean => type === 3 || type === 4 || type === 11

const same = (a: Buffer, b: Buffer | undefined): boolean => b !== undefined && a.equals(b)

type Sum = { packets: number; bytes: number }
/** What in a sequence one of them may have counted as coming from a server, and the other not. */
export type Tally = { readonly kernel: Sum; readonly embedded: Sum }

export const newTally = (): Tally => ({ kernel: { packets: 0, bytes: 0 }, embedded: { packets: 0, bytes: 0 } })

/**
 * ICMP errors about packets that were not translated: IPVS sees them leave its host, those that it sends itself among them, and
 * counts them as coming from the server. The embedded core does so with none of these.
 */
export function addToTally(tally: Tally, sent: Framed, exchange: Exchange): void {
  const add = (sum: Sum, { bytes }: Framed): void => {
    sum.packets++
    sum.bytes += bytes.length - 14
  }
  for (const frame of exchange.kernel) if (isErrorFrame(frame)) add(tally.kernel, frame)
  if (isUnheard(sent, exchange)) add(tally.embedded, sent)
}

function isErrorFrame({ bytes }: Framed): boolean {
  if (bytes[12] === 0x86) return bytes[20] === ICMP6 && (bytes[54] as number) < 128
  return bytes[23] === ICMP && isError(bytes[14 + ((bytes[14] as number) & 15) * 4] as number)
}

/** By service or destination: what they count differently. */
export function unequalCounters(
  kernel: ReadonlyMap<string, Counted>,
  embedded: ReadonlyMap<string, Counted>,
  held: readonly Held[],
  tally: Tally,
): string[] {
  const found: string[] = []
  const disowned = held.filter(isDisowned).map(({ name }) => name.replace(/.* > (.*):65535$/, '$1'))
  // What a server on the director itself sends passes the kernel's IPVS and not the embedded core.
  const local = [...kernel.keys()].some((name) => ownAddresses.some((own) => name.includes(` > ${own}:`)))
  for (const name of new Set([...kernel.keys(), ...embedded.keys()])) {
    const [mine, theirs] = [kernel.get(name), embedded.get(name)]
    if (mine === undefined || theirs === undefined) {
      found.push(`  ${name}: only ${mine === undefined ? 'the embedded core' : 'the kernel'} has it`)
      continue
    }
    const fields = Object.keys(mine) as (keyof Counted)[]
    const unequal = fields.filter((field) => {
      if (field === 'persistent') return isUnequalPersistence(mine, theirs, name, disowned)
      if (!isOutgoing(field)) return mine[field] !== theirs[field]
      const more = theirs[field] - mine[field]
      const of = field === 'outPackets' ? 'packets' : 'bytes'
      return !local && (more < -tally.kernel[of] || more > tally.embedded[of])
    })
    if (unequal.length > 0)
      found.push(`  ${name}: ${unequal.map((field) => `${field} ${mine[field]} / ${theirs[field]}`).join(', ')}`)
  }
  return found
}

/** IPVS counts the templates that it has given up as long as it keeps them. */
function isUnequalPersistence(mine: Counted, theirs: Counted, name: string, disowned: readonly string[]): boolean {
  const more = (mine.persistent ?? 0) - (theirs.persistent ?? 0)
  return more < 0 || more > disowned.filter((address) => name.includes(` > ${address}:`)).length
}

const isOutgoing = (field: string): field is 'outPackets' | 'outBytes' => field === 'outPackets' || field === 'outBytes'
const ownAddresses = [directorAddress(4, 1), `[${directorAddress(6, 1)}]`]

/** Flows that the director itself has spoken in: client's end, then the virtual service's. */
export type Interrupted = ReadonlySet<string>

export const interruption = ({ client, clientPort, virtual, virtualPort }: Flow): string =>
  `${endpointOf({ address: client, port: clientPort })} ${endpointOf({ address: virtual, port: virtualPort })}`

/** The stack refuses what nobody listens for, and IPVS sees it say so; the embedded core does not see what its own host sends. */
export function isRefusal({ bytes }: Framed): boolean {
  const four = bytes[12] === 0x08
  const size = four ? ((bytes[14] as number) & 15) * 4 : 40
  return (
    bytes[four ? 23 : 20] === TCP && bytes[four ? 22 : 21] === 64 && ((bytes[14 + size + 13] as number) & RST) !== 0
  )
}

export function unequalConnections(
  kernel: readonly Held[],
  embedded: readonly Held[],
  interrupted: Interrupted,
  orphaned: (name: string) => boolean,
): string[] {
  const mine = new Map(kernel.filter((one) => !isDisowned(one)).map((one) => [one.name, one]))
  const theirs = new Map(embedded.map((one) => [one.name, one]))
  const now = clock()
  const left = ({ expires: [soonest, latest] }: Held): string => `${Math.round((soonest + latest) / 2 - now)} s`
  const found: string[] = []
  for (const name of new Set([...mine.keys(), ...theirs.keys()])) {
    const [one, other] = [mine.get(name), theirs.get(name)]
    // Its last moments were made to last by what the director said, or it was made to end sooner.
    if ([...interrupted].some((flow) => name.includes(flow)) || orphaned(name)) continue
    if (one !== undefined && other !== undefined) {
      if (one.state !== other.state) found.push(`  ${name}: ${one.state} / ${other.state}`)
      else if (apart(one.expires, other.expires) > SLACK)
        found.push(`  ${name}: ${one.state} expires in ${left(one)} / ${left(other)}`)
      continue
    }
    const only = one ?? other
    // About to go, or just gone.
    if (only === undefined || only.expires[0] <= now + SLACK) continue
    const whose = one === undefined ? 'the embedded core' : 'the kernel'
    found.push(`  ${name}: ${only.state}, ${left(only)}: only ${whose} has it`)
  }
  return found
}

/** How far two spans of time are from each other; negative: they have something in common. */
const apart = (one: readonly [number, number], other: readonly [number, number]): number =>
  Math.max(one[0] - other[1], other[0] - one[1])

/** A template that IPVS has given up stays under a name that no packet has, until its time is over; the embedded core removes it. */
export const isDisowned = ({ name }: Held): boolean => /^template .*:65535 > .*:65535$/.test(name)
