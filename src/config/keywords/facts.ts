import type { LineName } from './lines/index.ts'

import type { ValueName } from './values.ts'

/** Where a keyword may stand; the words of the blocks around it, in the order of docs/keywords.md. */
export const containers = [
  'root',
  'lvs_settings',
  'global_defs',
  'vrrp_instance',
  'vrrp_instance/authentication',
  'vrrp_instance/auth_hmac',
  'vrrp_sync_group',
  'vrrp_script',
  'track_file',
  'vrrp_track_file',
  'vrrp_track_process',
  'bfd_instance',
  'track_group',
  'garp_group',
  'SSL',
  'virtual_server',
  'virtual_server/real_server',
  'virtual_server/real_server/BFD_CHECK',
  'virtual_server/real_server/DNS_CHECK',
  'virtual_server/real_server/FILE_CHECK',
  'virtual_server/real_server/GRPC_CHECK',
  'virtual_server/real_server/HTTP2_GET',
  'virtual_server/real_server/HTTP2_GET/url',
  'virtual_server/real_server/HTTP_GET',
  'virtual_server/real_server/HTTP_GET/url',
  'virtual_server/real_server/MISC_CHECK',
  'virtual_server/real_server/PING_CHECK',
  'virtual_server/real_server/SMTP_CHECK',
  'virtual_server/real_server/SMTP_CHECK/host',
  'virtual_server/real_server/SSL_GET',
  'virtual_server/real_server/SSL_GET/url',
  'virtual_server/real_server/TCP_CHECK',
  'virtual_server/real_server/UDP_CHECK',
] as const

export type Container = (typeof containers)[number]

/**
 * What becomes of a keyword here, if it is not simply done: it is read, its value is checked and kept, and it changes nothing.
 * `always`: what it asks for is always so, written or not.
 */
export type Reservation = 'accepted' | 'always'

export type Default = number | boolean | string

/** All, the first, or the first and reading the file says so of the others; or a word that counts wherever it stands. */
export type Twice = 'all' | 'first' | 'told' | 'MASTER'

export type Bounds = { readonly min?: number; readonly max?: number }

/** A row of the table of keywords (keepalived.conf(5) as of keepalived 2.4.3, and words of our own). */
export type KeywordFacts = {
  /** Synonyms, and words that differ in what they are about only. */
  readonly names: readonly string[]
  readonly in: readonly Container[]
  /** `[ ]` optional, `|` alternatives, capital words for values; `flag`: nothing; `bool`: nothing, or true, false, on, off, yes, no. */
  readonly takes: string
  /** Its lines, or what stands behind it, have words of their own. */
  readonly line?: LineName
  /** What it means where it is not written, as it would be written: a number in its unit, on or off, or words. */
  readonly default?: Default
  /** Where that differs from block to block. */
  readonly defaultIn?: Readonly<Partial<Record<Container, Default>>>
  /** What holds without it, where that is nothing to be written, or more than that. */
  readonly without?: string
  /** What strict mode makes of it. */
  readonly strict?: Default
  /** The number that it stands for where none follows. */
  readonly alone?: number
  /** Bounds of the numbers it takes, in their unit. */
  readonly min?: number
  readonly max?: number
  /** Of those that have others, by what `takes` calls them. */
  readonly bounds?: Readonly<Partial<Record<ValueName, Bounds>>>
  /** Bytes of the name that it takes; one that is longer is refused. */
  readonly longest?: number
  /** Bytes that count; the rest is cut off. */
  readonly counted?: number
  /** What counts of several in one block; absent: the last. */
  readonly twice?: Twice
  /** What else limits its values. */
  readonly range?: string
  /** Its words may be written in any case. */
  readonly anyCase?: true
  readonly means: string
  /** The first keepalived that has it; `1.2.2` stands for that and all before. Absent: ours. */
  readonly since?: string
  /** Where that differs from block to block. */
  readonly sinceIn?: Readonly<Partial<Record<Container, string>>>
  readonly here?: Reservation
  /** Where that differs from block to block. */
  readonly hereIn?: Readonly<Partial<Record<Container, Reservation>>>
  /** It is an old word for this one. */
  readonly instead?: string
  /** Why it is accepted and does nothing, or cannot be switched off; each reason is said once a file. */
  readonly why?: string
  /** What to do about that. */
  readonly remedy?: string
}

/** Rows that all stand in the same containers. */
export const rowsIn = (
  containers: readonly Container[],
  rows: readonly Omit<KeywordFacts, 'in'>[],
): readonly KeywordFacts[] => rows.map((row) => ({ ...row, in: containers }))
