/** `make fuzz-decoders`: so many inputs for each decoder, guided by coverage, until one fails. Arguments: INPUTS [SEED [NAME]], the name or a part of several. */
import { argv } from 'node:process'
import { configurationTargets } from './configuration-targets.ts'
import { openCoverage } from './coverage.ts'
import { frameTargets } from './frame-targets.ts'
import { fuzz } from './fuzzer.ts'
import { kernelTargets } from './kernel-targets.ts'
import { targets } from './targets.ts'

const [inputs, seed] = [Number(argv[2] ?? 10_000_000), Number(argv[3] ?? 1)]
const all = [...targets, ...frameTargets, ...kernelTargets, ...configurationTargets]
const named = all.filter(({ name }) => name === argv[4])
const chosen = named.length > 0 ? named : all.filter(({ name }) => name.includes(argv[4] ?? ''))
process.stdout.write(`${inputs} inputs each, seed ${seed}\n`)
let failed = 0
for (const target of chosen) {
  const began = performance.now()
  const coverage = openCoverage(target.covers ?? '/src/wire/')
  const { failure, accepted, corpus } = fuzz(target, inputs, seed, coverage)
  coverage.close()
  const figures = `${accepted} accepted, ${corpus} messages in the corpus, ${((performance.now() - began) / 1000).toFixed(0)} s`
  process.stdout.write(`${target.name}: ${failure === undefined ? 'ok' : 'FAILED'}, ${figures}\n`)
  if (failure === undefined) continue
  failed++
  process.stdout.write(`  ${failure.bytes}\n  ${failure.reason}\n`)
}
process.exit(failed === 0 ? 0 : 1)
