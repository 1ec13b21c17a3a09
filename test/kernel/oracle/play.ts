/** Plays sequences of a seed in worlds made for them. */

import { type Directors, type Outcome, runBatch } from './batch.ts'
import { embeddedDirector, kernelDirector } from './director.ts'
import { climate, generate } from './generate.ts'
import { hurries, TOGETHER } from './pace.ts'
import { openReplayer } from './replayer.ts'
import type { Climate, Sequence } from './sequence.ts'
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
    const all = indexes
      .filter((index) => batchOf(index) === batch)
      .map((index) => generate(seed, index, index, embedded.features, weather))
    for (const some of lotsOf(all, weather, atOnce)) {
      const began = Date.now()
      const outcome = await playBatch(world, directors, weather, some, Math.min(TOGETHER, atOnce))
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

/** So many at once, but those that are quick anyway all together. */
function lotsOf(all: readonly Sequence[], weather: Climate, atOnce: number): readonly (readonly Sequence[])[] {
  if (all.length <= atOnce) return [all]
  const hurried = all.filter((one) => hurries(one, weather))
  const others = all.filter((one) => !hurried.includes(one))
  const lots = Array.from({ length: Math.ceil(others.length / atOnce) }, (_, i) =>
    others.slice(i * atOnce, (i + 1) * atOnce),
  )
  return hurried.length > 0 ? [hurried, ...lots] : lots
}

async function playBatch(
  world: World,
  directors: Directors,
  weather: Climate,
  sequences: readonly Sequence[],
  together: number,
): Promise<Outcome> {
  const six = sequences.filter(({ family }) => family === 6)
  world.hold(six.flatMap(({ slot }) => Array.from({ length: VIRTUALS }, (_, i) => virtualAddress(6, slot, i))))
  return runBatch(directors, weather, sequences, together)
}
