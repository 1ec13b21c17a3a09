/**
 * How many cases a property tries: its own number, or HOLDFAST_FUZZ_RUNS for `make fuzz`. A fixed seed keeps `make test` the
 * same from run to run; fuzzing is for the cases that nobody has seen.
 */
const runs = Number(process.env['HOLDFAST_FUZZ_RUNS'])

export const fuzzing = runs > 0

export type FuzzRuns = { readonly numRuns: number; readonly seed?: number }

/** @param most  where more cases would need more room than there is: at most so many, fuzzing or not */
export const fuzzRuns = (normal: number, seed?: number, most = runs): FuzzRuns =>
  fuzzing ? { numRuns: Math.min(runs, most) } : { numRuns: normal, ...(seed === undefined ? {} : { seed }) }

/** Milliseconds a property may take; an hour when fuzzing. */
export const fuzzTimeout = (normal: number): number => (fuzzing ? 3_600_000 : normal)
