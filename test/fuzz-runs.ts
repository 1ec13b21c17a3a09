/**
 * How many cases a property tries: its own number, or HOLDFAST_FUZZ_RUNS for `make fuzz`. A fixed seed keeps `make test` the
 * same from run to run; fuzzing is for the cases that nobody has seen.
 */
const runs = Number(process.env['HOLDFAST_FUZZ_RUNS'])

export const fuzzing = runs > 0

export type FuzzRuns = { readonly numRuns: number; readonly seed?: number }

export const fuzzRuns = (normal: number, seed?: number): FuzzRuns =>
  fuzzing ? { numRuns: runs } : { numRuns: normal, ...(seed === undefined ? {} : { seed }) }

/** Milliseconds a property may take; an hour when fuzzing. */
export const fuzzTimeout = (normal: number): number => (fuzzing ? 3_600_000 : normal)
