import { resolve } from 'node:path'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import type { DaemonOptions } from './options.ts'

/** Where a configuration is looked for when -f names none, in this order. */
const configurationPlaces = [
  '/etc/keepalived/keepalived.conf',
  '/etc/keepalived.conf',
  '/etc/holdfast/keepalived.conf',
] as const

const named = ['configurationFile', 'pidFile', 'vrrpPidFile', 'checkerPidFile', 'runDirectory'] as const

/**
 * The files that the command line names, with the directory that the user stands in: a daemon in the background stands elsewhere.
 * @param standing  that directory; undefined: it has been removed, and only absolute names can be followed
 */
export function withPlaces(options: DaemonOptions, standing = workingDirectory()): Result<DaemonOptions, string> {
  const relative = named.find((key) => options[key]?.startsWith('/') === false)
  if (relative === undefined) return ok(options)
  if (standing === undefined)
    return fail(`${options[relative]}: the current directory does not exist any more; write the whole path`)
  const places = named.flatMap((key) => (options[key] === undefined ? [] : [[key, resolve(standing, options[key])]]))
  return ok({ ...options, ...Object.fromEntries(places) })
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    // It says ENOENT, and nothing else can be wrong with it.
    return undefined
  }
}

/** The first place that exists; the first of all when none does, so that its absence is what is reported. */
export function findConfiguration(given: string | undefined, exists: (path: string) => boolean): string {
  if (given !== undefined) return resolve(given)
  return configurationPlaces.find(exists) ?? configurationPlaces[0]
}

/** A daemon's place on the BPF file system: its run directory with dashes for slashes, which differs between daemons. */
export const pinDirectoryFor = (runDirectory: string): string =>
  `/sys/fs/bpf/holdfast/${resolve(runDirectory).slice(1).replaceAll('/', '-').replaceAll('.', '_')}`

/** sockaddr_un holds 108 bytes with the one that ends it (unix(7)); longer paths are cut without a word. */
const longestSocketPath = 107
/** The longest name of a socket that a daemon makes in its run directory. */
const longestSocketName = 'vrrp-handoff.sock'

/** Why sockets cannot be made in this run directory; undefined when they can. */
export function tooLongFor(runDirectory: string): string | undefined {
  const most = longestSocketPath - longestSocketName.length - 1
  const length = Buffer.byteLength(runDirectory)
  if (length <= most) return undefined
  return `${runDirectory}: a run directory of ${length} bytes leaves no room for the names of sockets; choose one of at most ${most} with --run-dir`
}
