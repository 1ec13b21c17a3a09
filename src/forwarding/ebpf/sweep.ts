/**
 * One pass over all connections and templates: what has expired is handed to the program `reap`, what the kernel has
 * evicted from the table of embryos is taken off their counts, and it is seen which destinations are still referred to.
 * The tables are read in slices with pauses in between, so that nothing else waits for long.
 */

import { frontOf } from './counters.ts'
import { elapsedSeconds } from './elapsed.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import type { Tables } from './tables.ts'

const SLICE = 4096
/** The keys of the queue, which is an array. */
const QUEUE_PLACES = new Uint8Array(Uint32Array.from({ length: layout.QUEUE_SIZE }, (_, i) => i).buffer)

export type SweepResult = {
  /** Entries that were removed. */
  readonly removed: number
  /** Connections and templates that were there before. */
  readonly seen: number
  /** Destinations that something refers to. */
  readonly referred: ReadonlySet<number>
}

type EmbryoCounts = { readonly active: number; readonly total: number }
/** How far counts of embryos were off in the pass before, by destination; all that are to be looked at. */
export type Drift = Map<number, EmbryoCounts>
export const NO_DRIFT: EmbryoCounts = { active: 0, total: 0 }

type Load = ReturnType<typeof layout.load.decode>
const NO_LOAD: Load = layout.load.decode(new Uint8Array(layout.load.size))

/**
 * @param drift  kept between passes
 * @param now    whole seconds of CLOCK_MONOTONIC
 * @param pause  awaited between slices; `false` ends the pass
 */
export async function sweep(
  director: Director,
  drift: Drift,
  now: () => number,
  pause: () => Promise<boolean>,
): Promise<SweepResult | undefined> {
  const { loads } = director.maps
  const referred = new Set<number>()
  const counts = new Map<number, { active: number; total: number }>()
  let seen = 0
  let removed = 0

  const room = [...drift.keys()].reduce((most, index) => Math.max(most, index + 1), 0)
  const readLoads = () => frontOf(loads, room, (bytes) => layout.load.decode(bytes))
  const before = readLoads()
  for (const tables of director.tables.values()) if (!(await sweepTables(tables))) return undefined
  const after = readLoads()
  for (const index of drift.keys())
    correct(
      director,
      drift,
      index,
      before.get(index) ?? NO_LOAD,
      after.get(index) ?? NO_LOAD,
      counts.get(index) ?? NO_DRIFT,
    )
  return { removed, seen, referred }

  async function sweepTables(tables: Tables): Promise<boolean> {
    const { connections, embryos, templates } = tables
    let replies = 0
    let translated = 0
    // The program does this itself, in a dearer way, when it hears nothing.
    const reported = tables.reap.call(layout.reapArguments.encode({}))
    if (!reported.ok) throw new Error(reported.error.message)
    for (const map of [connections, embryos]) {
      for (const slice of map.slices(SLICE)) {
        const time = now()
        const { at, size } = connectionView(tables, slice.values)
        const overdue: number[] = []
        for (let i = 0; i < slice.count; i++) {
          const status = at(i * size)
          if ((status & layout.CONNECTION_REPLY) !== 0) {
            replies++
            continue
          }
          seen++
          if ((status & layout.CONNECTION_NAT) !== 0) translated++
          const destination = at(i * size + 12)
          referred.add(destination)
          if (elapsedSeconds(at(i * size + 4), time) > at(i * size + 8)) overdue.push(i)
          if (map !== embryos) continue
          const count = counts.get(destination) ?? { active: 0, total: 0 }
          count.total++
          if ((status & layout.CONNECTION_ACTIVE) !== 0) count.active++
          counts.set(destination, count)
        }
        removed += reap(tables, slice.keys, tables.layout.flow.size, overdue, {})
        if (!(await pause())) return false
      }
    }
    if (replies > translated) removed += await reapReplies(tables, pause)

    for (const slice of templates.slices(SLICE)) {
      const time = now()
      const overdue: number[] = []
      for (let i = 0; i < slice.count; i++) {
        const entry = layout.template.decode(slice.values, i * layout.template.size)
        seen++
        referred.add(entry.destination)
        if (elapsedSeconds(entry.seen, time) > entry.timeout) overdue.push(i)
      }
      removed += reap(tables, slice.keys, tables.layout.templateKey.size, overdue, { templates: true })
      if (!(await pause())) return false
    }
    return true
  }
}

