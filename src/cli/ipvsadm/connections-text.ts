/** `ipvsadm -L -c`. */

import type { Connection } from '../../forwarding/index.ts'
import { left } from './columns.ts'
import { endpointText, type Naming } from './naming.ts'

/** @param engines  show what persistence engines go by */
export function connectionsText(connections: readonly Connection[], engines: boolean, naming: Naming): string {
  const title = `pro expire ${left('state', 11)} ${left('source', 18)} ${left('virtual', 18)} `
  const lines = [
    'IPVS connection entries',
    title + (engines ? `${left('destination', 18)} ${left('pe name', 16)} pe_data` : 'destination'),
    ...connections.map((connection) => connectionLine(connection, engines, naming)),
  ]
  return `${lines.join('\n')}\n`
}

function connectionLine(connection: Connection, engines: boolean, naming: Naming): string {
  const { mark, protocol, expiresIn, state, persistenceEngine } = connection
  const of = mark === undefined ? protocol : undefined
  const client = endpointText(connection.client, connection.clientPort, of, naming)
  const virtual =
    mark === undefined
      ? endpointText(connection.virtual, connection.virtualPort, of, naming)
      : markText(connection, mark)
  const server = endpointText(connection.destination, connection.destinationPort, of, naming)
  const minutes = String(Math.floor(expiresIn / 60)).padStart(2, '0')
  const time = `${minutes}:${String(Math.floor(expiresIn) % 60).padStart(2, '0')}`
  const start = `${left(of?.toUpperCase() ?? 'IP', 3)} ${left(time, 6)} ${left(state, 11)} ${left(client, 18)} ${left(virtual, 18)} `
  return engines && persistenceEngine !== undefined
    ? `${start}${left(server, 16)} ${left(persistenceEngine.name, 18)} ${persistenceEngine.data}`
    : start + server
}

/** A mark stands where an address would: 9 as 0.0.0.9. */
function markText({ client, virtualPort }: Connection, mark: number): string {
  if (client.includes(':')) return `[::${mark === 0 ? '' : hexGroups(mark)}]:${virtualPort}`
  return `${[24, 16, 8, 0].map((shift) => (mark >>> shift) & 0xff).join('.')}:${virtualPort}`
}

const hexGroups = (mark: number): string =>
  mark > 0xffff ? `${(mark >>> 16).toString(16)}:${(mark & 0xffff).toString(16)}` : mark.toString(16)
