import { hostIsLittleEndian as host } from '../../base/index.ts'

/** `struct sock_filter` (linux/filter.h): two bytes of code, one each of the jumps if true and if false, four of a constant. */
export type FilterInstruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number]

export const LOAD_WORD = 0x20
export const LOAD_HALF_WORD = 0x28
export const LOAD_BYTE = 0x30
export const JUMP_IF_EQUAL = 0x15
/** With what MOVE_ASIDE has put aside. */
export const JUMP_IF_SAME = 0x1d
export const MOVE_ASIDE = 0x07
export const RETURN = 0x06
/** The whole message passes. */
export const PASS: FilterInstruction = [RETURN, 0, 0, 0xffff_ffff]
export const DROP: FilterInstruction = [RETURN, 0, 0, 0]

/** For SO_ATTACH_FILTER (socket(7)). */
export function filterProgram(instructions: readonly FilterInstruction[]): Uint8Array {
  const bytes = new Uint8Array(8 * instructions.length)
  const view = new DataView(bytes.buffer)
  instructions.forEach(([code, ifTrue, ifFalse, constant], i) => {
    view.setUint16(8 * i, code, host)
    view.setUint8(8 * i + 2, ifTrue)
    view.setUint8(8 * i + 3, ifFalse)
    view.setUint32(8 * i + 4, constant, host)
  })
  return bytes
}
