/** A service in the maps `services` and `lists`: reading it, and putting another list of destinations in force. */

import { fail, familyOf, ok } from '../../base/index.ts'
import type { SchedulerFlag } from '../../model/index.ts'
import { type OpResult, type Service, serviceKey } from '../index.ts'
import { type Accepted, acceptService, schedulersBuilt } from './accept.ts'
import * as layout from './layout.ts'
import type { CursorChange, Lists } from './lists.ts'
import type { Locals } from './locals.ts'
import type { Director } from './program.ts'
import type { Range } from './ranges.ts'
import { inSlices, type Sliced } from './slices.ts'
import { permutationOf, protocolName, type Slot } from './slot.ts'
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
  /** FULLNAT: of its addresses towards servers. */
  locals: Range
}

type ServiceKeyRecord = ReturnType<typeof layout.ipv4.serviceKey.decode>
type ServiceRecord = ReturnType<typeof layout.service.decode>

/** What an earlier process left, nearly in the order in which it was made: ids are given out from the lowest on. */
export function* readEntries(
  { tables }: Director,
  slots: Slots,
  lists: Lists,
  locals: Locals,
): Sliced<readonly Entry[]> {
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
  const entries: Entry[] = []
  for (const [key, record] of found) entries.push(yield* readEntry(slots, lists, locals, key, record))
  return entries
}

function* readEntry(
  slots: Slots,
  lists: Lists,
  locals: Locals,
  key: ServiceKeyRecord,
  record: ServiceRecord,
): Sliced<Entry> {
  const range: Range = { start: record.locals_start, count: record.locals_count }
  const localAddresses = locals.adopt(range, familyOf(key.address))
  const service: Service = {
    address:
      record.mark === 0
        ? { kind: 'address', protocol: protocolName(key.protocol), address: key.address, port: key.port }
        : { kind: 'fwmark', mark: record.mark, family: familyOf(key.address) },
    scheduler: schedulersBuilt.find((name) => layout.schedulerNumbers[name] === record.scheduler) ?? 'wlc',
    ...schedulerFlagsOf(record.flags),
    onePacket: (record.flags & layout.SERVICE_ONE_PACKET) !== 0,
    ...((record.flags & layout.SERVICE_PERSISTENT) !== 0 && {
      persistence: { timeout: record.persistence_timeout, prefixLength: record.persistence_bits },
    }),
    ...(localAddresses.length > 0 && { localAddresses }),
    ...((record.flags & layout.SERVICE_TOA) !== 0 && { tcpOptionAddress: true }),
  }
  const accepted = acceptService(service)
  if (!accepted.ok) throw new Error(`a pinned service is not one of ours: ${accepted.error.message}`)
  const listed: Slot[] = []
  // One pause a service, for there may be thousands of these as well.
  yield
  yield* inSlices(lists.adopt(record.list), ({ slot: index, weight }) => {
    const slot = slots.get(index)
    if (slot === undefined || !slot.available) return
    slot.destination = { ...slot.destination, weight }
    listed.push(slot)
  })
  const text = serviceKey(service.address)
  return {
    id: record.id,
    key: text,
    service,
    accepted: accepted.value,
    list: record.list,
    slots: listed,
    locals: range,
  }
}

/** Fills the list that is not in force, then puts the service on it: a packet sees the old one or the new one. */
export function writeList(
  director: Director,
  lists: Lists,
  entry: Entry,
  slots: Slot[],
  change: CursorChange,
): OpResult {
  const { family } = entry.accepted
  const tables = director.tables.get(family)
  if (tables === undefined) throw new Error(`${entry.key}: a service of IPv${family} before its tables`)
  const list = entry.list ^ 1
  const listed = slots.map((slot) => ({
    slot: slot.index,
    weight: slot.destination.weight,
    lastWeight: slot.lastWeight,
    permutation: () => permutationOf(slot, family),
  }))
  const filled = lists.write(entry.key, list, entry.service.scheduler, change, listed)
  if (!filled.ok) return filled
  const { scheduler, persistenceBits, port, mark } = entry.accepted
  const { persistence, onePacket, schedulerFlags, tcpOptionAddress } = entry.service
  const switched = tables.services.update(
    serviceKeyBytes(entry),
    layout.service.encode({
      id: entry.id,
      list,
      flags:
        (persistence === undefined ? 0 : layout.SERVICE_PERSISTENT) |
        (onePacket ? layout.SERVICE_ONE_PACKET : 0) |
        (tcpOptionAddress === true ? layout.SERVICE_TOA : 0) |
        (schedulerFlags ?? []).reduce((bits, flag) => bits | layout.schedulerFlagBits[flag], 0),
      scheduler,
      persistence_timeout: persistence?.timeout ?? 0,
      persistence_bits: persistenceBits,
      mark,
      port,
      locals_start: entry.locals.start,
      locals_count: entry.locals.count,
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

function schedulerFlagsOf(bits: number): { readonly schedulerFlags?: readonly SchedulerFlag[] } {
  const names = Object.entries(layout.schedulerFlagBits).filter(([, bit]) => (bits & bit) !== 0)
  return names.length === 0 ? {} : { schedulerFlags: names.map(([name]) => name as SchedulerFlag) }
}
