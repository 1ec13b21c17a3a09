/**
 * What lblc and lblcr remember (maps `lblc` and `lblcr`): the program adds, here is taken out what was not used for long,
 * by the rules of ip_vs_lblc.c. The program itself forgets nothing, so without this process the maps only grow, up to
 * MAX_LOCALITIES entries of all services; then new addresses are balanced by wlc each time.
 */

import type { BpfMap } from '../../sys/bpf/index.ts'
import { elapsedSeconds } from './elapsed.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { numbersOf, u32 } from './struct.ts'

const CHECK_SECONDS = 60
/** Every so many checks all that has expired goes, in the others only what a crowded service must lose. */
const CHECKS_TO_FULL = 30
/** Entries of a service. */
const SOFT_MAXIMUM = 16_384
/** Seconds without use after which an entry of a crowded service may go. */
const IDLE_SECONDS = 360
const SLICE = 4096

type Held = {
  readonly key: Uint8Array
  readonly service: number
  readonly idle: number
  readonly slots: readonly number[]
}

export class Localities {
  readonly #director: Director
  #checks = 1
  #checkedAt: number | undefined

  constructor(director: Director) {
    this.#director = director
  }

  /**
   * One pass, to be made every few seconds.
   * @param now  whole seconds of CLOCK_MONOTONIC
   * @return     the slots of destinations that are remembered
   */
  sweep(now: number): ReadonlySet<number> {
    const { settings, lblc, lblcr } = this.#director.maps
    const held = layout.settings.decode(settings.lookup(u32(0)) as Uint8Array)
    this.#checkedAt ??= now
    const due = now - this.#checkedAt >= CHECK_SECONDS
    if (due) this.#checkedAt = now
    const full = due && this.#checks % CHECKS_TO_FULL === 0
    if (due) this.#checks = full ? 1 : this.#checks + 1
    const referred = new Set<number>()
    for (const [map, expiration] of [
      [lblc, held.lblc_expiration],
      [lblcr, held.lblcr_expiration],
    ] as const) {
      const entries = [...entriesOf(map, now)]
      for (const { slots } of entries) for (const slot of slots) referred.add(slot)
      if (!due) continue
      for (const { key } of full ? entries.filter(({ idle }) => idle >= expiration) : crowding(entries)) map.delete(key)
    }
    return referred
  }

  /** A service is gone, or has another scheduler. */
  flush(serviceId: number): void {
    const { lblc, lblcr } = this.#director.maps
    for (const map of [lblc, lblcr])
      for (const { key, service } of [...entriesOf(map, 0)]) if (service === serviceId) map.delete(key)
  }
}

/** What services with too many entries lose: some that were idle for six minutes. */
function crowding(entries: readonly Held[]): readonly Held[] {
  const byService = new Map<number, Held[]>()
  for (const entry of entries) {
    const of = byService.get(entry.service)
    if (of === undefined) byService.set(entry.service, [entry])
    else of.push(entry)
  }
  return [...byService.values()].flatMap((of) => {
    const goal = Math.min(Math.floor(((of.length - SOFT_MAXIMUM) * 4) / 3), SOFT_MAXIMUM / 2)
    return goal <= 0 ? [] : of.filter(({ idle }) => idle >= IDLE_SECONDS).slice(0, goal)
  })
}

function* entriesOf(map: BpfMap, now: number): Generator<Held> {
  const { keySize, valueSize } = map.info
  for (const { count, keys, values } of map.slices(SLICE)) {
    for (let i = 0; i < count; i++) {
      const key = keys.slice(i * keySize, (i + 1) * keySize)
      const { service } = layout.localityKey.decode(key)
      if (valueSize === layout.locality.size) {
        const { destination, used } = layout.locality.decode(values, i * valueSize)
        yield { key, service, idle: elapsedSeconds(used, now), slots: [destination] }
      } else {
        const { used, count: size } = layout.replicasHead.decode(values, i * valueSize)
        const members = numbersOf(values.subarray(i * valueSize + layout.replicasHead.size, (i + 1) * valueSize))
        yield { key, service, idle: elapsedSeconds(used, now), slots: members.slice(0, size) }
      }
    }
  }
}
