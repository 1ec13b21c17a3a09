/** IPVS's defences: when they are in force, and whom drop_entry takes (ip_vs_ctl.c, ip_vs_conn.c). */
import { describe, expect, test } from 'vitest'
import { type Candidate, defenceNow, freePagesOf, isVictim, Lottery } from '../../src/forwarding/ebpf/defence.ts'

const LEVELS = { drop_entry: 0, drop_packet: 0, secure_tcp: 0 }

describe('a level of 1 becomes 2 while memory is short, and 2 becomes 1 afterwards', () => {
  test.each([
    [0, 100, 0, false],
    [1, 100, 2, true],
    [2, 100, 2, true],
    [3, 100, 3, true],
    [0, 2000, 0, false],
    [1, 2000, 1, false],
    [2, 2000, 1, false],
    [3, 2000, 3, true],
  ])('level %i with %i pages free', (level, free, next, inForce) => {
    const now = defenceNow({ drop_entry: level, drop_packet: level, secure_tcp: level }, 1024, 10, free)
    expect(now.levels).toEqual({ drop_entry: next, drop_packet: next, secure_tcp: next })
    expect([now.dropEntry, now.secureTcp, now.dropRate > 0]).toEqual([inForce, inForce, inForce])
  })
})

test.each([
  [1, 1023, 1024],
  [1, 512, 2],
  [1, 0, 1],
  [3, 0, 10],
  [3, 9999, 10],
  [0, 0, 0],
])('drop_packet %i with %i of 1024 pages free drops one of %i', (level, free, rate) => {
  expect(defenceNow({ ...LEVELS, drop_packet: level }, 1024, 10, free).dropRate).toBe(rate)
})

test('free memory is MemFree and Buffers, in pages', () => {
  const text = 'MemTotal:       16000 kB\nMemFree:        4000 kB\nMemAvailable:   9000 kB\nBuffers:          96 kB\n'
  expect(freePagesOf(text)).toBe(1024)
  expect(freePagesOf('MemFree: lots\n')).toBeUndefined()
})

const old = (more: Partial<Candidate>): Candidate => ({ protocol: 'udp', state: 0, packets: 1, idle: 60, ...more })

describe('drop_entry takes', () => {
  test.each([
    ['tcp', [3, 10]],
    ['sctp', [1, 2]],
  ] as const)('every half-open connection of %s, however young', (protocol, states) => {
    const taken = Array.from({ length: 14 }, (_, state) => state).filter((state) =>
      isVictim({ protocol, state, packets: 100, idle: 0 }, new Lottery()),
    )
    expect(taken).toEqual(states)
  })

  test.each([
    ['tcp', 1],
    ['sctp', 8],
    ['udp', 0],
  ] as const)('%s in state %i only by lot', (protocol, state) => {
    expect(isVictim(old({ protocol, state }), new Lottery())).toBe(true)
    expect(isVictim(old({ protocol, state, idle: 59 }), new Lottery())).toBe(false)
    expect(isVictim(old({ protocol, state, packets: 0 }), new Lottery())).toBe(false)
    expect(isVictim(old({ protocol, state, packets: 9 }), new Lottery())).toBe(false)
  })

  test('of idle connections with n packets every n-th', () => {
    const lottery = new Lottery()
    const of = (packets: number) => Array.from({ length: 12 }, () => (lottery.draws(old({ packets })) ? 1 : 0))
    expect(of(1)).toEqual(new Array(12).fill(1))
    // The counters begin at zero, so the first one of each is taken.
    expect(of(4)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    expect(of(3)).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0])
  })
})
