import { type Observed, trackKey } from '../../model/index.ts'
import type { TrackedNumber } from '../ipc/index.ts'

const FILE = trackKey({ kind: 'file', name: '' })

/** The files among what was observed, and the numbers in them, as checkers hear of them. */
export const numbersIn = (observed: readonly Observed[]): readonly TrackedNumber[] =>
  observed.flatMap(({ key, observation }) =>
    key.startsWith(FILE) && observation.type === 'value'
      ? [{ name: key.slice(FILE.length), value: observation.value }]
      : [],
  )
