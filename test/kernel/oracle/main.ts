/**
 * The oracle as a program of its own, since a test runner takes longer to load all this in the guest than it runs.
 * usage: node main.js FOLDER SEED RUNS [NUMBER ...]
 * Plays the sequences of the seed (or only those with these numbers) and writes into the folder what differed, for people
 * (oracle.txt), and how many did (oracle.json).
 */

import { execFileSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Difference, type Directors, runBatch } from './batch.ts'
import { embeddedDirector, kernelDirector } from './director.ts'
import { climate, generate } from './generate.ts'
import { openReplayer } from './replayer.ts'
import type { Features } from './sequence.ts'
import { openWorld, VIRTUALS, virtualAddress, type World } from './world.ts'

/** Sequences side by side: they share the waiting. */
const AT_ONCE = 200
/** Played in one world: its connections stay, and the table has an end. */
const IN_ONE_WORLD = 600
/** In the second playing, where what counts is that little time passes. */
const FEW = 20
/** More are not played again: then it is not time that made them differ. */
const MANY = 400

const [folder = '', seed = 1, runs = 0, ...only] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [string, ...number[]]
const numbers = only.length > 0 ? only : Array.from({ length: runs }, (_, i) => i)
const batchOf = (index: number): number => Math.floor(index / AT_ONCE)

/** Plays them in a world of their own, and then another. */
async function play(indexes: readonly number[], atOnce: number): Promise<readonly Difference[]> {
  const found: Difference[] = []
  for (let at = 0; at < indexes.length; at += IN_ONE_WORLD)
    found.push(...(await playWorld(indexes.slice(at, at + IN_ONE_WORLD), atOnce)))
  return found
}

async function playWorld(indexes: readonly number[], atOnce: number): Promise<readonly Difference[]> {
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
      const differing = await playBatch(world, directors, embedded.features, batch, some)
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
  batch: number,
  indexes: readonly number[],
): Promise<readonly Difference[]> {
  const weather = climate(seed, batch, features)
  const sequences = indexes.map((index) => generate(seed, index, index, features, weather))
  const six = sequences.filter(({ family }) => family === 6)
  world.hold(six.flatMap(({ slot }) => Array.from({ length: VIRTUALS }, (_, i) => virtualAddress(6, slot, i))))
  return runBatch(directors, weather, sequences)
}

execFileSync('modprobe', ['ip_vs'])
// It says on the console, slowly, each time it finds no destination.
execFileSync('dmesg', ['-n', '1'])
const first = await play(numbers, AT_ONCE)
const again = first.map(({ sequence }) => sequence.index)
if (again.length > 0) console.log(`to be played again: ${again.join(' ')}`)
// What time brought about, on a machine that is slow, does not come again.
const differences = again.length > MANY ? first : await play(again, FEW)
writeFileSync(join(folder, 'oracle.txt'), '')
for (const { sequence, kind, story } of differences)
  appendFileSync(join(folder, 'oracle.txt'), `=== sequence ${sequence.index} (seed ${seed}): ${kind}\n${story}\n\n`)
const totals = {
  agreed: numbers.length - differences.length,
  differed: differences.length,
  unsteady: first.length - differences.length,
}
writeFileSync(join(folder, 'oracle.json'), `${JSON.stringify(totals)}\n`)
console.log(JSON.stringify(totals))
