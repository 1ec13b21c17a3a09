/**
 * The oracle as programs of its own, since a test runner takes longer to load all this in the guest than it runs.
 * usage: node main.js FOLDER SEED RUNS [NUMBER ...]
 * Plays the sequences of the seed (or only those with these numbers), as many processes as there are processors, and writes into
 * the folder what differed, for people (oracle.txt), and how many did (oracle.json).
 */

import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Difference } from './batch.ts'
import { BATCH, batchOf } from './play.ts'

/** In the second playing, where what counts is that little time passes. */
const FEW = 20
/** More are not played again: then it is not time that made them differ. */
const MANY = 400

const [folder = '', seed = 1, runs = 0, ...only] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [string, ...number[]]
const numbers = only.length > 0 ? only : Array.from({ length: runs }, (_, i) => i)

type Told = Pick<Difference, 'kind' | 'story'> & { readonly index: number }

/** A process of its own on a processor of its own, so that what it sends is worked off where it waits for it. */
function playPart(processor: number, indexes: readonly number[], atOnce: number): Promise<readonly Told[]> {
  const words = [seed, atOnce, ...indexes].map(String)
  const program = [process.execPath, join(import.meta.dirname, 'part.js'), ...words]
  const child = spawn('taskset', ['-c', String(processor), ...program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let told: readonly Told[] | undefined
  child.on('message', (message) => {
    told = message as readonly Told[]
  })
  return new Promise((done, refuse) => {
    child.on('error', refuse)
    child.on('close', (status) =>
      status === 0 && told !== undefined ? done(told) : refuse(new Error(`a part ended with status ${status}`)),
    )
  })
}

/** Each batch is one process's. */
async function playAll(indexes: readonly number[], atOnce: number): Promise<readonly Told[]> {
  const batches = [...new Set(indexes.map(batchOf))]
  const processors = Math.min(availableParallelism(), batches.length)
  const parts = Array.from({ length: processors }, (_, processor) =>
    indexes.filter((index) => batches.indexOf(batchOf(index)) % processors === processor),
  )
  const told = await Promise.all(parts.map((part, processor) => playPart(processor, part, atOnce)))
  return told.flat().sort((a, b) => a.index - b.index)
}

execFileSync('modprobe', ['ip_vs'])
// It says on the console, slowly, each time it finds no destination.
execFileSync('dmesg', ['-n', '1'])
const first = await playAll(numbers, BATCH)
const again = first.map(({ index }) => index)
if (again.length > 0) console.log(`to be played again: ${again.join(' ')}`)
// What time brought about, on a machine that is slow, does not come again.
const differences = again.length > MANY ? first : await playAll(again, FEW)
writeFileSync(join(folder, 'oracle.txt'), '')
for (const { index, kind, story } of differences)
  appendFileSync(join(folder, 'oracle.txt'), `=== sequence ${index} (seed ${seed}): ${kind}\n${story}\n\n`)
const totals = {
  agreed: numbers.length - differences.length,
  differed: differences.length,
  unsteady: first.length - differences.length,
}
writeFileSync(join(folder, 'oracle.json'), `${JSON.stringify(totals)}\n`)
console.log(JSON.stringify(totals))
