import { type Attribute, type Decoded, decodeHeaded, encodeHeaded, type LittleEndian } from '../netlink/index.ts'

/**
 * The payload of a generic netlink message (`struct genlmsghdr`); the netlink type is the family's number:
 *
 *     0         1         2          4
 *     | command | version | reserved | attributes …
 */
export type GenericMessage = {
  readonly command: number
  /** The family's own. */
  readonly version: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 4

/** Reserved bytes are not looked at. */
export function decodeGenericMessage(payload: Uint8Array, little: LittleEndian): Decoded<GenericMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({ command: view.getUint8(0), version: view.getUint8(1) }))
}

export function encodeGenericMessage(message: GenericMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.command)
    view.setUint8(1, message.version)
  })
}
