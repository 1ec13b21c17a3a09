import { parseAddress } from '../../base/index.ts'
import type { ListedServer } from '../../model/index.ts'
import { isRecord, parseJson } from './json-text.ts'
import type { SupervisorPorts } from './ports.ts'

/** The servers that names listed last, on disk: a daemon that starts while no name server answers goes on with them. */
export type KeptNames = {
  /** None: nothing was known of it. */
  servers(key: string): readonly ListedServer[]
  write(key: string, servers: readonly ListedServer[]): void
  /** Others are forgotten. */
  keep(keys: ReadonlySet<string>): void
}

export function keepNames(ports: Pick<SupervisorPorts, 'readText' | 'replaceText' | 'log'>, path: string): KeptNames {
  const text = ports.readText(path)
  const names = text.ok ? decodeNames(text.value) : new Map<string, readonly ListedServer[]>()

  function write(): void {
    const written = ports.replaceText(path, `${JSON.stringify(Object.fromEntries(names))}\n`)
    if (!written.ok) ports.log.warn('names of real servers cannot be kept', { reason: written.error.message })
  }

  return {
    servers: (key) => names.get(key) ?? [],
    write(key, servers) {
      names.set(key, servers)
      write()
    },
    keep(keys) {
      const before = names.size
      for (const key of names.keys()) if (!keys.has(key)) names.delete(key)
      if (names.size < before) write()
    },
  }
}

/** What is not as we write it is left out. */
function decodeNames(text: string): Map<string, readonly ListedServer[]> {
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
    isNumber(weight, 65_535) &&
    (hostName === undefined || typeof hostName === 'string')
  )
}
