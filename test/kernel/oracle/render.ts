/** A step as the frames that are put on the wire, once it is known which server its flow has come to. */

import { addressFromBytes, familyOf, type IpAddress } from '../../../src/base/index.ts'
import { fragments, frame, icmpError, type Mac, type PacketPlan, packet } from './packets.ts'
import type { Flow, Step } from './sequence.ts'
import { directorMac, type Port, routerAddress, routerMac } from './world.ts'

/** Bytes of payload in the first of two fragments: a TCP header and more. */
const FIRST_FRAGMENT = 24

/** A frame on one of the wires of a director. */
export type Framed = { readonly port: Port; readonly bytes: Uint8Array }

/** Where the client's last packet of a flow went: its server talks from there. */
export type Whereabouts = {
  readonly port: Port
  readonly mac: Mac
  /** The server as the packet named it; undefined: it still has the virtual address on it. */
  readonly rewritten?: { readonly address: IpAddress; readonly port: number }
}

export function render(step: Step, flow: Flow, server: Whereabouts | undefined): readonly Framed[] {
  const { client, clientPort, virtual, virtualPort, protocol } = flow
  const at = server?.rewritten ?? (server === undefined ? flow.guess : undefined)
  const inside = at ?? { address: virtual, port: virtualPort }
  const toServer = { source: client, sourcePort: clientPort, target: inside.address, targetPort: inside.port }
  const toClient = { source: inside.address, sourcePort: inside.port, target: client, targetPort: clientPort }
  const port: Port = step.direction === 'in' ? 0 : (server?.port ?? 1)
  const source = step.direction === 'in' ? routerMac(0) : (server?.mac ?? routerMac(1))
  const framed = (ip: Uint8Array): Framed => ({ port, bytes: frame(directorMac(port), source, ip) })
  if (step.type === 'packet') {
    const plan: PacketPlan = {
      ...step,
      protocol,
      ...(step.direction === 'in'
        ? { source: client, sourcePort: clientPort, target: virtual, targetPort: virtualPort }
        : toClient),
    }
    // A router tells the virtual address, which is its own, that a hop limit is over, and IPVS balances what it says.
    const toItself = step.direction === 'out' && at === undefined && familyOf(client) === 6
    const whole = packet(toItself ? { ...plan, ttl: Math.max(step.ttl, 2) } : plan)
    return step.fragmented ? fragments(whole, FIRST_FRAGMENT).map(framed) : [framed(whole)]
  }
  const quote = (ends: typeof toServer): Uint8Array => {
    const whole = packet({ ...ends, protocol, flags: 0x10, chunks: [0], length: 100, ttl: 60, id: 0x4321 })
    return whole.subarray(0, (familyOf(client) === 4 ? 20 : 40) + step.quoted)
  }
  const [type, code, mtu] = step.kind
  const router = routerAddress(familyOf(client), port)
  const error = { type, code, mtu, ttl: step.ttl, checksum: step.checksum }
  if (step.direction === 'in') {
    const about = { source: virtual, sourcePort: virtualPort, target: client, targetPort: clientPort }
    return [
      framed(
        icmpError({ ...error, source: step.from === 'peer' ? client : router, target: virtual, quoted: quote(about) }),
      ),
    ]
  }
  return [
    framed(
      icmpError({
        ...error,
        source: step.from === 'peer' ? inside.address : router,
        target: client,
        quoted: quote(toServer),
      }),
    ),
  ]
}

/** Reads from what came out of a client's packet which server has it; undefined: none. */
export function whereabouts(flow: Flow, answers: readonly Framed[]): Whereabouts | undefined {
  for (const { port, bytes } of answers) {
    const four = bytes[12] === 0x08
    const size = four ? ((bytes[14] as number) & 15) * 4 : 40
    const source = addressFromBytes(four ? bytes.subarray(26, 30) : bytes.subarray(22, 38))
    const target = addressFromBytes(four ? bytes.subarray(30, 34) : bytes.subarray(38, 54))
    const protocol = bytes[four ? 23 : 20]
    const mac = [...bytes.subarray(0, 6)] as unknown as Mac
    if (target === flow.client) continue
    if (source !== flow.client || protocol !== flow.protocol) return { port, mac }
    const targetPort = ((bytes[14 + size + 2] as number) << 8) | (bytes[14 + size + 3] as number)
    if (target === flow.virtual) return { port, mac }
    return { port, mac, rewritten: { address: target, port: targetPort } }
  }
  return undefined
}
