import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ok } from '../../../src/base/index.ts'
import { decodeProcessEvent, encodeListen, type ProcessEvent } from '../../../src/wire/connector/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const head = '01000000 01000000 02000000 00000000 2800 0000'
/** As Linux 6.18 sent them on a little-endian host. */
const golden: readonly [what: string, text: string, event: ProcessEvent][] = [
  [
    'an answer to listening',
    `${head} 00000000 01000000 9640c3b620160000 00000000 00000000 00000000 00000000 00000000 00000000`,
    { type: 'acknowledged', error: 0 },
  ],
  [
    'a fork',
    `${head} 01000000 01000000 746ec5b620160000 58720000 58720000 81720000 81720000 00000000 00000000`,
    { type: 'forked', parent: { id: 0x7258, process: 0x7258 }, child: { id: 0x7281, process: 0x7281 } },
  ],
  [
    'an execution',
    `${head} 02000000 01000000 16d5d2b620160000 81720000 81720000 00000000 00000000 00000000 00000000`,
    { type: 'executed', task: { id: 0x7281, process: 0x7281 } },
  ],
  [
    'another name',
    `${head} 00020000 01000000 16d5d2b620160000 82720000 81720000 736c6565 70000000 00000000 00000000`,
    { type: 'renamed', task: { id: 0x7282, process: 0x7281 } },
  ],
  [
    'an end',
    `${head} 00000080 01000000 b85ae5b620160000 81720000 81720000 00000000 11000000 58720000 58720000`,
    { type: 'exited', task: { id: 0x7281, process: 0x7281 } },
  ],
  [
    'another session, which is of no interest',
    `${head} 80000000 01000000 b85ae5b620160000 81720000 81720000 00000000 00000000 00000000 00000000`,
    { type: 'other', what: 0x80 },
  ],
]
const fork = bytes(golden[1]?.[1] ?? '')

describe('events of processes (linux/cn_proc.h)', () => {
  for (const [what, text, event] of golden)
    test(`${what} is read`, () => {
      expect(decodeProcessEvent(bytes(text), true)).toEqual(ok(event))
    })

  test('the order of bytes is the host’s', () => {
    const big = bytes(
      '00000001 00000001 00000000 00000000 0028 0000 00000002 00000001 0000000000000000 00007281 00007281 00000000 00000000 00000000 00000000',
    )
    expect(decodeProcessEvent(big, false)).toEqual(ok({ type: 'executed', task: { id: 0x7281, process: 0x7281 } }))
  })

  test('asking for them is these bytes', () => {
    expect(hex(encodeListen(true))).toBe('0100000001000000000000000000000004000000' + '01000000')
  })

  const wrong: readonly [rule: string, of: Uint8Array, field: string][] = [
    ['less than both headers', fork.subarray(0, 35), 'length'],
    ['another connector', withByte(fork, 0, 2), 'connector'],
    ['a length beyond the message', withByte(fork, 16, 41), 'length'],
    ['a length below the header', withByte(fork, 16, 15), 'length'],
    ['a fork that tells of no child', withByte(fork, 16, 24), 'length'],
  ]
  for (const [rule, of, field] of wrong)
    test(`${rule} is refused`, () => {
      expect(decodeProcessEvent(of, true)).toMatchObject({ ok: false, error: { field } })
    })

  test('no bytes make it throw', () => {
    const near = fc.uint8Array({ minLength: 30, maxLength: 80 }).map((of) => withByte(of, 0, 1).fill(0, 1, 4))
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 80 })), fc.boolean(), (of, little) => {
        decodeProcessEvent(of, little)
      }),
      fuzzRuns(2_000),
    )
  })
})
