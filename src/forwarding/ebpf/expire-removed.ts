/**
 * With expire_nodest_conn connections end as their destination is removed, and templates with the last of them, as
 * ip_vs_expire_nodest_conn_flush() does it: one pass over the tables. The program judges at the entry, so that a destination which
 * has come back meanwhile keeps its own.
 */

import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'
import { connectionView, reap } from './sweep.ts'

const SLICE = 4096

/**
 * How many entries were removed.
 * @param pause  awaited between slices; `false` ends the pass
 */
export async function expireRemoved(director: Director, pause: () => Promise<boolean>): Promise<number> {
  const known = new Map<number, boolean>()
  const isRemoved = (slot: number): boolean => {
    const before = known.get(slot)
    if (before !== undefined) return before
    const record = director.maps.destinations.lookup(u32(slot))
    const removed =
      record === undefined || (layout.destination.decode(record).flags & layout.DESTINATION_AVAILABLE) === 0
    known.set(slot, removed)
    return removed
  }
  let removed = 0
  for (const tables of director.tables.values()) {
    const { connections, embryos, templates } = tables
    for (const map of [connections, embryos]) {
      for (const { count, keys, values } of map.slices(SLICE)) {
        const { at, size } = connectionView(tables, values)
        const orphans: number[] = []
        for (let i = 0; i < count; i++) {
          if ((at(i * size) & (layout.CONNECTION_REPLY | layout.CONNECTION_BYPASS)) !== 0) continue
          if (isRemoved(at(i * size + 12))) orphans.push(i)
        }
        removed += reap(tables, keys, tables.layout.flow.size, orphans, { living: 'ofRemoved' })
        if (!(await pause())) return removed
      }
    }
    for (const { count, keys, values } of templates.slices(SLICE)) {
      const orphans: number[] = []
      for (let i = 0; i < count; i++) {
        const { destination, controlled } = layout.template.decode(values, i * layout.template.size)
        if (controlled <= 0 && isRemoved(destination)) orphans.push(i)
      }
      removed += reap(tables, keys, tables.layout.templateKey.size, orphans, { templates: true, living: 'ofRemoved' })
      if (!(await pause())) return removed
    }
  }
  return removed
}