/**
 * Evicted embryos leave counts too high. A count is off by what it exceeds those seen both before and after the pass;
 * because embryos come and go meanwhile, only what two passes agree on is corrected.
 */
function correct(
  director: Director,
  drift: Drift,
  index: number,
  before: Load,
  after: Load,
  counted: EmbryoCounts,
): void {
  const last = drift.get(index) ?? NO_DRIFT
  // Most have nothing half-open, and had not.
  if (before === NO_LOAD && after === NO_LOAD && counted === NO_DRIFT && last === NO_DRIFT) return
  const off = {
    active: nearer(signed(before.embryo_active) - counted.active, signed(after.embryo_active) - counted.active),
    total: nearer(signed(before.embryo_total) - counted.total, signed(after.embryo_total) - counted.total),
  }
  drift.set(index, off.active === 0 && off.total === 0 ? NO_DRIFT : off)
  const active = nearer(last.active, off.active)
  const total = nearer(last.total, off.total)
  if (active === 0 && total === 0) return
  drift.set(index, NO_DRIFT)
  const done = director.programs.settle.call(
    layout.settleArguments.encode({ destination: index, embryo_active: -active, embryo_total: -total }),
  )
  if (!done.ok) throw new Error(done.error.message)
}

/** The one nearer to zero; zero when they differ in sign. */
const nearer = (a: number, b: number): number => (a > 0 ? Math.max(0, Math.min(a, b)) : Math.min(0, Math.max(a, b)))

const signed = (value: number): number => value | 0

/** What is removed although it has not expired. */
const reapLiving = { none: 0, any: layout.REAP_ANY, ofRemoved: layout.REAP_REMOVED } as const

/** Asks the kernel to look at these keys and to remove what has expired, or is `living`; how many it removed. */
export function reap(
  tables: Tables,
  keys: Uint8Array,
  keySize: number,
  indices: readonly number[],
  { templates = false, living = 'none' }: { readonly templates?: boolean; readonly living?: keyof typeof reapLiving },
): number {
  const held = new Uint32Array(keys.buffer, keys.byteOffset, keys.length >> 2)
  const words = keySize >> 2
  const room = tables.layout.flow.size >> 2
  let removed = 0
  for (let from = 0; from < indices.length; from += layout.QUEUE_SIZE) {
    const part = indices.slice(from, from + layout.QUEUE_SIZE)
    // Word by word: there may be a million of them.
    const queue = new Uint32Array(part.length * room)
    for (let n = 0; n < part.length; n++)
      for (let i = 0; i < words; i++) queue[n * room + i] = held[(part[n] as number) * words + i] as number
    const places = QUEUE_PLACES.subarray(0, part.length * 4)
    const queued = tables.reap_queue.updateBatch(places, new Uint8Array(queue.buffer), part.length)
    if (!queued.ok) throw new Error(queued.error.message)
    const args = layout.reapArguments.encode({
      count: part.length,
      of_templates: templates ? 1 : 0,
      living: reapLiving[living],
    })
    const done = tables.reap.call(args)
    if (!done.ok) throw new Error(done.error.message)
    removed += layout.reapArguments.decode(args).removed
  }
  return removed
}

/** Reply entries whose connection is gone are rare (two packets at once); they are looked for only when there are some. */
async function reapReplies(tables: Tables, pause: () => Promise<boolean>): Promise<number> {
  let removed = 0
  for (const map of [tables.connections, tables.embryos]) {
    for (const slice of map.slices(SLICE)) {
      const { at, size } = connectionView(tables, slice.values)
      const replies = Array.from({ length: slice.count }, (_, i) => i).filter(
        (i) => (at(i * size) & layout.CONNECTION_REPLY) !== 0,
      )
      removed += reap(tables, slice.keys, tables.layout.flow.size, replies, {})
      if (!(await pause())) return removed
    }
  }
  return removed
}

/** Fields by offset: decoding every entry of a large table would take several times as long. */
export function connectionView({ layout: { connection } }: Tables, values: Uint8Array) {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length >> 2)
  return { at: (offset: number): number => words[offset >> 2] as number, size: connection.size }
}
