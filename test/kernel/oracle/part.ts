/** One of the processes that share the sequences among them: node part.js SEED ATONCE NUMBER ... */

import { play } from './play.ts'

const [seed = 1, atOnce = 1, ...numbers] = process.argv.slice(2).map(Number)
const differences = await play(seed, numbers, atOnce)
const told = differences.map(({ sequence: { index }, kind, story }) => ({ index, kind, story }))
process.send?.(told, undefined, undefined, () => process.disconnect?.())
