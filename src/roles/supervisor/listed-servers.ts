import { millis } from '../../base/index.ts'
import { serverList } from '../../config/index.ts'
import { type Configuration, type ListedServer, withListed } from '../../model/index.ts'
import type { ServerSourceSnapshot } from '../../observe/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** A writer that writes in pieces is given this long after each before the file is read. */
const GATHER = millis(100)

type Source = {
  servers: readonly ListedServer[]
  /** Why `servers` is not what the file has now. */
  problem?: string | undefined
  close(): void
}

/** Real servers that files list (`real_server file`); they are known here and nowhere else, so that roles may come and go. */
export type ListedServers = {
  /** The configuration with them; files it names for the first time are read now, and watched from now on. */
  expand(configured: Configuration): Configuration
  /** Only those that this one names are watched from here on. */
  keep(configured: Configuration): void
  describe(): readonly ServerSourceSnapshot[]
  stop(): void
}

/** @param onChange  a file lists other servers than before */
export function createListedServers(
  ports: Pick<SupervisorPorts, 'readText' | 'watchFile' | 'schedule' | 'log'>,
  onChange: (path: string) => void,
): ListedServers {
  const sources = new Map<string, Source>()

  /** What cannot be read or understood changes nothing. */
  function read(path: string, source: Source): boolean {
    const list = listIn(path)
    if ('problem' in list) {
      if (list.problem !== source.problem)
        ports.log.error('list of real servers cannot be used; those that were known stay', {
          file: path,
          reason: list.problem,
          servers: source.servers.length,
        })
      source.problem = list.problem
      return false
    }
    source.problem = undefined
    if (JSON.stringify(source.servers) === JSON.stringify(list.servers)) return false
    ports.log.info('list of real servers', { file: path, from: source.servers.length, to: list.servers.length })
    source.servers = list.servers
    return true
  }

  function listIn(path: string): { readonly servers: readonly ListedServer[] } | { readonly problem: string } {
    const text = ports.readText(path)
    if (!text.ok) return { problem: text.error.message }
    const list = serverList(text.value)
    if (list.ok) return { servers: list.value }
    const { line, column, message } = list.error
    return { problem: `${path}:${line}:${column}: ${message}` }
  }

  function open(path: string): Source {
    let cancel: (() => void) | undefined
    const unwatch = ports.watchFile(path, () => {
      cancel?.()
      cancel = ports.schedule(GATHER, () => {
        if (read(path, source)) onChange(path)
      })
    })
    const source: Source = {
      servers: [],
      close() {
        cancel?.()
        unwatch()
      },
    }
    read(path, source)
    return source
  }

  function serversIn(path: string): readonly ListedServer[] {
    const source = sources.get(path) ?? open(path)
    sources.set(path, source)
    return source.servers
  }

  return {
    expand: (configured) => ({
      ...configured,
      virtualServers: configured.virtualServers.map((server) => withListed(server, ({ path }) => serversIn(path))),
    }),
    keep(configured) {
      const named = new Set(
        configured.virtualServers.flatMap(({ serverSources = [] }) => serverSources.map(({ path }) => path)),
      )
      for (const [path, source] of sources) {
        if (named.has(path)) continue
        source.close()
        sources.delete(path)
      }
    },
    describe: () =>
      [...sources].map(([file, { servers, problem }]) => ({
        file,
        servers: servers.length,
        ...(problem === undefined ? {} : { problem }),
      })),
    stop() {
      for (const source of sources.values()) source.close()
      sources.clear()
    },
  }
}
