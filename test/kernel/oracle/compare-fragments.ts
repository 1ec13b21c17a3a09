/**
 * What came of a packet in fragments. IPVS puts them together, and what goes on is fragmented anew, by another rule; the embedded
 * core sends each on as it comes. So what is compared is what the receiver puts together, inside its tunnel if there is one.
 */

import { addressFromBytes, type IpAddress } from '../../../src/base/index.ts'
import { describeUnequal } from './describe.ts'
import { GRE, ICMP, ICMP6, UDP } from './packets.ts'
import type { Framed } from './render.ts'
import type { Exchange } from './replayer.ts'

/** An IP packet, or what several have carried, and how it came. */
type Carried = {
  /** Interface and link-level addresses, and ends of the tunnels. */
  readonly way: string
  readonly source: IpAddress
  readonly target: IpAddress
  readonly protocol: number
  readonly ttl: number
  readonly tos: number
  readonly id: number
  /** Of the payload in what was sent. */
  readonly offset: number
  readonly more: boolean
  readonly payload: Uint8Array
}

/** What differs; undefined: nothing. */
export function unequalFragments({ kernel, embedded }: Exchange): string | undefined {
  const [mine, theirs] = [kernel, embedded].map((frames) => wholes(frames.map(carriedBy)).map(describe).sort())
  return mine?.join('\n') === theirs?.join('\n') ? undefined : describeUnequal(kernel, embedded)
}

const carriedBy = ({ port, bytes }: Framed): Carried =>
  read(bytes.subarray(14), `${port} ${Buffer.from(bytes.subarray(0, 14)).toString('hex')}`)

function read(ip: Uint8Array, way: string): Carried {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength)
  const byte = (at: number): number => ip[at] ?? 0
  if (byte(0) >> 4 === 4) {
    const flags = view.getUint16(6)
    return {
      way,
      source: addressFromBytes(ip.subarray(12, 16)),
      target: addressFromBytes(ip.subarray(16, 20)),
      protocol: byte(9),
      ttl: byte(8),
      tos: byte(1),
      id: view.getUint16(4),
      offset: (flags & 0x1fff) * 8,
      more: (flags & 0x2000) !== 0,
      payload: ip.subarray((byte(0) & 15) * 4),
    }
  }
  const fragment = byte(6) === 44
  return {
    way,
    source: addressFromBytes(ip.subarray(8, 24)),
    target: addressFromBytes(ip.subarray(24, 40)),
    protocol: fragment ? byte(40) : byte(6),
    ttl: byte(7),
    tos: (view.getUint16(0) >> 4) & 0xff,
    id: fragment ? view.getUint32(44) : 0,
    offset: fragment ? view.getUint16(42) & 0xfff8 : 0,
    more: fragment && (byte(43) & 1) !== 0,
    payload: ip.subarray(fragment ? 48 : 40),
  }
}

/** Puts together what belongs together, opens tunnels, and puts together what was in them. What is never whole is left as it is. */
function wholes(packets: readonly Carried[]): readonly Carried[] {
  const groups = new Map<string, Carried[]>()
  for (const [i, one] of packets.entries()) {
    const part = one.offset > 0 || one.more
    const key = part ? `${one.way} ${one.source} ${one.target} ${one.protocol} ${one.id}` : `whole ${i}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const outer = [...groups.values()].flatMap((group) => {
    const parts = [...group].sort((a, b) => a.offset - b.offset)
    const [first] = parts
    if (first === undefined) return []
    const payload = Buffer.concat(parts.map((part) => part.payload))
    const complete = parts.every((part, i) => part.offset === sum(parts.slice(0, i))) && parts.at(-1)?.more === false
    return complete ? [{ ...first, more: false, payload }] : parts
  })
  const opened = outer.map((one) => inTunnel(one) ?? one)
  return opened.some((one, i) => one !== outer[i]) ? wholes(opened) : outer
}

const sum = (parts: readonly Carried[]): number => parts.reduce((bytes, { payload }) => bytes + payload.length, 0)

function inTunnel(packet: Carried): Carried | undefined {
  const inside = packet.offset > 0 || packet.more ? undefined : insideOf(packet)
  return inside && read(inside, `${packet.way} ${packet.source} ${packet.target} ${packet.protocol}`)
}

/** The packet that a tunnel carries. */
function insideOf({ protocol, payload }: Carried): Uint8Array | undefined {
  if (protocol === 4 || protocol === 41) return payload
  if (protocol === GRE) return payload.subarray(((payload[0] as number) & 0x80) !== 0 ? 8 : 4)
  const toGue = protocol === UDP && payload[2] === 6080 >> 8 && payload[3] === (6080 & 0xff)
  return toGue ? payload.subarray(12) : undefined
}

/** An ICMP error about the one packet or its first part quotes another beginning. */
function describe({ way, source, target, protocol, ttl, tos, offset, more, payload }: Carried): string {
  const what = `${way} ${source} ${target} ${protocol}`
  if (protocol === ICMP || protocol === ICMP6) return `${what} ${payload[0]}/${payload[1]}`
  return `${what} ${ttl} ${tos} ${offset} ${more} ${Buffer.from(payload).toString('hex')}`
}
