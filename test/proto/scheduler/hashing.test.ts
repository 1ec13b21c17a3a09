import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import {
  type Buckets,
  type Candidate,
  destinationHash,
  destinationHashTable,
  foldAddress,
  HASH_BUCKETS,
  halfSipHash,
  hash32,
  MAGLEV_SLOTS,
  type MaglevMember,
  maglev,
  maglevTable,
  permutation,
  sourceHash,
  sourceHashTable,
  turns,
} from '../../../src/proto/scheduler/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const fold = (text: string): number => foldAddress(address(text))
const server = (weight = 1, overloaded = false): Candidate => ({ weight, active: 0, total: 0, overloaded })
const member = (text: string, lastWeight = 1, port = 80): MaglevMember => ({
  permutation: permutation({ address: fold(text), port }),
  lastWeight,
})
/** How many buckets each destination has. */
function shares(buckets: Buckets, count: number): number[] {
  const held = new Array<number>(count).fill(0)
  for (const position of buckets) if (position !== undefined) held[position] = (held[position] as number) + 1
  return held
}

describe('hashes', () => {
  test('hash_32 takes the topmost bits of the product', () => {
    expect(hash32(fold('203.0.113.1'), 8)).toBe(50)
    expect(hash32(fold('203.0.113.1') + 40000, 8)).toBe(214)
    expect(hash32(fold('198.51.100.77'), 8)).toBe(103)
    expect(hash32(fold('198.51.100.77') + 40000, 8)).toBe(11)
    expect(hash32(fold('203.0.113.1'), 10)).toBe(200)
    expect(hash32(fold('198.51.100.77'), 10)).toBe(415)
  })

  test('hsiphash of 00 01 02 03 on 64-bit kernels', () =>
    expect(halfSipHash(0x03020100, [0x0706050403020100n, 0x0f0e0d0c0b0a0908n])).toBe(0x88d38328))

  test('an IPv6 address is folded to the exclusive or of its words', () => {
    expect(fold('2001:db8:1:2:3:4:5:6')).toBe((0x20010db8 ^ 0x00010002 ^ 0x00030004 ^ 0x00050006) >>> 0)
    expect(foldAddress(address('2001:db8::1'), 4)).toBe(0x20010db8)
    expect(foldAddress(address('192.0.2.1'), 6)).toBe(0xc0000201)
  })
})

describe('dh', () => {
  test('one bucket each in turn, weights or not', () => {
    expect(destinationHashTable(3).slice(0, 7)).toEqual([0, 1, 2, 0, 1, 2, 0])
    expect(destinationHashTable(0)).toEqual(new Array(HASH_BUCKETS).fill(undefined))
  })

  test('more destinations than buckets: the last ones get none', () =>
    expect(Math.max(...(destinationHashTable(300) as number[]))).toBe(255))

  test('a destination that is not available has no substitute', () => {
    const table = destinationHashTable(2)
    const to = { address: fold('203.0.113.1'), port: 0 } // bucket 50
    expect(destinationHash([server(), server()], table, to)).toBe(0)
    expect(destinationHash([server(0), server()], table, to)).toBe(undefined)
    expect(destinationHash([server(1, true), server()], table, to)).toBe(undefined)
  })
})

describe('sh', () => {
  test('buckets in a row by weight, in turn until the table is full', () => {
    expect(sourceHashTable([2, 1]).slice(0, 8)).toEqual([0, 0, 1, 0, 0, 1, 0, 0])
    expect(sourceHashTable([])).toEqual(new Array(HASH_BUCKETS).fill(undefined))
  })

  test('weight 0 still has one bucket, whose clients get nobody', () => {
    const table = sourceHashTable([3, 0])
    expect(table.slice(0, 5)).toEqual([0, 0, 0, 1, 0])
    // 203.0.113.1 has bucket 50.
    expect(sourceHash([server(3), server(0)], table, { address: fold('203.0.113.1'), port: 0 }, false)).toBe(0)
    expect(
      sourceHash([server(1), server(0)], sourceHashTable([1, 0]), { address: fold('198.51.100.77'), port: 0 }, false),
    ).toBe(undefined)
  })

  test('the port counts with sh-port', () => {
    const table = sourceHashTable(Array.from({ length: 256 }, () => 1))
    const list = Array.from({ length: 256 }, () => server())
    expect(sourceHash(list, table, { address: fold('203.0.113.1'), port: 0 }, false)).toBe(50)
    expect(sourceHash(list, table, { address: fold('203.0.113.1'), port: 40000 }, false)).toBe(214)
  })

  test('sh-fallback goes on at offset first bucket, then the next one in the ring', () => {
    const table = sourceHashTable(Array.from({ length: 256 }, () => 1))
    const down = new Set([50, 100, 101])
    const list = Array.from({ length: 256 }, (_, i) => server(down.has(i) ? 0 : 1))
    const client = { address: fold('203.0.113.1'), port: 0 }
    expect(sourceHash(list, table, client, false)).toBe(undefined)
    // 50 + (50 + 0), 50 + (50 + 1), 50 + (50 + 2)
    expect(sourceHash(list, table, client, true)).toBe(102)
  })

  test('sh-fallback gives up when nobody is available', () =>
    expect(sourceHash([server(0), server(1, true)], sourceHashTable([0, 1]), { address: 1, port: 0 }, true)).toBe(
      undefined,
    ))
})

