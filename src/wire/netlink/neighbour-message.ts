import type { Attribute } from './attribute.ts'
import type { Decoded, LittleEndian } from './decoded.ts'
import { decodeHeaded, encodeHeaded } from './headed-message.ts'

/**
 * The payload of RTM_{NEW,DEL,GET}NEIGH (`struct ndmsg`, linux/neighbour.h):
 *
 *     0        1         4       8       10      11     12
 *     | family | padding | index | state | flags | type | attributes NDA_*
 */
export type NeighbourMessage = {
  /** AF_BRIDGE for a bridge's forwarding entries, which are told to the same group. */
  readonly family: number
  readonly index: number
  /** NUD_*. */
  readonly state: number
  /** NTF_*. */
  readonly flags: number
  /** RTN_*. */
  readonly type: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 12

export const NDA_DST = 1
export const NDA_LLADDR = 2

export function decodeNeighbourMessage(payload: Uint8Array, little: LittleEndian): Decoded<NeighbourMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({
    family: view.getUint8(0),
    index: view.getInt32(4, little),
    state: view.getUint16(8, little),
    flags: view.getUint8(10),
    type: view.getUint8(11),
  }))
}

export function encodeNeighbourMessage(message: NeighbourMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.family)
    view.setInt32(4, message.index, little)
    view.setUint16(8, message.state, little)
    view.setUint8(10, message.flags)
    view.setUint8(11, message.type)
  })
}
