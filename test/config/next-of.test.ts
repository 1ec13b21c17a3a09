import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextOf } from '../../src/config/next-of.ts'

test('the next of some strings is found as by an expression for all of them', () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('$', '~', 'inc', 'include', 'x', '\n')),
      fc.array(fc.nat(60)),
      (parts, asked) => {
        const text = parts.join('')
        const next = nextOf(text, ['$', '~', 'include'])
        for (const from of asked.filter((at) => at <= text.length).sort((a, b) => a - b)) {
          const at = text.slice(from).search(/[$~]|include/)
          expect(next(from)).toBe(at < 0 ? text.length : from + at)
        }
      },
    ),
  ))
