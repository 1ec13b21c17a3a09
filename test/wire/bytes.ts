/** Bytes from hexadecimal text and back; spaces are for the reader. */
import { internetChecksum } from '../../src/base/index.ts'

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
export const hex = (of: Uint8Array): string => Buffer.from(of).toString('hex')

export function withByte(of: Uint8Array, at: number, value: number): Uint8Array {
  const copy = of.slice()
  copy[at] = value
  return copy
}

/** With the Internet checksum of `pseudo` and the message put in at `at`. */
export function withSum(of: Uint8Array, at: number, pseudo: Uint8Array = new Uint8Array(0)): Uint8Array {
  const copy = of.slice()
  copy[at] = 0
  copy[at + 1] = 0
  new DataView(copy.buffer).setUint16(at, internetChecksum(pseudo, copy))
  return copy
}
