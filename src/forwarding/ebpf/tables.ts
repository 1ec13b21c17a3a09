/**
 * What exists once a family: the tables of connections, templates and services, and the program that removes from them.
 * Those of IPv4 belong to director.bpf.o; those of IPv6, as large as they are, to director6.bpf.o, which is loaded once
 * there is something for it to do.
 */

import { type Family, fail, ok, type Result } from '../../base/index.ts'
import { type BpfMap, type BpfProgram, objectPath, openPinnedMap, removePin } from '../../sys/bpf/index.ts'
import type { Unsupported } from '../index.ts'
import * as layout from './layout.ts'
import { refused, unsupported } from './load-error.ts'
import type { Sliced } from './slices.ts'
import { loading, loadingStage } from './stage.ts'
import { u32 } from './struct.ts'

const TABLES = [
  'connections',
  'embryos',
  'templates',
  'services',
  'nat_servers',
  'reap_queue',
  'arrivals',
  'swept',
] as const
export type TableName = (typeof TABLES)[number]

export type Tables = Readonly<Record<TableName, BpfMap>> & {
  readonly family: Family
  readonly layout: typeof layout.ipv4 | typeof layout.ipv6
  readonly reap: BpfProgram
  readonly takeIn: BpfProgram
}

/** As pinned and in director6.bpf.o. */
const ipv6Name = (name: TableName): string => `${name}6`

/** Whether an earlier run has left all tables of IPv6. */
export function hasPinnedIpv6(directory: string): boolean {
  return pinnedIpv6(directory) !== undefined
}

/** Pins that are of no use. */
export function removePinnedIpv6(directory: string): void {
  for (const name of TABLES) removePin(`${directory}/${ipv6Name(name)}`)
}

/**
 * Loads the program for IPv6 around the tables that an earlier run left, or around new ones, which are pinned, and puts
 * it where the director calls it.
 * @param shared  the director's maps
 */
export function* loadingIpv6(
  directory: string,
  shared: Readonly<Record<'stages' | 'connections' | 'services' | 'nat_servers', BpfMap>> &
    Readonly<Record<string, BpfMap>>,
): Sliced<Result<Tables, Unsupported>> {
  const reuse = new Map(Object.entries(shared).filter(([name]) => !(TABLES as readonly string[]).includes(name)))
  const pinned = pinnedIpv6(directory)
  if (pinned === undefined) removePinnedIpv6(directory)
  else for (const [name, map] of pinned) reuse.set(name, map)
  const sizeOf = (name: 'connections' | 'services' | 'nat_servers') => shared[name].info.entries
  const entries: Readonly<Record<string, number>> =
    pinned === undefined
      ? {
          connections6: sizeOf('connections'),
          templates6: sizeOf('connections'),
          services6: sizeOf('services'),
          nat_servers6: sizeOf('nat_servers'),
        }
      : {}
  const object = yield* loading({ path: objectPath('director6.bpf.o'), entries, reuse })
  for (const map of pinned?.values() ?? []) map.close()
  if (!object.ok) return refused(object.error)
  const { maps, programs } = object.value

  const tables: Partial<Record<TableName, BpfMap>> = {}
  for (const name of TABLES) {
    const map = maps.get(ipv6Name(name))
    if (map === undefined) throw new Error(`director6.bpf.o has no map ${ipv6Name(name)}`)
    tables[name] = map
    if (pinned !== undefined) continue
    const done = map.pin(`${directory}/${ipv6Name(name)}`)
    if (!done.ok) return fail(unsupported(done.error))
  }
  const kept = new Set(Object.values(tables))
  for (const map of maps.values()) if (!kept.has(map)) map.close()

  const entry = programs.get('director6')
  const reap = programs.get('reap')
  const takeIn = programs.get('take_in')
  if (entry === undefined || reap === undefined || takeIn === undefined)
    throw new Error('director6.bpf.o has no program director6, reap or take_in')
  const placed = shared.stages.update(u32(layout.STAGE_IPV6), u32(entry.fd))
  for (const program of programs.values()) if (program !== reap && program !== takeIn) program.close()
  if (!placed.ok) return fail(unsupported(placed.error))
  for (const name of TABLES) reuse.set(ipv6Name(name), tables[name] as BpfMap)
  const odd = yield* loadingStage('director6-odd.bpf.o', 'director6_odd', layout.STAGE_ODD6, shared.stages, reuse)
  if (!odd.ok) return odd
  return ok({ ...(tables as Record<TableName, BpfMap>), family: 6, layout: layout.ipv6, reap, takeIn })
}

export function closeTables(tables: Tables): void {
  for (const name of TABLES) tables[name].close()
  tables.reap.close()
  tables.takeIn.close()
}

/** By the object's names; undefined: not all are there. */
function pinnedIpv6(directory: string): ReadonlyMap<string, BpfMap> | undefined {
  const found = new Map<string, BpfMap>()
  for (const name of TABLES.map(ipv6Name)) {
    const map = openPinnedMap(`${directory}/${name}`)
    if (map.ok && map.value !== undefined) found.set(name, map.value)
  }
  if (found.size === TABLES.length) return found
  for (const map of found.values()) map.close()
  return undefined
}
