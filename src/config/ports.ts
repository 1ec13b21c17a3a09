import type { IpAddress, Result } from '../base/index.ts'
import type { TlsClient } from '../model/index.ts'

export type FileContent = {
  readonly bytes: Uint8Array
  /** Any execute bit is set: keepalived reads no such file, an include passes over it. */
  readonly executable: boolean
  /** Its group or others may read it. */
  readonly readableByOthers?: boolean
}

/** `detail` is the system's own word, `EACCES: permission denied`. */
export type FileFailure = {
  readonly reason: 'missing' | 'denied' | 'unreadable' | 'not-a-file' | 'too-large'
  readonly detail: string
}

/** An address of this host, and so the network that it is in. */
export type HostNetwork = { readonly interface: string; readonly address: IpAddress; readonly prefixLength: number }

/**
 * The world as the configuration needs it. `read` and `list` take absolute paths. What is optional is asked only when it
 * is there: without `interfaceExists` no interface is doubted, without `isExecutable` no script,
 * without `patternFault` no pattern, without `tlsFault` no key, without `accountFault` no user, without `networks` no address.
 */
export type ConfigPorts = {
  read(path: string): Result<FileContent, FileFailure>
  /** Names of a directory's entries without `.` and `..`; undefined if it is not a readable directory. */
  list(path: string): readonly string[] | undefined
  interfaceExists?(name: string): boolean
  isExecutable?(path: string): boolean
  /** Why nothing can run as this user, and this group if one is named; undefined: it can. */
  accountFault?(user: string, group?: string): string | undefined
  /** The addresses that links of this host have. */
  networks?(): readonly HostNetwork[]
  /** Why nobody can speak TLS with these, in PEM; undefined: it can be done. */
  tlsFault?(client: TlsClient): string | undefined
  /** What is wrong with a pattern of PCRE2, compiled with these options (regex_options). */
  patternFault?(source: string, options: readonly string[]): string | undefined
}

export type LoadOptions = {
  /** `-i`: what @conditions compare with and `${_INSTANCE}` holds; the host's name up to the first dot. */
  readonly configId: string
  /** A configuration test: complaints that depend on the host are made as at a start. */
  readonly testing?: boolean
  /** An unknown keyword is an error: it may be a typo that switches something off. */
  readonly strict?: boolean
  /** `-e`: an include_check for all of them, from the start. */
  readonly everyInclude?: boolean
  /** Default router_id and mail sender's host. */
  readonly hostName?: string
  /** For `${_ENV NAME}`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** For `${_RANDOM}`: a number from 0 up to, not including, 1. */
  readonly random?: () => number
}
