/** Connections and templates as users see them (ipvsadm -Lnc). */

import { address, familyOf, type IpAddress } from '../../base/index.ts'
import type { Connection } from '../index.ts'
import { elapsedSeconds } from './elapsed.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { methodName, protocolName } from './slot.ts'
import { addressOf, u32 } from './struct.ts'

const SLICE = 4096
const NOWHERE = { 4: address('0.0.0.0'), 6: address('::') } as const

/**
 * At most `limit`, established ones first. What has expired and only waits for its removal is left out.
 * @param keyOf  the service behind a destination's slot
 * @param now    whole seconds of CLOCK_MONOTONIC
 */
export function readConnections(
  { maps, tables }: Director,
  keyOf: (slot: number) => string | undefined,
  now: number,
  limit: number,
): Connection[] {
  const found: Connection[] = []
  for (const [map, { flow, connection }] of [...tables.values()].flatMap(
    ({ connections, embryos, layout }) =>
      [
        [connections, layout],
        [embryos, layout],
      ] as const,
  )) {
    for (const { count, keys, values } of map.slices(SLICE)) {
      for (let i = 0; i < count; i++) {
        if (found.length >= limit) return found
        const entry = connection.decode(values, i * connection.size)
        const key = flow.decode(keys, i * flow.size)
        const serviceKey = keyOf(entry.destination)
        const expiresIn = entry.timeout - elapsedSeconds(entry.seen, now)
        if ((entry.status & layout.CONNECTION_REPLY) !== 0 || serviceKey === undefined || expiresIn < 0) continue
        found.push({
          serviceKey,
          protocol: protocolName(key.protocol),
          client: key.source,
          clientPort: key.source_port,
          virtual: key.target,
          virtualPort: key.target_port,
          destinationPort: entry.port,
          state: stateName(key.protocol, entry.status & layout.STATE_MASK),
          expiresIn,
          template: false,
          ...wayOf(entry, maps),
          synced: false,
        })
      }
    }
  }
  for (const {
    templates,
    layout: { templateKey },
  } of tables.values()) {
    for (const { count, keys, values } of templates.slices(SLICE)) {
      for (let i = 0; i < count; i++) {
        if (found.length >= limit) return found
        const entry = layout.template.decode(values, i * layout.template.size)
        const key = templateKey.decode(keys, i * templateKey.size)
        const serviceKey = keyOf(entry.destination)
        const expiresIn = entry.timeout - elapsedSeconds(entry.seen, now)
        const slot = maps.destinations.lookup(u32(entry.destination))
        if (serviceKey === undefined || slot === undefined || (expiresIn < 0 && entry.controlled <= 0)) continue
        const record = layout.destination.decode(slot)
        found.push({
          serviceKey,
          protocol: protocolName(key.protocol),
          client: key.client as IpAddress,
          clientPort: 0,
          virtual: record.mark === 0 ? key.target : NOWHERE[familyOf(key.target)],
          ...(record.mark !== 0 && { mark: record.mark }),
          virtualPort: key.target_port,
          destination: addressOf(record.address, record.family === layout.AF_INET6 ? 6 : 4),
          destinationPort: key.target_port === 0 ? 0 : record.port,
          state: (entry.flags & layout.TEMPLATE_ASSURED) === 0 ? 'NONE' : 'ASSURED',
          expiresIn: expiresIn < 0 ? untilNextEnd(-expiresIn) : expiresIn,
          template: true,
          method: methodName(record.method),
          synced: false,
        })
      }
    }
  }
  return found
}

/** What is left to a template that is held by connections though its time was up so long ago, whether a pass has seen that or not. */
const untilNextEnd = (ago: number): number => Math.ceil(ago / layout.DEFERRED_TIMEOUT) * layout.DEFERRED_TIMEOUT - ago

type Entry = ReturnType<typeof layout.ipv4.connection.decode>

/** Where a connection's packets go, and how: with NAT as it was made, otherwise as its destination says. */
function wayOf(
  entry: Entry,
  maps: Director['maps'],
): Pick<Connection, 'destination' | 'method' | 'local' | 'localPort'> {
  if ((entry.status & layout.CONNECTION_FULLNAT) !== 0)
    return { destination: entry.address, method: 'fullnat', local: entry.local, localPort: entry.local_port }
  if ((entry.status & layout.CONNECTION_NAT) !== 0) return { destination: entry.address, method: 'nat' }
  const slot = maps.destinations.lookup(u32(entry.destination))
  if (slot === undefined) return { destination: entry.address, method: 'dr' }
  const record = layout.destination.decode(slot)
  // The server at a tunnel's end may be of the other family.
  const destination = addressOf(record.address, record.family === layout.AF_INET6 ? 6 : 4)
  return { destination, method: record.method === layout.methodNumbers.tun ? 'tun' : 'dr' }
}

function stateName(protocol: number, state: number): string {
  if (protocol === layout.protocolNumbers.udp) return 'UDP'
  const names = protocol === layout.protocolNumbers.sctp ? layout.sctpStateNames : layout.tcpStateNames
  return names[state] ?? 'NONE'
}
