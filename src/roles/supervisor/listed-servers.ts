import { type Family, familyOf, millis } from '../../base/index.ts'
import { type Configuration, nameKey, type ServerSource, sourceTitle, withListed } from '../../model/index.ts'
import type { ServerSourceSnapshot } from '../../observe/index.ts'
import type { NameNews } from '../ipc/index.ts'
import { keepLists } from './kept-lists.ts'
import type { SupervisorPorts } from './ports.ts'
import { fileKey, openServerFile, type ServerFile } from './server-file.ts'
import { createServerNames } from './server-names.ts'

/** Lists that change together are one change: at a start all names are answered within a moment. */
const GATHER = millis(100)

/**
 * Real servers that are listed elsewhere (`real_server file`, `dns`, `srv`); they are known here and nowhere else, so that roles may
 * come and go.
 */
export type ListedServers = {
  /**
   * The configuration with them, and with the names that are to be asked for; files it names for the first time are read now, and
   * watched from now on.
   */
  expand(configured: Configuration): Configuration
  /** Only those that this one names are watched from here on. */
  keep(configured: Configuration): void
  /** A word about a name, from who asks. */
  heard(key: string, news: NameNews): void
  describe(): readonly ServerSourceSnapshot[]
  stop(): void
}

/**
 * @param path      where what is listed is kept
 * @param onChange  these, by their titles, list other servers than before
 */
export function createListedServers(
  ports: Pick<SupervisorPorts, 'clock' | 'readText' | 'replaceText' | 'watchFile' | 'schedule' | 'log'>,
  path: string,
  onChange: (titles: readonly string[]) => void,
): ListedServers {
  const files = new Map<string, ServerFile>()
  const kept = keepLists(ports, path)
  const names = createServerNames(ports, kept, (of) => changed(sourceTitle({ ...of, nxdomain: 'keep' })))
  const waiting = new Set<string>()
  let cancel: (() => void) | undefined

  function changed(title: string): void {
    waiting.add(title)
    cancel ??= ports.schedule(GATHER, () => {
      cancel = undefined
      const titles = [...waiting]
      waiting.clear()
      onChange(titles)
    })
  }

  function serversIn(source: ServerSource) {
    if (source.kind !== 'file') return names.serversOf(source)
    const file =
      files.get(source.path) ?? openServerFile(source.path, ports, kept, () => onChange([sourceTitle(source)]))
    files.set(source.path, file)
    return file.servers
  }

  return {
    expand(configured) {
      const serverNames = names.wanted(namesOf(configured))
      const virtualServers = configured.virtualServers.map((server) => withListed(server, serversIn))
      const sources = sourcesOf(configured)
      for (const [file, { usedFor }] of files) usedFor(familiesOf(sources, file))
      return { ...configured, virtualServers, ...(serverNames.length === 0 ? {} : { serverNames }) }
    },
    keep(configured) {
      const named = new Set(sourcesOf(configured).flatMap((source) => (source.kind === 'file' ? [source.path] : [])))
      for (const [file, source] of files) {
        if (named.has(file)) continue
        source.close()
        files.delete(file)
      }
      const wanted = namesOf(configured)
      names.keep(wanted)
      kept.keep(new Set([...[...named].map(fileKey), ...wanted.map(nameKey)]))
    },
    heard: names.heard,
    describe: () => [...[...files.values()].map((file) => file.describe()), ...names.describe()],
    stop() {
      cancel?.()
      for (const file of files.values()) file.close()
      files.clear()
    },
  }
}

/** The virtual servers that have servers listed elsewhere, by their keys. */
export const listingIn = ({ virtualServers }: Pick<Configuration, 'virtualServers'>): readonly string[] =>
  virtualServers.flatMap(({ key, serverSources }) => (serverSources === undefined ? [] : [key]))

const sourcesOf = (configured: Configuration): readonly ServerSource[] =>
  configured.virtualServers.flatMap(({ serverSources = [] }) => serverSources)
const familiesOf = (sources: readonly ServerSource[], file: string): ReadonlySet<Family> =>
  new Set(sources.flatMap((one) => (one.kind === 'file' && one.path === file ? [familyOf(one.template.address)] : [])))
const namesOf = (configured: Configuration) =>
  sourcesOf(configured).flatMap((source) => (source.kind === 'file' ? [] : [source]))
