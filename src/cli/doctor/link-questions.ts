import { addressFromBytes, familyOf, type IpAddress, macText, sameBytes } from '../../base/index.ts'
import type { Link } from '../../sys/netlink/index.ts'
import { openLinkSocket } from '../../sys/socket/index.ts'
import { decodeArpPacket, encodeArpPacket } from '../../wire/arp/index.ts'
import { readDatagram } from '../../wire/ip/index.ts'
import { encodeKnock, type Knock, type KnockAnswer, readKnockAnswer } from '../../wire/tcp/index.ts'
import { decodeAdvertisement, peekVirtualRouterId } from '../../wire/vrrp/index.ts'
import type { HeardAdvertisement } from './facts.ts'

/** A question is repeated, for one packet may be lost. */
const ROUNDS = 3
const ROUND_MS = 200
const everybody = new Uint8Array(6).fill(0xff)

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/**
 * Who, other than this host, says by ARP to have these addresses. Asked as RFC 5227 probes: nobody learns anything from them.
 * @returns MACs as text by address; an address that nobody has is missing
 */
export async function askByArp(
  link: Link,
  addresses: readonly IpAddress[],
): Promise<ReadonlyMap<IpAddress, readonly string[]>> {
  const found = new Map<IpAddress, string[]>()
  const own = macText(link.mac)
  const socket = openLinkSocket({
    hears: 'arp',
    interfaceIndex: link.index,
    onFrame(frame) {
      const packet = decodeArpPacket(frame)
      if (!packet.ok || packet.value.operation !== 'reply' || !addresses.includes(packet.value.sender)) return
      const mac = macText(packet.value.senderMac)
      const known = found.get(packet.value.sender) ?? []
      if (mac !== own && !known.includes(mac)) found.set(packet.value.sender, [...known, mac])
    },
  })
  if (!socket.ok) return found
  const none = addressFromBytes(new Uint8Array(4))
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of addresses.filter((address) => familyOf(address) === 4))
      socket.value.send(
        encodeArpPacket({
          from: link.mac,
          to: everybody,
          operation: 'request',
          senderMac: link.mac,
          sender: none,
          targetMac: new Uint8Array(6),
          target,
        }),
      )
    await pause(ROUND_MS)
  }
  socket.value.close()
  return found
}

/** One connection that is begun by hand and taken back. */
export type KnockPlan = {
  /** 6 bytes. */
  readonly mac: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly port: number
  /** As IPVS's tunnel to a real server. */
  readonly tunnel?: NonNullable<Knock['tunnel']>
}

/** The outcome of each plan, in order: undefined where nothing came back. */
export async function knockAt(
  link: Link,
  plans: readonly KnockPlan[],
): Promise<readonly (KnockAnswer['kind'] | undefined)[]> {
  const answers: (KnockAnswer['kind'] | undefined)[] = plans.map(() => undefined)
  // Below the ports that the kernel gives out, so that no connection of this host is hit.
  const portOf = (index: number): number => 20_000 + (index % 10_000)
  const frameFor = ({ mac, ...plan }: KnockPlan, index: number, kind: Knock['kind']) => {
    const sequence = kind === 'syn' ? 1 : 2
    return encodeKnock({ ...plan, from: link.mac, to: mac, sourcePort: portOf(index), kind, sequence })
  }
  const socket = openLinkSocket({
    hears: 'tcp over IPv4',
    interfaceIndex: link.index,
    onFrame(frame) {
      const answer = readKnockAnswer(frame)
      if (answer === undefined) return
      const index = plans.findIndex(
        (plan, i) =>
          answer.sourcePort === portOf(i) &&
          answer.port === plan.port &&
          answer.source === plan.destination &&
          answer.destination === plan.source &&
          // Another server may answer from the same virtual address.
          sameBytes(plan.mac, answer.from),
      )
      const plan = plans[index]
      if (plan === undefined) return
      answers[index] = answer.kind
      if (answer.kind === 'accepted' && socket.ok) socket.value.send(frameFor(plan, index, 'reset'))
    },
  })
  if (!socket.ok) return answers
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, plan] of plans.entries())
      if (answers[index] === undefined) socket.value.send(frameFor(plan, index, 'syn'))
    await pause(ROUND_MS)
    if (answers.every((answer) => answer !== undefined)) break
  }
  socket.value.close()
  return answers
}

/** Bytes of its header. */
const LEAST_ADVERTISEMENT = 8

/** Advertisements of other hosts over IPv4 for so long, one of each sender and virtual router. */
export async function listenForAdvertisements(
  link: Link,
  milliseconds: number,
): Promise<readonly HeardAdvertisement[]> {
  const heard = new Map<string, HeardAdvertisement>()
  const socket = openLinkSocket({
    hears: 'vrrp over IPv4',
    interfaceIndex: link.index,
    onFrame(frame) {
      const advertisement = readAdvertisement(frame, link.name)
      if (advertisement !== undefined)
        heard.set(`${advertisement.mac} ${advertisement.source} ${advertisement.virtualRouterId}`, advertisement)
    },
  })
  if (!socket.ok) return []
  await pause(milliseconds)
  socket.value.close()
  return [...heard.values()]
}

function readAdvertisement(frame: Uint8Array, name: string): HeardAdvertisement | undefined {
  const datagram = readDatagram(frame)
  if (datagram === undefined || datagram.payload.length < LEAST_ADVERTISEMENT) return undefined
  const { source, payload } = datagram
  const virtualRouterId = peekVirtualRouterId(payload)
  if (virtualRouterId === undefined) return undefined
  const decoded = decodeAdvertisement(datagram, false)
  return {
    interface: name,
    mac: macText(frame.subarray(6, 12)),
    source,
    version: (payload[0] as number) >> 4,
    virtualRouterId,
    priority: payload[2] as number,
    addresses: decoded.ok ? decoded.value.addresses : [],
  }
}
