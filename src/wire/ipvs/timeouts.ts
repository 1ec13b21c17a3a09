import { ok } from '../../base/index.ts'
import { type Attribute, type Decoded, findUint32, type LittleEndian, uint32Attribute } from '../netlink/index.ts'
import { missing } from './field.ts'

/** Seconds (SET_CONFIG); 0 in a request keeps what there is. */
export type IpvsTimeouts = { readonly tcp: number; readonly tcpFin: number; readonly udp: number }

const TIMEOUT_TCP = 4
const TIMEOUT_TCP_FIN = 5
const TIMEOUT_UDP = 6

export const timeoutAttributes = ({ tcp, tcpFin, udp }: IpvsTimeouts, little: LittleEndian): readonly Attribute[] => [
  uint32Attribute(TIMEOUT_TCP, tcp, little),
  uint32Attribute(TIMEOUT_TCP_FIN, tcpFin, little),
  uint32Attribute(TIMEOUT_UDP, udp, little),
]

/** A kernel without a protocol does not tell its timeouts. */
export function readTimeouts(message: readonly Attribute[], little: LittleEndian): Decoded<IpvsTimeouts> {
  const tcp = findUint32(message, TIMEOUT_TCP, little)
  const udp = findUint32(message, TIMEOUT_UDP, little)
  if (tcp === undefined && udp === undefined) return missing('timeouts', message, TIMEOUT_TCP)
  return ok({ tcp: tcp ?? 0, tcpFin: findUint32(message, TIMEOUT_TCP_FIN, little) ?? 0, udp: udp ?? 0 })
}
