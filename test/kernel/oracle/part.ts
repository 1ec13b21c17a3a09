/** One of the processes that share the sequences among them: node part.js SEED ATONCE NUMBER ... */

import type { Told } from './main.ts'
import { play } from './play.ts'

const [seed = 1, atOnce = 1, ...numbers] = process.argv.slice(2).map(Number)
const { differences, late } = await play(seed, numbers, atOnce)
const told: Told = {
  differences: differences.map(({ sequence: { index }, kind, story }) => ({ index, kind, story })),
  late: late.map(({ index }) => index),
}
process.send?.(told, undefined, undefined, () => process.disconnect?.())
