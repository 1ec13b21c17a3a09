/** Plays sequences of a seed in worlds made for them. */

import { type Difference, type Directors, runBatch } from './batch.ts'
import { embeddedDirector, kernelDirector } from './director.ts'
import { climate, generate } from './generate.ts'
import { openReplayer } from './replayer.ts'
import type { Features } from './sequence.ts'
import { openWorld, VIRTUALS, virtualAddress, type World } from './world.ts'

/** Sequences of one climate: they can be played side by side and share the waiting. */
export const BATCH = 200
/** Played in one world: its connections stay, and the table has an end. */
const IN_ONE_WORLD = 600

export const batchOf = (index: number): number => Math.floor(index / BATCH)

/** Plays them, so many side by side, in a world of their own, and then another; what differs. */
export async function play(seed: number, indexes: readonly number[], atOnce: number): Promise<readonly Difference[]> {
  const found: Difference[] = []
  for (let at = 0; at < indexes.length; at += IN_ONE_WORLD)
    found.push(...(await playWorld(seed, indexes.slice(at, at + IN_ONE_WORLD), atOnce)))
  return found
}

async function playWorld(seed: number, indexes: readonly number[], atOnce: number): Promise<readonly Difference[]> {
  const name = String(process.pid)
  const world = openWorld(name)
  world.enter(world.embedded)
  const embedded = await embeddedDirector(`/sys/fs/bpf/oracle-${name}`)
  const directors = { kernel: kernelDirector(world), embedded, replayer: openReplayer(world) }
  const found: Difference[] = []
  for (const batch of new Set(indexes.map(batchOf))) {
    const all = indexes.filter((index) => batchOf(index) === batch)
    for (let at = 0; at < all.length; at += atOnce) {
      const began = Date.now()
      const some = all.slice(at, at + atOnce)
      const differing = await playBatch(world, directors, embedded.features, seed, batch, some)
      found.push(...differing)
      console.log(`batch ${batch}: ${some.length} sequences, ${differing.length} differ, ${Date.now() - began} ms`)
    }
  }
  directors.replayer.close()
  await embedded.close()
  world.close()
  return found
}

async function playBatch(
  world: World,
  directors: Directors,
  features: Features,
  seed: number,
  batch: number,
  indexes: readonly number[],
): Promise<readonly Difference[]> {
  const weather = climate(seed, batch, features)
  const sequences = indexes.map((index) => generate(seed, index, index, features, weather))
  const six = sequences.filter(({ family }) => family === 6)
  world.hold(six.flatMap(({ slot }) => Array.from({ length: VIRTUALS }, (_, i) => virtualAddress(6, slot, i))))
  return runBatch(directors, weather, sequences)
}
