import { expect, test } from 'vitest'
import { Estimator } from '../../../src/forwarding/ebpf/estimator.ts'
import type { TrafficCounters } from '../../../src/forwarding/index.ts'

const totals = (connections: number, inBytes = 0): TrafficCounters => ({
  connections,
  inPackets: connections * 3,
  outPackets: 0,
  inBytes,
  outBytes: 0,
})

/** ip_vs_est.c in whole numbers: @param deltas what each two seconds brought, of connections */
function kernel(deltas: readonly number[]): number[] {
  let cps = 0n
  return deltas.map((delta) => {
    cps += ((BigInt(delta) << 9n) - cps) >> 2n
    return Number((cps + 0x1ffn) >> 10n)
  })
}

test('rates rise and fall as the kernel lets them', () => {
  const deltas = [1000, 1000, 1000, 1000, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000_000, 3, 0]
  const estimator = new Estimator<string>()
  estimator.sample([['a', totals(5)]])
  let sum = 5
  const seen = deltas.map((delta) => {
    sum += delta
    estimator.sample([['a', totals(sum)]])
    return estimator.rates('a').connections
  })
  expect(seen).toEqual(kernel(deltas))
  expect(seen.slice(0, 3)).toEqual([125, 219, 289])
})

test('bytes have other bits after the point: 4 kB in two seconds are 500 a second after the first', () => {
  const estimator = new Estimator<number>()
  for (const inBytes of [0, 4_000]) estimator.sample([[1, totals(0, inBytes)]])
  expect(estimator.rates(1).inBytes).toBe(500)
})

test('what an earlier process counted is no rate, nor is what was set to zero, and who is gone is forgotten', () => {
  const estimator = new Estimator<string>()
  estimator.sample([['a', totals(1_000_000)]])
  expect(estimator.rates('a').connections).toBe(0)
  estimator.sample([['a', totals(1_004_000)]])
  expect(estimator.rates('a').connections).toBe(500)
  estimator.sample([['a', totals(3)]])
  expect(estimator.rates('a').connections).toBe(0)
  estimator.sample([])
  estimator.sample([['a', totals(400)]])
  expect(estimator.rates('a').connections).toBe(0)
  expect(estimator.rates('never').inBytes).toBe(0)
})

test('where only what has carried something is named, the first that something carries counts', () => {
  const all = new Estimator<string>()
  const carrying = new Estimator<string>('without-traffic')
  const history = [0, 0, 80, 80, 200, 200, 3, 3].map((connections) => totals(connections))
  for (const now of history) {
    all.sample([
      ['idle', totals(0)],
      ['a', now],
    ])
    carrying.sample(now.connections === 0 ? [] : [['a', now]])
    expect(carrying.rates('a')).toEqual(all.rates('a'))
    expect(carrying.rates('idle')).toEqual(all.rates('idle'))
  }
  const later = new Estimator<string>('without-traffic')
  later.sample([['a', totals(1_000_000)]])
  later.sample([['a', totals(1_000_000)]])
  expect(later.rates('a').connections).toBe(0)
})
