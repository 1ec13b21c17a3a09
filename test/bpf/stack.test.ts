/** What Linux 6.1 asks of a chain of calls, told without it. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { callChains } from './call-chains.ts'

/** MAX_BPF_STACK, of all frames of a chain together. */
const STACK = 512
/** Above a function that calls another program, which may do the same again. */
const STACK_ABOVE_TAIL_CALL = 256
/** MAX_CALL_FRAMES. */
const FRAMES = 8

const folder = new URL('../../build/bpf/', import.meta.url).pathname
const objects = readdirSync(folder).filter((name) => name.endsWith('.bpf.o'))

test('there are programs to look at', () => {
  expect(objects).toEqual(
    expect.arrayContaining(['director.bpf.o', 'director-odd.bpf.o', 'director6.bpf.o', 'xdp.bpf.o']),
  )
})

describe.each(objects)('%s', (object) => {
  const { programs, tailCallers } = callChains(`${folder}${object}`)

  test('has programs', () => expect(programs).not.toEqual([]))

  test.each(programs)('$functions.0: no chain of calls takes more than 512 bytes of stack', ({ functions, bytes }) => {
    expect(bytes, functions.join(' → ')).toBeLessThanOrEqual(STACK)
    expect(functions.length, functions.join(' → ')).toBeLessThanOrEqual(FRAMES)
  })

  test('a function that calls another program has less than 256 bytes above it', () => {
    for (const { functions, bytes } of tailCallers)
      expect(bytes, functions.join(' → ')).toBeLessThan(STACK_ABOVE_TAIL_CALL)
  })
})
