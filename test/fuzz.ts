/** Sets how many cases each property tries: fast-check's 100, or HOLDFAST_FUZZ_RUNS for `make fuzz`. */
import fc from 'fast-check'

const runs = Number(process.env['HOLDFAST_FUZZ_RUNS'])
if (runs > 0) fc.configureGlobal({ numRuns: runs })
