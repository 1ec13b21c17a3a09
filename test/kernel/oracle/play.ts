/** Plays sequences of a seed in worlds made for them. */

import { type Directors, type Outcome, runBatch } from './batch.ts'
import { embeddedDirector, kernelDirector } from './director.ts'
import { climate, generate } from './generate.ts'
import { TOGETHER } from './pace.ts'
import { openReplayer } from './replayer.ts'
import type { Climate, Features } from './sequence.ts'
import { openWorld, VIRTUALS, virtualAddress, type World } from './world.ts'

/** Sequences of one climate: they can be played side by side and share the waiting. */
export const BATCH = 200
/** Played in one world: its connections stay, and the table has an end. */
const IN_ONE_WORLD = 600

export const batchOf = (index: number): number => Math.floor(index / BATCH)

/** Plays them, so many side by side, in a world of their own, and then another. */
export async function play(seed: number, indexes: readonly number[], atOnce: number): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (let at = 0; at < indexes.length; at += IN_ONE_WORLD)
    outcomes.push(await playWorld(seed, indexes.slice(at, at + IN_ONE_WORLD), atOnce))
  return summed(outcomes)
}

const summed = (outcomes: readonly Outcome[]): Outcome => ({
  differences: outcomes.flatMap(({ differences }) => differences),
  late: outcomes.flatMap(({ late }) => late),
})

async function playWorld(seed: number, indexes: readonly number[], atOnce: number): Promise<Outcome> {
  const name = String(process.pid)
  const world = openWorld(name)
  world.enter(world.embedded)
  const embedded = await embeddedDirector(`/sys/fs/bpf/oracle-${name}`)
  const directors = { kernel: kernelDirector(world), embedded, replayer: openReplayer(world) }
  const outcomes: Outcome[] = []
  for (const batch of new Set(indexes.map(batchOf))) {
    const weather = climate(seed, batch, embedded.features)
    const all = indexes.filter((index) => batchOf(index) === batch)
    // Where time passes they wait together, and are played in groups that are small anyway.
    const size = weather.passing ? BATCH : atOnce
    const together = weather.passing ? Math.min(TOGETHER, atOnce) : atOnce
    for (let at = 0; at < all.length; at += size) {
      const began = Date.now()
      const some = all.slice(at, at + size)
      const outcome = await playBatch(world, directors, embedded.features, seed, weather, some, together)
      outcomes.push(outcome)
      const { differences, late } = outcome
      const tooLate = late.length > 0 ? `${late.length} too late, ` : ''
      const took = Date.now() - began
      console.log(`batch ${batch}: ${some.length} sequences, ${differences.length} differ, ${tooLate}${took} ms`)
    }
  }
  directors.replayer.close()
  await embedded.close()
  world.close()
  return summed(outcomes)
}

async function playBatch(
  world: World,
  directors: Directors,
  features: Features,
  seed: number,
  weather: Climate,
  indexes: readonly number[],
  together: number,
): Promise<Outcome> {
  const sequences = indexes.map((index) => generate(seed, index, index, features, weather))
  const six = sequences.filter(({ family }) => family === 6)
  world.hold(six.flatMap(({ slot }) => Array.from({ length: VIRTUALS }, (_, i) => virtualAddress(6, slot, i))))
  return runBatch(directors, weather, sequences, together)
}
