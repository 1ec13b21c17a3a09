import { describe, expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import type { HmacSettings } from '../../../src/model/index.ts'
import { checkHmac, type HmacArrival, type Marks, nextSequence, noMarks } from '../../../src/proto/vrrp-hmac/index.ts'

const settings: HmacSettings = { keys: [], activeKey: 1, window: 10, antiReplay: 'time', mode: 'enforce' }
const NOW = 1_800_000_000
const at = (seconds: number, rest = 0n) => (BigInt(seconds) << 32n) | rest
const source = address('192.0.2.12')
const other = address('192.0.2.13')
const signed = (sequence: bigint, more: object = {}): HmacArrival => ({
  source,
  trailer: { keyId: 1, sequence, hmac: new Uint8Array(16) },
  ...more,
})
const monotonic: HmacSettings = { ...settings, antiReplay: 'monotonic' }
const heard = (sequence: bigint): Marks => [{ source, sequence }]

const rows: readonly [rule: string, of: HmacSettings, marks: Marks, arrival: HmacArrival, answer: string][] = [
  ['V-104: enforce refuses what is not signed', settings, noMarks, { source }, 'hmac-missing'],
  ['V-104: permissive accepts it', { ...settings, mode: 'permissive' }, noMarks, { source }, 'accepted'],
  ['V-104: so does receive-only', { ...settings, mode: 'receive-only' }, noMarks, { source }, 'accepted'],
  ['a first signed one is accepted', settings, noMarks, signed(at(NOW)), 'accepted'],
  ['a form that is not known', settings, noMarks, { source, trailer: undefined }, 'hmac-malformed'],
  [
    'in receive-only too',
    { ...settings, mode: 'receive-only' },
    noMarks,
    { source, trailer: undefined },
    'hmac-malformed',
  ],
  ['unicast from no peer', settings, noMarks, signed(at(NOW), { isPeer: false }), 'source'],
  ['unicast from a peer', settings, noMarks, signed(at(NOW), { isPeer: true }), 'accepted'],
  ['V-103: at the edge of the window', settings, noMarks, signed(at(NOW - 10)), 'accepted'],
  ['V-103: behind the window', settings, noMarks, signed(at(NOW - 11)), 'hmac-stale'],
  ['V-103: ahead of the window', settings, noMarks, signed(at(NOW + 11)), 'hmac-stale'],
  ['monotonic has no window', monotonic, noMarks, signed(at(1)), 'accepted'],
  ['V-102: the same again', settings, heard(at(NOW)), signed(at(NOW)), 'hmac-replay'],
  ['V-102: an earlier one', settings, heard(at(NOW, 5n)), signed(at(NOW, 4n)), 'hmac-replay'],
  ['V-102: a later one', settings, heard(at(NOW, 5n)), signed(at(NOW, 6n)), 'accepted'],
  ['a mark outside the window is forgotten', settings, heard(at(NOW + 11)), signed(at(NOW)), 'accepted'],
  ['in monotonic mode it is not', monotonic, heard(at(NOW + 11)), signed(at(NOW)), 'hmac-replay'],
  ['another sender has marks of its own', settings, heard(at(NOW, 5n)), signed(at(NOW), { source: other }), 'accepted'],
]
describe('what is accepted', () => {
  for (const [rule, of, marks, arrival, answer] of rows)
    test(rule, () => {
      const checked = checkHmac(of, marks, arrival, NOW * 1_000, () => true)
      expect(checked.ok ? 'accepted' : checked.error).toBe(answer)
    })

  test('an unknown key and a wrong HMAC are told apart', () => {
    expect(checkHmac(settings, noMarks, signed(at(NOW)), NOW * 1_000, () => undefined)).toMatchObject({
      error: 'hmac-unknown-key',
    })
    expect(checkHmac(settings, noMarks, signed(at(NOW)), NOW * 1_000, () => false)).toMatchObject({
      error: 'hmac-invalid',
    })
  })

  test('V-103: what is stale costs no digest', () => {
    let asked = 0
    checkHmac(settings, noMarks, signed(at(NOW - 60)), NOW * 1_000, () => ++asked > 0)
    expect(asked).toBe(0)
  })

  test('clocks more than half a window apart are remarked on', () => {
    const skew = (seconds: number) => {
      const checked = checkHmac(settings, noMarks, signed(at(NOW - seconds)), NOW * 1_000, () => true)
      return checked.ok ? checked.value.skew : undefined
    }
    expect([skew(5), skew(6), skew(-6)]).toEqual([undefined, 6, -6])
  })

  test('of multicast senders the four most recent are remembered, of unicast peers all', () => {
    const marksAfter = (more: object) => {
      let marks = noMarks
      for (let i = 1; i <= 6; i++) {
        const checked = checkHmac(
          settings,
          marks,
          signed(at(NOW), { source: address(`192.0.2.${i}`), ...more }),
          NOW * 1_000,
          () => true,
        )
        if (checked.ok) marks = checked.value.marks
      }
      return marks.length
    }
    expect([marksAfter({}), marksAfter({ isPeer: true })]).toEqual([4, 6])
  })
})

describe('the next sequence number', () => {
  const wall = NOW * 1_000 + 500
  const clock = at(NOW, 0x8000_0000n)
  const next: readonly [rule: string, of: HmacSettings, last: bigint | undefined, sequence: bigint][] = [
    ['is the clock’s at first', settings, undefined, clock],
    ['is the clock’s when that has moved on', settings, at(NOW), clock],
    ['is one more when it has not', settings, clock, clock + 1n],
    ['goes on from a clock that was a little ahead', settings, at(NOW + 9), at(NOW + 9) + 1n],
    ['begins anew when the clock was far ahead', settings, at(NOW + 11), clock],
    ['never goes back in monotonic mode', monotonic, at(NOW + 999), at(NOW + 999) + 1n],
  ]
  for (const [rule, of, last, sequence] of next) test(rule, () => expect(nextSequence(of, last, wall)).toBe(sequence))
})
