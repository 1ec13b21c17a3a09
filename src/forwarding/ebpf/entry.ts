/** A service in the maps `services` and `lists`: reading it, and putting another list of destinations in force. */

import { fail, ok } from '../../base/index.ts'
import { type OpResult, type Service, serviceKey } from '../index.ts'
import { type Accepted, acceptService, schedulersBuilt } from './accept.ts'
import * as layout from './layout.ts'
import { readList, writeListed } from './list.ts'
import { type Director, tablesOf } from './program.ts'
import { protocolName, type Slot } from './slot.ts'
import type { Slots } from './slots.ts'

export type Entry = {
  readonly id: number
  readonly key: string
  service: Service
  accepted: Accepted
  /** Which of the two lists is in force. */
  list: number
  /** Newest first. */
  slots: Slot[]
}

type ServiceKeyRecord = ReturnType<typeof layout.ipv4.serviceKey.decode>
type ServiceRecord = ReturnType<typeof layout.service.decode>

/** What an earlier process left, nearly in the order in which it was made: ids are given out from the lowest on. */
export function readEntries({ maps, tables }: Director, slots: Slots): Entry[] {
  const found: [ServiceKeyRecord, ServiceRecord][] = []
  for (const {
    services,
    layout: { serviceKey },
  } of tables.values()) {
    for (const { count, keys, values } of services.slices(256)) {
      for (let i = 0; i < count; i++) {
        const key = serviceKey.decode(keys, i * serviceKey.size)
        found.push([key, layout.service.decode(values, i * layout.service.size)])
      }
    }
  }
  found.sort(([, a], [, b]) => a.id - b.id)
  return found.map(([key, record]) => readEntry(maps, slots, key, record))
}

function readEntry(maps: Director['maps'], slots: Slots, key: ServiceKeyRecord, record: ServiceRecord): Entry {
  const service: Service = {
    address: {
      kind: 'address',
      protocol: protocolName(key.protocol),
      address: key.address,
      port: key.port,
    },
    scheduler: schedulersBuilt.find((name) => layout.schedulerNumbers[name] === record.scheduler) ?? 'wlc',
    onePacket: (record.flags & layout.SERVICE_ONE_PACKET) !== 0,
    ...((record.flags & layout.SERVICE_PERSISTENT) !== 0 && {
      persistence: { timeout: record.persistence_timeout, prefixLength: record.persistence_bits },
    }),
  }
  const accepted = acceptService(service)
  if (!accepted.ok) throw new Error(`a pinned service is not one of ours: ${accepted.error.message}`)
  const listed: Slot[] = []
  for (const { slot: index, weight } of readList(maps, record.list).listed) {
    const slot = slots.get(index)
    if (slot === undefined || !slot.available) continue
    slot.destination = { ...slot.destination, weight }
    listed.push(slot)
  }
  const text = serviceKey(service.address)
  return { id: record.id, key: text, service, accepted: accepted.value, list: record.list, slots: listed }
}

/** Fills the list that is not in force, then puts the service on it: a packet sees the old one or the new one. */
export function writeList(director: Director, entry: Entry, slots: Slot[], keepCursor: boolean): OpResult {
  const { maps } = director
  const tables = tablesOf(director, entry.accepted.family)
  if (!tables.ok) return fail({ reason: 'system', message: `${entry.key}: ${tables.error.message}` })
  const before = keepCursor ? readList(maps, entry.list) : undefined
  const listed = slots.map(({ index, destination }) => ({ slot: index, weight: destination.weight }))
  const list = entry.list ^ 1
  const filled = writeListed(maps, list, entry.service.scheduler, before, listed)
  if (!filled.ok) return fail({ reason: 'system', message: `${entry.key}: ${filled.error.message}` })
  const { scheduler, persistenceBits, port } = entry.accepted
  const { persistence, onePacket } = entry.service
  const switched = tables.value.services.update(
    serviceKeyBytes(entry),
    layout.service.encode({
      id: entry.id,
      list,
      flags: (persistence === undefined ? 0 : layout.SERVICE_PERSISTENT) | (onePacket ? layout.SERVICE_ONE_PACKET : 0),
      scheduler,
      persistence_timeout: persistence?.timeout ?? 0,
      persistence_bits: persistenceBits,
      port,
    }),
  )
  if (!switched.ok) return fail({ reason: 'system', message: `${entry.key}: ${switched.error.message}` })
  entry.list = list
  entry.slots = slots
  return ok(undefined)
}

export function serviceKeyBytes({ accepted: { family, address, port, protocol } }: Entry): Uint8Array {
  return (family === 6 ? layout.ipv6 : layout.ipv4).serviceKey.encode({ address, port, protocol })
}
