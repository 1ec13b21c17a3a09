import { resolve } from 'node:path'

/** Where a configuration is looked for when -f names none, in this order. */
const configurationPlaces = [
  '/etc/keepalived/keepalived.conf',
  '/etc/keepalived.conf',
  '/etc/holdfast/keepalived.conf',
] as const

/** The first place that exists; the first of all when none does, so that its absence is what is reported. */
export function findConfiguration(named: string | undefined, exists: (path: string) => boolean): string {
  if (named !== undefined) return resolve(named)
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