describe('mh', () => {
  const list = ['10.9.0.13', '10.9.0.12', '10.9.0.11']
  const equal = maglevTable(list.map((one) => member(one)))
  const client = (text: string, port = 0) => ({ address: fold(text), port })
  const everybody = list.map(() => server())

  test('offset and skip come from the address and port of the destination', () =>
    expect(list.map((one) => permutation({ address: fold(one), port: 80 }))).toEqual([
      { offset: 1762, skip: 3304 },
      { offset: 552, skip: 1620 },
      { offset: 3753, skip: 3620 },
    ]))

  test('equal weights have equal shares', () => expect(shares(equal, 3)).toEqual([1365, 1364, 1364]))

  test('weights 4, 2, 2 take 2, 1, 1 turns', () => {
    expect(turns([4, 2, 2])).toEqual([2, 1, 1])
    expect(shares(maglevTable(list.map((one, i) => member(one, i === 0 ? 4 : 2))), 3)).toEqual([2047, 1023, 1023])
  })

  test('large weights are cut to six bits, and everybody has a turn', () => {
    expect(turns([65535, 1])).toEqual([63, 1])
    expect(turns([64, 1, 0])).toEqual([32, 1, 0])
    expect(turns([0, 0])).toEqual([0, 0])
  })

  const rows: readonly [text: string, port: number, slot: number, to: string][] = [
    ['203.0.113.1', 0, 1505, '10.9.0.11'],
    ['203.0.113.2', 0, 1436, '10.9.0.11'],
    ['203.0.113.3', 0, 907, '10.9.0.12'],
    ['198.51.100.77', 0, 1482, '10.9.0.13'],
    ['203.0.113.1', 40000, 1337, '10.9.0.12'],
    ['203.0.113.2', 40000, 3296, '10.9.0.13'],
    ['203.0.113.3', 40000, 2430, '10.9.0.11'],
    ['198.51.100.77', 40000, 2905, '10.9.0.13'],
  ]
  test.each(rows)('client %s, port %i has slot %i', (text, port, slot, to) => {
    expect(permutation({ address: fold(text), port }).offset).toBe(slot)
    expect(list[maglev(everybody, equal, client(text, port), false) ?? -1]).toBe(to)
  })

  test('a destination that never had a weight has no slot', () => {
    expect(shares(maglevTable([member('10.9.0.13', 0), member('10.9.0.12', 5)]), 2)).toEqual([0, MAGLEV_SLOTS])
    expect(maglevTable([member('10.9.0.13', 0)])).toEqual(new Array(MAGLEV_SLOTS).fill(undefined))
    expect(maglevTable([])).toEqual(new Array(MAGLEV_SLOTS).fill(undefined))
  })

  test('mh-fallback: the clients of a quiesced one go elsewhere, all others stay', () => {
    const quiesced = [server(0), server(), server()]
    for (let i = 0; i < 500; i++) {
      const one = { address: fold('203.0.113.0') + i * 7919, port: 0 }
      const before = maglev(everybody, equal, one, true)
      const after = maglev(quiesced, equal, one, true)
      if (before === 0) expect([1, 2]).toContain(after)
      else expect(after).toBe(before)
      expect(maglev(quiesced, equal, one, false)).toBe(before === 0 ? undefined : before)
    }
  })

  test('removing one of n moves less than one in n of the clients of the others', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 0xfffe }), { minLength: 3, maxLength: 24 }),
        fc.nat(),
        (hosts, which) => {
          const members = hosts.map((host) => member(`10.7.${host >> 8}.${host & 255}`))
          const gone = which % members.length
          const before = maglevTable(members)
          const after = maglevTable(members.filter((_, i) => i !== gone))
          const moved = before.filter((position, slot) => {
            const now = after[slot] as number
            return position !== gone && position !== (now >= gone ? now + 1 : now)
          }).length
          expect(moved / MAGLEV_SLOTS).toBeLessThan(1 / members.length)
        },
      ),
      fuzzRuns(30, 15),
    ))

  test('every slot is taken, by shares that differ by the turns of one round at most', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 1, maxLength: 30 }), (weights) => {
        const each = turns(weights)
        const held = shares(maglevTable(weights.map((weight, i) => member(`10.8.0.${i}`, weight))), weights.length)
        if (weights.every((weight) => weight === 0)) return expect(held.every((count) => count === 0)).toBe(true)
        const round = each.reduce((sum, count) => sum + count, 0)
        for (const [i, count] of each.entries()) {
          expect(held[i]).toBeGreaterThanOrEqual(Math.floor(MAGLEV_SLOTS / round) * count)
          expect(held[i]).toBeLessThanOrEqual(Math.ceil(MAGLEV_SLOTS / round) * count)
        }
      }),
      fuzzRuns(40, 16),
    ))
})
