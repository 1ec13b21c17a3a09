import { fail, ok } from '../../base/index.ts'
import {
  type Attribute,
  type Decoded,
  findString,
  findUint16,
  findUint32,
  type LittleEndian,
  stringAttribute,
  uint16Attribute,
  uint32Attribute,
} from '../netlink/index.ts'
import type { GenericMessage } from './generic-message.ts'

/** What the controller tells of a family (CTRL_CMD_NEWFAMILY). */
export type GenericFamily = {
  readonly name: string
  /** The netlink type of its messages. */
  readonly id: number
  readonly version: number
}

/** The controller's own number. */
export const GENL_ID_CTRL = 0x10
export const CTRL_CMD_NEWFAMILY = 1
export const CTRL_CMD_GETFAMILY = 3

const CTRL_VERSION = 2
const CTRL_ATTR_FAMILY_ID = 1
const CTRL_ATTR_FAMILY_NAME = 2
const CTRL_ATTR_VERSION = 3

export const familyRequest = (name: string): GenericMessage => ({
  command: CTRL_CMD_GETFAMILY,
  version: 1,
  attributes: [stringAttribute(CTRL_ATTR_FAMILY_NAME, name)],
})

export function readFamily(message: GenericMessage, little: LittleEndian): Decoded<GenericFamily> {
  const { command, attributes } = message
  if (command !== CTRL_CMD_NEWFAMILY) return fail({ field: 'command', got: command })
  const name = findString(attributes, CTRL_ATTR_FAMILY_NAME)
  if (name === undefined) return fail({ field: 'family name', got: 0 })
  const id = findUint16(attributes, CTRL_ATTR_FAMILY_ID, little)
  if (id === undefined) return fail({ field: 'family id', got: 0 })
  return ok({ name, id, version: findUint32(attributes, CTRL_ATTR_VERSION, little) ?? 0 })
}

export function familyMessage({ name, id, version }: GenericFamily, little: LittleEndian): GenericMessage {
  const attributes: readonly Attribute[] = [
    stringAttribute(CTRL_ATTR_FAMILY_NAME, name),
    uint16Attribute(CTRL_ATTR_FAMILY_ID, id, little),
    uint32Attribute(CTRL_ATTR_VERSION, version, little),
  ]
  return { command: CTRL_CMD_NEWFAMILY, version: CTRL_VERSION, attributes }
}
