import { randomFillSync } from 'node:crypto'

/** Bytes that nobody can guess: what an answer has to repeat. */
export const randomBytes = (count: number): Uint8Array => randomFillSync(new Uint8Array(count))
