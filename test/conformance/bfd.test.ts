/**
 * The conformance list of BFD (B-001 … B-014: RFC 5880, 5881, 5883, keepalived): each number stands in the name of the tests
 * that prove it, at least once; an id without one fails.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const CODEC = 'wire/bfd/control-packet.test.ts'
const STEPS = 'proto/bfd/step.test.ts'
const LINK = 'proto/bfd/simulate.test.ts'
const ROLE = 'roles/vrrp/bfd.test.ts'
const LAB = 'lab/bfd.test.ts'

const proofs: Readonly<Record<number, readonly string[]>> = {
  1: [CODEC, LAB],
  2: [CODEC, ROLE],
  3: [STEPS],
  4: [STEPS, LINK],
  5: [STEPS, LAB],
  6: [STEPS, LINK],
  7: [STEPS],
  8: [STEPS],
  9: [STEPS, LINK],
  10: [ROLE, LAB],
  11: [ROLE, LAB],
  12: [ROLE],
  13: [STEPS, LINK],
  14: [ROLE],
}

for (let number = 1; number <= 14; number++) {
  const id = `B-${String(number).padStart(3, '0')}`
  test(`${id} has its tests`, () => {
    const files = proofs[number] ?? []
    expect(files).not.toEqual([])
    for (const file of files) {
      const names = readFileSync(join(import.meta.dirname, '..', file), 'utf8').matchAll(
        /(?:test|lab|describe)\(\s*(['`])(.*?)\1/g,
      )
      expect(
        [...names].some(([, , name = '']) => name.includes(id)),
        `${id} in ${file}`,
      ).toBe(true)
    }
  })
}
