/** The tables of the embedded core for sync daemons: news from the ring, arrivals into the tables, all there is. */

import { fail, ok } from '../../base/index.ts'
import { openRing, type Ring } from '../../sys/bpf/index.ts'
import type { ConnectionExchange } from '../sync/index.ts'
import { Arrivals } from './arrivals.ts'
import * as layout from './layout.ts'
import { readAll, readNews, type SlotBehind } from './news.ts'
import type { Director } from './program.ts'
import { readHeld, writeHeld } from './settings.ts'
import type { Table } from './table.ts'

/** Bytes of an address. */
const IPV6 = 16

export type EbpfExchange = ConnectionExchange & {
  /** The table of services has changed. */
  forget(): void
}

/**
 * @param now  whole seconds of CLOCK_MONOTONIC
 * @param ipv6  sees to it that there are tables of IPv6; undefined: there are, or there is no point in trying again yet
 */
export function createExchange(
  director: Director,
  table: Table,
  now: () => number,
  ipv6: () => Promise<void> | undefined = () => undefined,
): EbpfExchange {
  const arrivals = new Arrivals(director, table)
  const slotBehind: SlotBehind = (index) => table.slotAt(index)
  let ring: Ring | undefined

  function setNews(on: boolean): void {
    const held = readHeld(director)
    const flags = on ? held.flags | layout.SETTINGS_NEWS : held.flags & ~layout.SETTINGS_NEWS
    if (flags !== held.flags) writeHeld(director, { ...held, flags })
  }

  return {
    listen(onNews) {
      if (ring !== undefined) return ok(undefined)
      const opened = openRing(director.maps.news, (batch) => onNews(readNews(batch, slotBehind)))
      if (!opened.ok) return fail({ message: opened.error.message })
      ring = opened.value
      setNews(true)
      return ok(undefined)
    },
    deafen() {
      setNews(false)
      ring?.close()
      ring = undefined
    },
    readies: (connections) =>
      !director.tables.has(6) && connections.some(({ client }) => client.length === IPV6) ? ipv6() : undefined,
    takeIn: (connections, asOf) => arrivals.takeIn(connections, asOf),
    all: () => readAll(director, slotBehind, now),
    forget: () => arrivals.forget(),
  }
}
