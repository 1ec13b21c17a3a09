/**
 * The oracle as programs of its own, since a test runner takes longer to load all this in the guest than it runs.
 * usage: node main.js FOLDER SEED RUNS [NUMBER ...]
 * Plays the sequences of the seed (or only those with these numbers), as many processes as there are processors, and writes into
 * the folder what differed, for people (oracle.txt), and the totals (oracle.json): how many agreed, differed, agreed only when played
 * again (unsteady), of these differed alone and in time before they agreed (wavered), and were played in time never (late); and in few
 * lines what differed (told).
 */

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Difference } from './batch.ts'
import { timePasses } from './pace.ts'
import { BATCH, batchOf } from './play.ts'

/**
 * So many side by side at first, then of those that differed or were too late, and then each alone: time that passes on a slow machine
 * between what the one director sees and the other makes them differ, and with fewer it is less.
 */
const COMPANIES = [BATCH, 20, 4]
/** What differs so often alone and in time, and agreed in no playing, is a difference. */
const OFTEN = 3
/** So many playings alone there are at most, of what is too late again and again. */
const MOST_ALONE = 6
/** Lines of a story in the totals, where its difference begins. */
const TOLD_LINES = 6
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

execFileSync('modprobe', ['ip_vs'])
// It says on the console, slowly, each time it finds no destination.
execFileSync('dmesg', ['-n', '1'])
/** What differed alone and in time: how often, and the story of the last time. */
const alone = new Map<number, { readonly times: number; readonly story: string }>()
let left: readonly number[] = numbers
let unequal = 0
for (let playing = 0; playing < COMPANIES.length + MOST_ALONE && left.length > 0; playing++) {
  if (playing > 0) console.log(`to be played again: ${left.join(' ')}`)
  const company = COMPANIES[playing] ?? 1
  const { differences, late } = await playAll(left, company)
  left = [...differences.map(({ index }) => index), ...late].sort((a, b) => a - b)
  if (playing === 0) unequal = left.length
  const hopeless = differences.length > MANY
  for (const { index, kind, story } of differences) {
    if (company > 1 && !hopeless) continue
    const times = hopeless ? OFTEN : (alone.get(index)?.times ?? 0) + 1
    alone.set(index, { times, story: `=== sequence ${index} (seed ${seed}): ${kind}\n${story}\n\n` })
  }
  if (hopeless) break
  left = left.filter((index) => (alone.get(index)?.times ?? 0) < OFTEN)
}
const differed = [...alone].filter(([, { times }]) => times >= OFTEN)
const late = left.filter((index) => !differed.some(([other]) => other === index))
/** The sequence, and the end of its story. */
const inFew = (story: string): string => {
  const lines = story.trimEnd().split('\n')
  const at = lines.findIndex((line) => line.startsWith('DIFFERENT'))
  return [lines[0], ...lines.slice(at, at + TOLD_LINES)].join('\n')
}
const totals = {
  agreed: numbers.length - differed.length - late.length,
  differed: differed.length,
  unsteady: Math.max(0, unequal - differed.length - late.length),
  wavered: [...alone.keys()].filter((index) => !left.includes(index)).length - differed.length,
  late: late.length,
  told: [...alone.values()].filter(({ times }) => times >= OFTEN).map(({ story }) => inFew(story)),
}
const stories = [...differed, ...[...alone].filter(([, { times }]) => times < OFTEN)].map(([, { story }]) => story)
writeFileSync(join(folder, 'oracle.txt'), stories.join(''))
writeFileSync(join(folder, 'oracle.json'), `${JSON.stringify(totals)}\n`)
console.log(JSON.stringify(totals))
