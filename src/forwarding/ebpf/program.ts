/** The loaded director: its maps and programs, pinned, taken over from an earlier run where the layout is the same. */

import { type Family, fail, type Log, ok, type Result } from '../../base/index.ts'
import {
  type BpfMap,
  type BpfProgram,
  objectPath,
  openPinnedMap,
  preparePinDirectory,
  probeBpf,
  removePin,
} from '../../sys/bpf/index.ts'
import { randomWord, readText } from '../../sys/files/index.ts'
import { defaultSettings, tableSizes, type Unsupported } from '../index.ts'
import {
  ICMP_BUDGET,
  ipv4,
  LAYOUT_VERSION,
  SETTINGS_PMTU_DISC,
  STAGE_ODD,
  sctpTimeouts,
  settings,
  tcpTimeouts,
  UDP_TIMEOUT,
} from './layout.ts'
import { refused, unsupported } from './load-error.ts'
import type { Sliced } from './slices.ts'
import { loading, loadingStage } from './stage.ts'
import { u32 } from './struct.ts'
import { closeTables, hasPinnedIpv6, loadingIpv6, removePinnedIpv6, type Tables } from './tables.ts'

const MAPS = [
  'connections',
  'embryos',
  'templates',
  'services',
  'lists',
  'members',
  'buckets',
  'locals',
  'lblc',
  'lblcr',
  'destinations',
  'loads',
  'dest_traffic',
  'retired',
  'path_mtus',
  'exits',
  'settings',
  'openings',
  'nat_servers',
  'baselines',
  'swept',
  'icmp_budget',
  'reap_queue',
  'arrivals',
  'news',
  'stages',
] as const
export type MapName = (typeof MAPS)[number]

/** FULLNAT: below are the ports of servers. */
const FIRST_LOCAL_PORT = 1024

/** What a core that nobody has told anything goes by: IPVS's defaults. */
const startSettings = {
  layout: LAYOUT_VERSION,
  flags: SETTINGS_PMTU_DISC,
  conn_reuse_mode: 1,
  icmp_budget: ICMP_BUDGET,
  udp_timeout: UDP_TIMEOUT,
  tcp_timeouts: tcpTimeouts,
  sctp_timeouts: sctpTimeouts,
  local_low: FIRST_LOCAL_PORT,
  local_high: 65_535,
  am_droprate: defaultSettings.am_droprate,
  amemthresh: defaultSettings.amemthresh,
  lblc_expiration: defaultSettings.lblc_expiration,
  lblcr_expiration: defaultSettings.lblcr_expiration,
  sync_threshold: defaultSettings.sync_threshold,
  sync_period: defaultSettings.sync_period,
  sync_ports: defaultSettings.sync_ports,
  sync_version: defaultSettings.sync_version,
}

export type Director = {
  readonly pinDirectory: string
  /** Those of IPv4, and what both families share. */
  readonly maps: Readonly<Record<MapName, BpfMap>>
  /** By family; those of IPv6 once something asked for them, see `loadingTables`. */
  readonly tables: Map<Family, Tables>
  readonly programs: Readonly<Record<'director' | 'reap' | 'settle' | 'take_in', BpfProgram>>
  /** The maps hold what an earlier run left. */
  readonly adopted: boolean
}

export type DirectorOptions = {
  readonly pinDirectory: string
  readonly connectionTableSize?: number
  readonly serviceTableSize?: number
  readonly destinationTableSize?: number
  readonly log: Log
}

/**
 * Loads the programs anew around the pinned maps if those are of this layout, else around new ones, which it pins.
 */
