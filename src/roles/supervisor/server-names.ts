import { micros } from '../../base/index.ts'
import { type ListedServer, nameKey, type ServerName, type ServerSource } from '../../model/index.ts'
import type { ServerSourceSnapshot } from '../../observe/index.ts'
import type { NameNews } from '../ipc/index.ts'
import type { KeptLists } from './kept-lists.ts'
import type { SupervisorPorts } from './ports.ts'

type NameSource = Extract<ServerSource, ServerName>

type Known = {
  readonly of: ServerName
  readonly servers: readonly ListedServer[]
  /** The name is said not to exist. */
  readonly gone: boolean
  /** Why `servers` is not what the name lists now. */
  readonly problem?: string
  /** Wall time of the last word about it, milliseconds. */
  readonly askedAt?: number
}

/** What is known of the names that real servers come from; the checker asks for them. */
export type ServerNames = {
  /** The servers of one of them, as its source wants them. */
  serversOf(source: NameSource): readonly ListedServer[]
  /** What there is to ask for: each name once, as often as the most impatient of its sources wants. */
  wanted(sources: readonly NameSource[]): readonly ServerName[]
  /** A word about a name; those that nobody wants any more are passed over. */
  heard(key: string, news: NameNews): void
  /** Others are forgotten. */
  keep(sources: readonly NameSource[]): void
  describe(): readonly ServerSourceSnapshot[]
}

/**
 * @param kept      where they are kept, for a start at which nobody can be asked
 * @param onChange  a name lists other servers than before
 */
export function createServerNames(
  ports: Pick<SupervisorPorts, 'clock' | 'log'>,
  kept: Pick<KeptLists, 'servers' | 'write' | 'isGone' | 'markGone'>,
  onChange: (of: ServerName) => void,
): ServerNames {
  const names = new Map<string, Known>()
  /** Keys of those that some source wants to be without servers when they do not exist. */
  const removing = new Set<string>()

  function known(of: ServerName): Known {
    const key = nameKey(of)
    const before = names.get(key)
    if (before !== undefined) return before
    const first = { of, servers: kept.servers(key), gone: kept.isGone(key), problem: 'not answered yet' }
    names.set(key, first)
    return first
  }

  function learn(before: Known, news: NameNews): Known {
    const { of, servers } = before
    const askedAt = ports.clock.wall()
    if ('problem' in news) {
      // The reason may be another each time: kernels do not tell every time that nobody listens.
      if (before.problem === undefined || before.askedAt === undefined || (news.gone && !before.gone))
        ports.log.warn('name of real servers cannot be used; those that were known stay, but for nxdomain remove', {
          name: of.name,
          reason: news.problem,
          servers: servers.length,
        })
      // Nobody answering is no word that it is there again.
      return { of, servers, gone: before.gone || news.gone, problem: news.problem, askedAt }
    }
    if (JSON.stringify(servers) !== JSON.stringify(news.servers))
      ports.log.info('name of real servers', { name: of.name, from: servers.length, to: news.servers.length })
    else if (before.askedAt !== undefined && before.problem !== undefined)
      ports.log.info('name of real servers answers again', { name: of.name, servers: servers.length })
    return { of, servers: news.servers, gone: false, askedAt }
  }

  return {
    serversOf(source) {
      const { servers, gone } = known(source)
      if (source.nxdomain === 'keep') return servers
      removing.add(nameKey(source))
      return gone ? [] : servers
    },
    wanted(sources) {
      const wanted = new Map<string, ServerName>()
      for (const { kind, name, family, minTtl, maxTtl } of sources) {
        const key = nameKey({ kind, name, family, minTtl, maxTtl })
        const before = wanted.get(key) ?? { minTtl, maxTtl }
        wanted.set(key, {
          kind,
          name,
          family,
          minTtl: micros(Math.min(before.minTtl, minTtl)),
          maxTtl: micros(Math.min(before.maxTtl, maxTtl)),
        })
      }
      return [...wanted.values()]
    },
    heard(key, news) {
      const before = names.get(key)
      if (before === undefined) return
      const now = learn(before, news)
      names.set(key, now)
      const changed = JSON.stringify(before.servers) !== JSON.stringify(now.servers)
      if (changed) kept.write(key, now.servers)
      if (before.gone !== now.gone) kept.markGone(key, now.gone)
      if (changed || (before.gone !== now.gone && removing.has(key))) onChange(before.of)
    },
    keep(sources) {
      const named = new Set(sources.map(nameKey))
      for (const key of names.keys()) {
        if (named.has(key)) continue
        names.delete(key)
        removing.delete(key)
      }
    },
    describe: () =>
      [...names.values()].map(({ of, servers, problem, askedAt }) => ({
        name: of.name,
        records: of.kind === 'srv' ? ('SRV' as const) : of.family === 4 ? ('A' as const) : ('AAAA' as const),
        servers: servers.length,
        ...(askedAt === undefined ? {} : { askedAt: new Date(askedAt).toISOString() }),
        ...(problem === undefined ? {} : { problem }),
      })),
  }
}
