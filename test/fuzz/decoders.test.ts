/** Some thousand inputs for each decoder; `make fuzz-decoders` has ten million each, and looks where they lead. */
import { expect, test } from 'vitest'
import { fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import { configurationTargets } from './configuration-targets.ts'
import { openCoverage } from './coverage.ts'
import { frameTargets } from './frame-targets.ts'
import { fuzz } from './fuzzer.ts'
import { kernelTargets } from './kernel-targets.ts'
import { type Target, targets } from './targets.ts'

const { numRuns, seed = 1 } = fuzzRuns(20_000, 1)

for (const target of [...targets, ...frameTargets, ...kernelTargets, ...configurationTargets])
  test(`${target.name}: nothing thrown, nothing accepted that does not come out again`, {
    timeout: fuzzTimeout(60_000),
  }, () => {
    const runs = Math.ceil(numRuns / (target.cost ?? 1))
    const { failure, accepted, inputs } = fuzz(target, runs, seed)
    expect(failure).toBeUndefined()
    expect(inputs).toBe(runs)
    // Mutants that get past every check are what a decoder is tried with.
    expect(accepted).toBeGreaterThan(runs / 100)
  })

const byName = (name: string): Target => targets.find((one) => one.name === name)!

test('a decoder that throws is found', () => {
  const target = byName('netlink attributes')
  const throws: Target = {
    ...target,
    decode: (bytes) => [bytes, Uint8Array.of(...new Uint8Array(new DataView(bytes.buffer).getUint16(4)))],
  }
  expect(fuzz(throws, 20_000, 1).failure?.reason).toMatch(/threw|comes out as/)
})

test('a decoder that keeps less than it accepts is found', () => {
  const target = byName('HMAC trailer')
  const forgets: Target = {
    ...target,
    decode: (bytes) => target.decode(bytes)?.map((one, i) => (i === 0 ? one : one.slice().fill(0, 5, 6))) as never,
  }
  expect(fuzz(forgets, 20_000, 1).failure?.reason).toMatch(/comes out as/)
})

test('coverage leads where chance does not', () => {
  /** Three bytes, one after the other. */
  const target: Target = { name: 'three bytes', seeds: [new Uint8Array(8)], decode: lock }
  const coverage = openCoverage('decoders.test')
  try {
    expect(fuzz(target, 600_000, 1, coverage).failure?.reason).toMatch(/open/)
  } finally {
    coverage.close()
  }
  expect(fuzz(target, 600_000, 1).failure).toBeUndefined()
})

function lock(bytes: Uint8Array): undefined {
  if (bytes[0] !== 0x9d) return undefined
  if (bytes[1] !== 0x3b) return undefined
  if (bytes[2] !== 0xe6) return undefined
  throw new Error('open')
}
