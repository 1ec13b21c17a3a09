import { type Family, familyOf, type IpAddress, millis } from '../../base/index.ts'
import { LONGEST_LIST, serverList } from '../../config/index.ts'
import type { ListedServer } from '../../model/index.ts'
import type { ServerSourceSnapshot } from '../../observe/index.ts'
import type { KeptLists } from './kept-lists.ts'
import type { SupervisorPorts } from './ports.ts'

/** A writer that writes in pieces is given this long after each before the file is read. */
const GATHER = millis(100)
/** As many addresses are told by name. */
const MOST_TOLD = 3

/** The servers that a file lists. */
export type ServerFile = {
  readonly servers: readonly ListedServer[]
  /** Virtual servers of these families name it; what it lists of another is of no use, and that is told. */
  usedFor(families: ReadonlySet<Family>): void
  describe(): ServerSourceSnapshot
  close(): void
}

/**
 * Reads the file now, and watches it from here on.
 * @param kept      where they are kept, for a start at which it cannot be used
 * @param onChange  it lists other servers than before
 */
export function openServerFile(
  path: string,
  ports: Pick<SupervisorPorts, 'readText' | 'watchFile' | 'schedule' | 'log'>,
  kept: Pick<KeptLists, 'servers' | 'write'>,
  onChange: () => void,
): ServerFile {
  const key = fileKey(path)
  let servers = kept.servers(key)
  /** Why `servers` is not what the file has now. */
  let problem: string | undefined
  let cancel: (() => void) | undefined
  /** Addresses of a family that nobody wants. */
  let strange: readonly IpAddress[] = []

  /** What cannot be read or understood changes nothing. */
  function read(): boolean {
    const list = listIn(path, ports)
    if ('problem' in list) {
      if (list.problem !== problem)
        ports.log.error('list of real servers cannot be used; those that were known stay', {
          file: path,
          reason: list.problem,
          servers: servers.length,
        })
      problem = list.problem
      return false
    }
    problem = undefined
    if (JSON.stringify(servers) === JSON.stringify(list.servers)) return false
    ports.log.info('list of real servers', { file: path, from: servers.length, to: list.servers.length })
    servers = list.servers
    kept.write(key, servers)
    return true
  }

  const unwatch = ports.watchFile(path, () => {
    cancel?.()
    cancel = ports.schedule(GATHER, () => {
      if (read()) onChange()
    })
  })
  read()
  return {
    get servers() {
      return servers
    },
    usedFor(families) {
      const now = servers.flatMap(({ address }) => (families.has(familyOf(address)) ? [] : [address]))
      if (now.length > 0 && now.join() !== strange.join())
        ports.log.warn('addresses of a list are not of the family of its virtual servers; they are left out', {
          file: path,
          addresses: [...now.slice(0, MOST_TOLD), ...(now.length > MOST_TOLD ? ['…'] : [])].join(' '),
          leftOut: now.length,
        })
      strange = now
    },
    describe: () => ({
      file: path,
      servers: servers.length,
      ...(strange.length === 0 ? {} : { leftOut: strange.length }),
      ...(problem === undefined ? {} : { problem }),
    }),
    close() {
      cancel?.()
      unwatch()
    },
  }
}

/** By which its servers are kept. */
export const fileKey = (path: string): string => `file ${path}`

function listIn(
  path: string,
  ports: Pick<SupervisorPorts, 'readText'>,
): { readonly servers: readonly ListedServer[] } | { readonly problem: string } {
  const text = ports.readText(path, LONGEST_LIST)
  if (!text.ok) return { problem: text.error.message }
  const list = serverList(text.value)
  if (list.ok) return { servers: list.value }
  const { line, column, message } = list.error
  return { problem: `${path}:${line}:${column}: ${message}` }
}
