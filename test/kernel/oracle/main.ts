/**
 * The oracle as programs of its own, since a test runner takes longer to load all this in the guest than it runs.
 * usage: node main.js FOLDER SEED RUNS [NUMBER ...]
 * Plays the sequences of the seed (or only those with these numbers), as many processes as there are processors, and writes into
 * the folder what differed, for people (oracle.txt), and how many did (oracle.json).
 */

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Difference } from './batch.ts'
import { timePasses } from './pace.ts'
import { BATCH, batchOf } from './play.ts'

/**
 * So many side by side at first, and then of those that differed or were too late: time that passes on a slow machine between what
 * the one director sees and the other makes them differ, and with fewer it is less. What differs in the end is a difference.
 */
const COMPANIES = [BATCH, 20, 4, 1]
/** More are not played again: then it is not time that made them differ. */
const MANY = 400

const [folder = '', seed = 1, runs = 0, ...only] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [string, ...number[]]
const numbers = only.length > 0 ? only : Array.from({ length: runs }, (_, i) => i)

/** What a part has found, by the numbers of sequences. */
export type Told = {
  readonly differences: readonly (Pick<Difference, 'kind' | 'story'> & { readonly index: number })[]
  /** Not played in time. */
  readonly late: readonly number[]
}

/** A process of its own on a processor of its own, so that what it sends is worked off where it waits for it. */
function playPart(processor: number, indexes: readonly number[], atOnce: number): Promise<Told> {
  const words = [seed, atOnce, ...indexes].map(String)
  const program = [process.execPath, join(import.meta.dirname, 'part.js'), ...words]
  const child = spawn('taskset', ['-c', String(processor), ...program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let told: Told | undefined
  child.on('message', (message) => {
    told = message as Told
  })
  return new Promise((done, refuse) => {
    child.on('error', refuse)
    child.on('close', (status) =>
      status === 0 && told !== undefined ? done(told) : refuse(new Error(`a part ended with status ${status}`)),
    )
  })
}

/** Each batch is one process's. Those in which time passes are another's besides, which mostly waits. */
async function playAll(indexes: readonly number[], atOnce: number): Promise<Told> {
  const passing = indexes.filter((index) => timePasses(batchOf(index)))
  const others = indexes.filter((index) => !timePasses(batchOf(index)))
  const batches = [...new Set(others.map(batchOf))]
  const processors = Math.min(availableParallelism(), batches.length)
  const parts = Array.from({ length: processors }, (_, processor) =>
    others.filter((index) => batches.indexOf(batchOf(index)) % processors === processor),
  )
  if (passing.length > 0) parts.push(passing)
  const told = await Promise.all(parts.map((part, i) => playPart(i % availableParallelism(), part, atOnce)))
  return {
    differences: told.flatMap(({ differences }) => differences).sort((a, b) => a.index - b.index),
    late: told.flatMap(({ late }) => late),
  }
}

function tell(differences: Told['differences']): void {
  const stories = differences.map(
    ({ index, kind, story }) => `=== sequence ${index} (seed ${seed}): ${kind}\n${story}\n\n`,
  )
  writeFileSync(join(folder, 'oracle.txt'), stories.join(''))
}

execFileSync('modprobe', ['ip_vs'])
// It says on the console, slowly, each time it finds no destination.
execFileSync('dmesg', ['-n', '1'])
let told: Told = { differences: [], late: numbers }
let unequal: number | undefined
for (let playing = 0; ; playing++) {
  const { differences, late } = told
  const some = [...differences.map(({ index }) => index), ...late].sort((a, b) => a - b)
  if (playing > 0) console.log(`to be played again: ${some.join(' ')}`)
  told = await playAll(some, COMPANIES[playing] ?? 1)
  unequal ??= told.differences.length
  tell(told.differences)
  if (told.differences.length + told.late.length === 0 || told.differences.length > MANY) break
  // And on as long as there are fewer that are too late.
  if (playing + 1 >= COMPANIES.length && (told.late.length === 0 || told.late.length >= late.length)) break
}
const { differences, late } = told
const totals = {
  agreed: numbers.length - differences.length - late.length,
  differed: differences.length,
  unsteady: Math.max(0, (unequal ?? 0) - differences.length),
  late: late.length,
}
writeFileSync(join(folder, 'oracle.json'), `${JSON.stringify(totals)}\n`)
console.log(JSON.stringify(totals))
