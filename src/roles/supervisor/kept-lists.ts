import { parseAddress } from '../../base/index.ts'
import type { ListedServer } from '../../model/index.ts'
import { isRecord, parseJson } from './json-text.ts'
import type { SupervisorPorts } from './ports.ts'

/** The servers that files and names listed last, on disk: a daemon that starts while none can be used goes on with them. */
export type KeptLists = {
  /** None: nothing was known of it. */
  servers(key: string): readonly ListedServer[]
  write(key: string, servers: readonly ListedServer[]): void
  /** The name was said not to exist, whatever it listed before. */
  isGone(key: string): boolean
  markGone(key: string, gone: boolean): void
  /** Others are forgotten. */
  keep(keys: ReadonlySet<string>): void
}

const MOST_WEIGHT = 2_147_483_647
/** Before the key of a name that does not exist; no other key begins so. */
const GONE = 'gone '

export function keepLists(ports: Pick<SupervisorPorts, 'readText' | 'replaceText' | 'log'>, path: string): KeptLists {
  const text = ports.readText(path)
  const lists = text.ok ? decodeLists(text.value) : new Map<string, readonly ListedServer[]>()

  function write(): void {
    const written = ports.replaceText(path, `${JSON.stringify(Object.fromEntries(lists))}\n`)
    if (!written.ok) ports.log.warn('listed servers cannot be kept', { reason: written.error.message })
  }

  return {
    servers: (key) => lists.get(key) ?? [],
    write(key, servers) {
      lists.set(key, servers)
      write()
    },
    isGone: (key) => lists.has(GONE + key),
    markGone(key, gone) {
      if (gone) lists.set(GONE + key, [])
      else lists.delete(GONE + key)
      write()
    },
    keep(keys) {
      const before = lists.size
      for (const key of lists.keys()) if (!keys.has(key.replace(GONE, ''))) lists.delete(key)
      if (lists.size < before) write()
    },
  }
}

/** What is not as we write it is left out. */
function decodeLists(text: string): Map<string, readonly ListedServer[]> {
  const value = parseJson(text)
  const entries = isRecord(value) ? Object.entries(value) : []
  return new Map(
    entries.flatMap(([key, servers]) =>
      Array.isArray(servers) && servers.every(isListedServer) ? [[key, servers] as const] : [],
    ),
  )
}

function isListedServer(value: unknown): value is ListedServer {
  if (!isRecord(value)) return false
  const { address, port, weight, hostName } = value
  const isNumber = (one: unknown, most: number) =>
    one === undefined || (typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= most)
  return (
    typeof address === 'string' &&
    parseAddress(address) === address &&
    isNumber(port, 65_535) &&
    isNumber(weight, MOST_WEIGHT) &&
    (hostName === undefined || typeof hostName === 'string')
  )
}
