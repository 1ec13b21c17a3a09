import { addressFromBytes, type IpAddress, parseAddress } from '../../base/index.ts'

/** A line of /proc/net/ip_vs_conn. */
export type ConnectionLine = {
  /** TCP, UDP, SCTP; `IP` for a template of a service by firewall mark. */
  readonly protocol: string
  readonly client: IpAddress
  readonly clientPort: number
  /** Of a template of a service by firewall mark: the mark, in the first four bytes. */
  readonly virtual: IpAddress
  readonly virtualPort: number
  readonly destination: IpAddress
  readonly destinationPort: number
  readonly state: string
  /** Seconds. */
  readonly expiresIn: number
  readonly persistenceEngine?: { readonly name: string; readonly data: string }
}

/**
 *     Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
 *     TCP CB007109 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED     897
 *
 * Undefined for the headline and for what is no such line. Engine data may hold blanks.
 */
export function readConnectionLine(line: string): ConnectionLine | undefined {
  const fields = line.trim().split(/\s+/)
  const [protocol, from, fromPort, to, toPort, dest, destPort, state, expires, name] = fields
  if (protocol === undefined || state === undefined) return undefined
  const client = readAddress(from)
  const virtual = readAddress(to)
  const destination = readAddress(dest)
  const clientPort = readPort(fromPort)
  const virtualPort = readPort(toPort)
  const destinationPort = readPort(destPort)
  const expiresIn = expires !== undefined && /^\d{1,10}$/.test(expires) ? Number(expires) : undefined
  if (client === undefined || virtual === undefined || destination === undefined) return undefined
  if (clientPort === undefined || virtualPort === undefined || destinationPort === undefined) return undefined
  if (expiresIn === undefined) return undefined
  const engine = name === undefined ? {} : { persistenceEngine: { name, data: fields.slice(10).join(' ') } }
  return {
    protocol,
    client,
    clientPort,
    virtual,
    virtualPort,
    destination,
    destinationPort,
    state,
    expiresIn,
    ...engine,
  }
}

/** What tells connections apart, from a line of ip_vs_conn or of ip_vs_conn_sync. */
export const connectionLineKey = (line: string): string => line.trim().split(/\s+/, 5).join(' ')

/** Whether a line of /proc/net/ip_vs_conn_sync tells of a connection received from another director. */
export const isSyncedLine = (line: string): boolean => line.trim().split(/\s+/)[8] === 'SYNC'

/** Eight hexadecimal digits for IPv4, eight groups of four for IPv6. */
function readAddress(text: string | undefined): IpAddress | undefined {
  if (text === undefined) return undefined
  if (/^[0-9A-F]{8}$/i.test(text))
    return addressFromBytes(Uint8Array.from(text.match(/../g) ?? [], (two) => Number.parseInt(two, 16)))
  return text.includes(':') ? parseAddress(text) : undefined
}

const readPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9A-F]{4}$/i.test(text) ? Number.parseInt(text, 16) : undefined
