import fc from 'fast-check'
import type { Attribute } from '../../../src/wire/netlink/index.ts'

/** Any attribute a message can carry, known or not. */
export const anyAttribute: fc.Arbitrary<Attribute> = fc.record({
  type: fc.nat({ max: 0x3fff }),
  flags: fc.constantFrom(0, 0x4000, 0x8000, 0xc000),
  value: fc.uint8Array({ maxLength: 24 }),
})

export const anyAttributes: fc.Arbitrary<readonly Attribute[]> = fc.array(anyAttribute, { maxLength: 6 })

export const uint8 = fc.nat({ max: 0xff })
export const uint16 = fc.nat({ max: 0xffff })
export const uint32 = fc.nat({ max: 0xffffffff })
export const int32 = fc.integer()

export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
export const hex = (of: Uint8Array): string => Buffer.from(of).toString('hex')
