/** IPVS's sysctls and timeouts in the map `settings`, by which the programs go. */

import { fail, ok } from '../../base/index.ts'
import { badSetting, type IpvsSettings, type OpResult, type SettingName, type Timeouts } from '../index.ts'
import { type Defence, defenceNow, type Levels } from './defence.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'

export type Held = ReturnType<typeof layout.settings.decode>

/** Those that are a bit of `flags`. */
const bits = {
  cache_bypass: layout.SETTINGS_CACHE_BYPASS,
  expire_nodest_conn: layout.SETTINGS_EXPIRE_NODEST_CONN,
  expire_quiescent_template: layout.SETTINGS_EXPIRE_QUIESCENT_TEMPLATE,
  nat_icmp_send: layout.SETTINGS_NAT_ICMP_SEND,
  pmtu_disc: layout.SETTINGS_PMTU_DISC,
  schedule_icmp: layout.SETTINGS_SCHEDULE_ICMP,
  sloppy_sctp: layout.SETTINGS_SLOPPY_SCTP,
  sloppy_tcp: layout.SETTINGS_SLOPPY_TCP,
  sync_persist_mode: layout.SETTINGS_NEWS_OF_TEMPLATES,
} as const satisfies Partial<Record<SettingName, number>>
type FlagName = keyof typeof bits
const flagNames = Object.keys(bits) as readonly FlagName[]

/** Those that are a field of their own. */
const fields = [
  'am_droprate',
  'amemthresh',
  'conn_reuse_mode',
  'drop_entry',
  'drop_packet',
  'lblc_expiration',
  'lblcr_expiration',
  'secure_tcp',
  'sync_period',
  'sync_ports',
  'sync_refresh_period',
  'sync_retries',
  'sync_sock_size',
  'sync_threshold',
  'sync_version',
] as const satisfies readonly Exclude<SettingName, FlagName>[]

const TCP_ESTABLISHED = layout.tcpStateNames.indexOf('ESTABLISHED')
const TCP_FIN_WAIT = layout.tcpStateNames.indexOf('FIN_WAIT')
/** The kernel's limit, in seconds: INT_MAX ticks of the fastest clock. */
/** What the kernel takes where it counts 250 ticks a second, as Debian's do. */
const MAX_TIMEOUT = Math.floor((2 ** 31 - 1) / 250)

export const readHeld = ({ maps }: Director): Held => layout.settings.decode(maps.settings.lookup(u32(0)) as Uint8Array)

export function writeHeld({ maps }: Director, held: Held): void {
  const written = maps.settings.update(u32(0), layout.settings.encode(held))
  if (!written.ok) throw new Error(written.error.message)
}

export function readSettings(director: Director): IpvsSettings {
  const held = readHeld(director)
  const flags = Object.fromEntries(flagNames.map((name) => [name, (held.flags & bits[name]) === 0 ? 0 : 1]))
  const numbers = Object.fromEntries(fields.map((name) => [name, held[name]]))
  return { ...flags, ...numbers } as IpvsSettings
}

/** All of them, or none where one cannot be. */
export function writeSettings(director: Director, change: Partial<IpvsSettings>): OpResult {
  const wanted = Object.entries(change) as readonly (readonly [SettingName, number])[]
  for (const [name, value] of wanted) {
    const bad = badSetting(name, value)
    if (bad !== undefined) return fail({ reason: 'invalid', message: bad })
  }
  const held = readHeld(director)
  for (const [name, value] of wanted) {
    const bit = (bits as Partial<Record<SettingName, number>>)[name]
    if (bit === undefined) held[name as (typeof fields)[number]] = value
    else held.flags = value === 0 ? held.flags & ~bit : held.flags | bit
  }
  writeHeld(director, held)
  return ok(undefined)
}

export function readTimeouts(director: Director): Timeouts {
  const { tcp_timeouts: tcp, udp_timeout: udp } = readHeld(director)
  return { tcp: tcp[TCP_ESTABLISHED] ?? 0, tcpFin: tcp[TCP_FIN_WAIT] ?? 0, udp }
}

/** What is 0 stays as it is. */
export function writeTimeouts(director: Director, { tcp, tcpFin, udp }: Timeouts): OpResult {
  for (const [name, value] of Object.entries({ tcp, tcpfin: tcpFin, udp }))
    if (!Number.isInteger(value) || value < 0 || value > MAX_TIMEOUT)
      return fail({
        reason: 'invalid',
        code: 'EINVAL',
        message: `timeout ${name} ${value} is not within 0 to ${MAX_TIMEOUT} seconds`,
      })
  const held = readHeld(director)
  const states = [...held.tcp_timeouts]
  if (tcp > 0) states[TCP_ESTABLISHED] = tcp
  if (tcpFin > 0) states[TCP_FIN_WAIT] = tcpFin
  writeHeld(director, { ...held, tcp_timeouts: states, udp_timeout: udp > 0 ? udp : held.udp_timeout })
  return ok(undefined)
}

/**
 * Puts the defences in force that memory and settings call for, as IPVS does every second.
 * @param freePages  free memory with buffers; undefined: not known, so not short
 * @returns whether connections are to be dropped now (drop_entry)
 */
export function judgeDefences(director: Director, freePages: number | undefined): boolean {
  const held = readHeld(director)
  const levels: Levels = { drop_entry: held.drop_entry, drop_packet: held.drop_packet, secure_tcp: held.secure_tcp }
  const now: Defence = defenceNow(levels, held.amemthresh, held.am_droprate, freePages ?? Number.POSITIVE_INFINITY)
  const flags = now.secureTcp ? held.flags | layout.SETTINGS_SECURE_TCP : held.flags & ~layout.SETTINGS_SECURE_TCP
  const next = { ...held, ...now.levels, flags, drop_rate: now.dropRate }
  const same = (['drop_entry', 'drop_packet', 'secure_tcp', 'flags', 'drop_rate'] as const).every(
    (name) => next[name] === held[name],
  )
  if (!same) writeHeld(director, next)
  return now.dropEntry
}
