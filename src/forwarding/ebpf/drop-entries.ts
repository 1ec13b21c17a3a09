/**
 * drop_entry: every second a thirty-second part of the tables is looked at, wherever it begins, and what the rules of
 * defence.ts take is removed. Templates that no established connection came through go whenever none is left of theirs.
 */

import { isVictim, type Lottery } from './defence.ts'
import { elapsedSeconds } from './elapsed.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { protocolName } from './slot.ts'
import { reap } from './sweep.ts'

const SHARE = 1 / 32
const SLICE = 4096

/**
 * How many entries were removed.
 * @param now      whole seconds of CLOCK_MONOTONIC
 * @param random   0 to 1, below 1
 * @param onePacketService  whether a slot's service schedules each packet by itself: its templates stay
 */
export function dropEntries(
  director: Director,
  lottery: Lottery,
  now: number,
  random: () => number,
  onePacketService: (slot: number) => boolean,
): number {
  let removed = 0
  for (const tables of director.tables.values()) {
    const { connections, embryos, templates } = tables
    const { flow, connection, templateKey } = tables.layout
    for (const map of [connections, embryos]) {
      for (const { count, keys, values } of map.part(random(), SHARE, SLICE)) {
        const victims: number[] = []
        for (let i = 0; i < count; i++) {
          const entry = connection.decode(values, i * connection.size)
          if ((entry.status & layout.CONNECTION_REPLY) !== 0) continue
          const protocol = protocolName(flow.decode(keys, i * flow.size).protocol)
          const idle = elapsedSeconds(entry.seen, now)
          const candidate = { protocol, state: entry.status & layout.STATE_MASK, packets: entry.packets, idle }
          if (isVictim(candidate, lottery)) victims.push(i)
        }
        removed += reap(tables, keys, flow.size, victims, { living: 'any' })
      }
    }
    for (const { count, keys, values } of templates.part(random(), SHARE, SLICE)) {
      const victims: number[] = []
      for (let i = 0; i < count; i++) {
        const { destination, controlled, flags } = layout.template.decode(values, i * layout.template.size)
        const assured = (flags & layout.TEMPLATE_ASSURED) !== 0
        if (controlled <= 0 && !assured && !onePacketService(destination)) victims.push(i)
      }
      removed += reap(tables, keys, templateKey.size, victims, { templates: true, living: 'any' })
    }
  }
  return removed
}
