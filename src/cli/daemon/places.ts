import { resolve } from 'node:path'

/** Where a configuration is looked for when -f names none, in this order. */
export const configurationPlaces = [
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
