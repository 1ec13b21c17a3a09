/** A mutating fuzzer for decoders: the same inputs for the same seed; what reaches new code becomes a message to start from. */
import type { Target } from './targets.ts'

/** Which places of the code under test have been reached. */
export type Coverage = {
  /** Those that are new since the last call of either. */
  fresh(): readonly string[]
  /** Whether any of these has been reached since the last call of either. */
  touched(places: readonly string[]): boolean
  /** The code runs at full speed again; more than once is nothing. */
  close(): void
}

export type Outcome = {
  readonly inputs: number
  readonly accepted: number
  readonly corpus: number
  /** The first input that threw, or was accepted and does not come out again. */
  readonly failure?: { readonly bytes: string; readonly reason: string }
}

/** Not shared with anybody. */
type Bytes = Uint8Array<ArrayBuffer>

const BATCH = 4096
const MOST = 600
const SPACE = 0x20

export function fuzz(target: Target, inputs: number, seed: number, coverage?: Coverage): Outcome {
  const random = generator(seed)
  const corpus = target.seeds.map((one): Bytes => Uint8Array.from(one))
  let [accepted, tried] = [0, 0]
  const attempt = (bytes: Uint8Array): string | undefined => {
    const before = bytes.slice()
    try {
      const result = target.decode(bytes)
      if (result === undefined) return undefined
      accepted++
      if (Buffer.compare(result[0], result[1]) !== 0) return `accepted, and comes out as ${hex(result[1])}`
      return Buffer.compare(before, bytes) === 0 ? undefined : 'the input was changed'
    } catch (error) {
      return `threw ${error instanceof Error ? error.stack : String(error)}`
    }
  }
  for (const one of corpus) attempt(one)
  coverage?.fresh()
  while (tried < inputs) {
    const batch = Array.from({ length: Math.min(BATCH, inputs - tried) }, () => mutant(target, corpus, random))
    for (const bytes of batch) {
      const reason = attempt(bytes)
      if (reason !== undefined)
        return { inputs: tried, accepted, corpus: corpus.length, failure: { bytes: hex(bytes), reason } }
    }
    tried += batch.length
    if (tried > (target.guided ?? inputs)) coverage?.close()
    const places = coverage?.fresh() ?? []
    if (coverage === undefined || places.length === 0) continue
    corpus.push(
      firstThat(batch, (some) => {
        for (const bytes of some) attempt(bytes)
        return coverage.touched(places)
      }),
    )
  }
  return { inputs: tried, accepted, corpus: corpus.length }
}

/** One that does it among those of which one does: by halves. */
function firstThat<T>(all: readonly T[], does: (some: readonly T[]) => boolean): T {
  if (all.length === 1) return all[0]!
  const half = all.slice(0, all.length >> 1)
  return does(half) ? firstThat(half, does) : firstThat(all.slice(half.length), does)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 15, 16, 20, 24, 28, 31, 32, 63, 64, 127, 128, 200, 254, 255]

/** One to eight changes of a message of the corpus. */
function mutant(target: Target, corpus: readonly Bytes[], random: (below: number) => number): Bytes {
  let bytes = corpus[random(corpus.length)]!.slice()
  const { words, most = MOST } = target
  for (let left = 1 + random(random(4) === 0 ? 8 : 2); left > 0; left--)
    bytes =
      words !== undefined && random(2) === 0
        ? worded(bytes, words[random(words.length)]!, most, random)
        : changed(bytes, corpus, most, random)
  if (target.mend !== undefined && random(2) === 0) target.mend(bytes)
  return bytes
}

/** With a word more, or in place of the one that stands there. */
function worded(bytes: Bytes, word: Uint8Array, most: number, random: (below: number) => number): Bytes {
  const at = random(bytes.length + 1)
  const space = random(2) === 0 ? at : bytes.findIndex((byte, index) => index >= at && byte <= SPACE)
  return joined(joined(bytes.subarray(0, at), Uint8Array.from(word), most), bytes.subarray(Math.max(at, space)), most)
}

function changed(bytes: Bytes, corpus: readonly Bytes[], most: number, random: (below: number) => number): Bytes {
  const { length } = bytes
  const at = length === 0 ? 0 : random(length)
  switch (random(length === 0 ? 2 : 9)) {
    case 0:
      return Uint8Array.from({ length: random(64) }, () => random(256))
    case 1:
      return joined(bytes, corpus[random(corpus.length)]!, most)
    case 2:
      return bytes.subarray(0, at).slice()
    case 3:
      return bytes.subarray(at).slice()
    case 4:
      bytes[at] = INTERESTING[random(INTERESTING.length)]!
      return bytes
    case 5:
      bytes[at] = random(256)
      return bytes
    case 6:
      bytes[at] = (bytes[at] as number) ^ (1 << random(8))
      return bytes
    case 7: {
      // A count or length near what is there.
      bytes[at] = (bytes[at] as number) + random(9) - 4
      return bytes
    }
    default: {
      const other = corpus[random(corpus.length)]!
      return joined(bytes.subarray(0, at), other.subarray(Math.min(at, other.length)), most)
    }
  }
}

function joined(a: Bytes, b: Bytes, most: number): Bytes {
  const bytes = new Uint8Array(Math.min(most, a.length + b.length))
  bytes.set(a.subarray(0, bytes.length))
  bytes.set(b.subarray(0, Math.max(0, bytes.length - a.length)), Math.min(a.length, bytes.length))
  return bytes
}

/** Whole numbers below a bound (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