export function* loadingDirector({
  pinDirectory,
  connectionTableSize = tableSizes.connection_table_size.default,
  serviceTableSize = tableSizes.service_table_size.default,
  destinationTableSize = tableSizes.destination_table_size.default,
  log,
}: DirectorOptions): Sliced<Result<Director, Unsupported>> {
  const addon = probeBpf()
  if (!addon.ok) return fail({ reason: 'no-libbpf', message: addon.error })
  const prepared = preparePinDirectory(pinDirectory)
  if (!prepared.ok) return fail(unsupported(prepared.error))

  const pinned = pinnedMaps(pinDirectory, log)
  if (!pinned.ok) return pinned
  const reuse = pinned.value
  const sizes = { connections: connectionTableSize, services: serviceTableSize, destinations: destinationTableSize }
  for (const [table, wanted] of Object.entries(sizes)) {
    const size = reuse.get(table)?.info.entries
    if (size !== undefined && size !== wanted)
      log.warn('a table keeps its size while connections are taken over', { table, size, wanted })
  }

  const entries = reuse.size === 0 ? entriesOf(sizes) : {}
  const object = yield* loading({ path: objectPath('director.bpf.o'), entries, reuse })
  if (!object.ok) return refused(object.error)
  for (const map of reuse.values()) map.close()

  const maps: Partial<Record<MapName, BpfMap>> = {}
  for (const name of MAPS) {
    const map = object.value.maps.get(name)
    if (map === undefined) throw new Error(`director.bpf.o has no map ${name}`)
    maps[name] = map
    if (reuse.has(name)) continue
    const done = map.pin(`${pinDirectory}/${name}`)
    if (!done.ok) return fail(unsupported(done.error))
  }
  const complete = maps as Record<MapName, BpfMap>
  const odd = yield* loadingStage(
    'director-odd.bpf.o',
    'director_odd',
    STAGE_ODD,
    complete.stages,
    new Map(Object.entries(complete)),
  )
  if (!odd.ok) return odd
  // Constants of the program, which it holds itself.
  for (const [name, map] of object.value.maps) if (!(name in maps)) map.close()
  const adopted = reuse.size === MAPS.length
  if (!adopted)
    complete.settings.update(
      u32(0),
      settings.encode({ ...startSettings, ...localPortRange(), sequence_secret: randomWord() }),
    )
  const program = (name: string) => {
    const found = object.value.programs.get(name)
    if (found === undefined) throw new Error(`director.bpf.o has no program ${name}`)
    return found
  }
  const programs = {
    director: program('director'),
    reap: program('reap'),
    settle: program('settle'),
    take_in: program('take_in'),
  }
  const tables = new Map<Family, Tables>([
    [4, { ...complete, family: 4, layout: ipv4, reap: programs.reap, takeIn: programs.take_in }],
  ])
  const director: Director = { pinDirectory, maps: complete, tables, programs, adopted }
  if (!adopted) removePinnedIpv6(pinDirectory)
  if (hasPinnedIpv6(pinDirectory)) {
    const found = yield* loadingTables(director, 6)
    if (!found.ok) return found
  }
  return ok(director)
}

/** Of each map whose size is not in the object. */
function entriesOf({
  connections,
  services,
  destinations,
}: {
  readonly connections: number
  readonly services: number
  readonly destinations: number
}): Readonly<Partial<Record<MapName, number>>> {
  return {
    connections,
    templates: connections,
    services,
    lists: 2 * services,
    retired: services,
    destinations,
    loads: destinations,
    dest_traffic: destinations,
    baselines: destinations,
    path_mtus: destinations,
    nat_servers: destinations,
  }
}

/** The tables of a family; the first time for IPv6 its programs are loaded, which only one may do at a time. */
export function* loadingTables(director: Director, family: Family): Sliced<Result<Tables, Unsupported>> {
  const held = director.tables.get(family)
  if (held !== undefined) return ok(held)
  const loaded = yield* loadingIpv6(director.pinDirectory, director.maps)
  if (loaded.ok) director.tables.set(family, loaded.value)
  return loaded
}

/** As net.ipv4.ip_local_port_range has it here. */
function localPortRange(): { readonly port_low: number; readonly port_high: number } {
  const text = readText('/proc/sys/net/ipv4/ip_local_port_range')
  const [low, high] = text.ok ? text.value.trim().split(/\s+/).map(Number) : []
  return { port_low: low ?? 32_768, port_high: high ?? 60_999 }
}

export function closeDirector({ maps, tables, programs }: Director): void {
  const ipv6 = tables.get(6)
  if (ipv6 !== undefined) closeTables(ipv6)
  for (const map of Object.values(maps)) map.close()
  for (const program of Object.values(programs)) program.close()
}

/** All maps of an earlier run, or none: pins that cannot be used are removed. */
function pinnedMaps(directory: string, log: Log): Result<ReadonlyMap<string, BpfMap>, Unsupported> {
  const found = new Map<string, BpfMap>()
  for (const name of MAPS) {
    const map = openPinnedMap(`${directory}/${name}`)
    if (!map.ok) return fail(unsupported(map.error))
    if (map.value !== undefined) found.set(name, map.value)
  }
  if (found.size === 0) return ok(found)
  const held = found.get('settings')?.lookup(u32(0))
  const version = held === undefined || held.length < settings.size ? undefined : settings.decode(held).layout
  if (found.size === MAPS.length && version === LAYOUT_VERSION) return ok(found)
  const missing = MAPS.filter((name) => !found.has(name)).join(' ')
  if (version === LAYOUT_VERSION) log.warn('pinned maps are missing, so connections are lost', { directory, missing })
  else
    log.warn('pinned maps are of another layout, so connections are lost', {
      directory,
      version,
      wanted: LAYOUT_VERSION,
    })
  for (const [name, map] of found) {
    map.close()
    removePin(`${directory}/${name}`)
  }
  return ok(new Map())
}
