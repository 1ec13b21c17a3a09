/** Sets how many cases a property tries that names no number of its own: fast-check's 100, or as `make fuzz` says. */
import fc from 'fast-check'
import { fuzzRuns } from './fuzz-runs.ts'

fc.configureGlobal(fuzzRuns(100))
