/**
 * Services and destinations as the maps hold them. This class is their only writer; what it keeps in memory is what a
 * read of the maps would give, so a new process goes on from there. A removed destination keeps its slot until nothing
 * refers to it, so that it finds its connections and counters again when it comes back.
 */

import { addressBytes, fail, type IpAddress, ok } from '../../base/index.ts'
import {
  type Destination,
  type ForwardingState,
  type OpError,
  type OpResult,
  type Service,
  serviceKey,
} from '../index.ts'
import { type Accepted, acceptDestination, acceptService } from './accept.ts'
import { add, readTraffic } from './counters.ts'
import * as layout from './layout.ts'
import { listBytes, readList } from './list.ts'
import type { Director, MapName } from './program.ts'
import { type Hop, NO_HOP, protocolName, type Slot, sameHop, slotBytes, slotOf } from './slot.ts'
import { u32 } from './struct.ts'

type Entry = {
  readonly id: number
  readonly key: string
  service: Service
  accepted: Accepted
  /** Which of the two lists is in force. */
  list: number
  /** Newest first. */
  slots: Slot[]
}

type ServiceKeyRecord = ReturnType<typeof layout.serviceKeyLayout.decode>
type ServiceRecord = ReturnType<typeof layout.service.decode>

/** Of a removed destination whose service is gone as well. */
const NO_SERVICE = 0xffff_ffff
/** As long as IPVS keeps them. */
const MAX_SECONDS_IN_TRASH = 120

export class Table {
  readonly #director: Director
  readonly #hopTo: (to: IpAddress) => Hop | undefined
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #slots = new Map<number, Slot>()

  /**
   * Reads what the maps hold.
   * @param hopTo  the way to an address by the routing table; undefined: none
   * @param now    whole seconds of CLOCK_MONOTONIC
   */
  constructor(director: Director, hopTo: (to: IpAddress) => Hop | undefined, now: () => number) {
    this.#director = director
    this.#hopTo = hopTo
    this.#now = now
    if (director.adopted) this.#readMaps()
  }

  state(): ForwardingState {
    return {
      services: [...this.#entries.values()].map(({ service, slots }) => ({
        service,
        destinations: slots.map(({ destination }) => destination),
      })),
    }
  }

  /** The destinations of each service with the numbers their counters go by. */
  *counted(): Generator<{
    readonly key: string
    readonly id: number
    readonly slots: readonly { readonly index: number; readonly destinationKey: string }[]
  }> {
    for (const { key, id, slots } of this.#entries.values()) yield { key, id, slots }
  }

  /** The service and destination keys behind a slot, removed ones too. */
  slotKeys(index: number): { readonly serviceKey: string; readonly available: boolean } | undefined {
    return this.#slots.get(index)
  }

  /** Whose totals make up a service's: its destinations and those that were removed from it. */
  slotsCountedFor(key: string, id: number): readonly number[] {
    return [...this.#slots.values()]
      .filter((slot) => slot.serviceId === id && slot.serviceKey === key)
      .map(({ index }) => index)
  }

  usedSlots(): readonly number[] {
    return [...this.#slots.keys()]
  }

  putService(service: Service): OpResult {
    const accepted = acceptService(service)
    if (!accepted.ok) return accepted
    const key = serviceKey(service.address)
    const held = this.#entries.get(key)
    if (held !== undefined) {
      const sameScheduler = held.service.scheduler === service.scheduler
      held.service = service
      held.accepted = accepted.value
      return this.#writeList(held, held.slots, sameScheduler)
    }
    const id = this.#freeServiceId()
    if (id === undefined) return fail(noSpace(`${key}: the table of services is full`))
    this.#zero('retired', id)
    const entry: Entry = { id, key, service, accepted: accepted.value, list: 2 * id, slots: [] }
    const written = this.#writeList(entry, [], false)
    if (!written.ok) return written
    this.#entries.set(key, entry)
    this.#writeSettings()
    return ok(undefined)
  }

  removeService(key: string): OpResult {
    const entry = this.#entries.get(key)
    if (entry === undefined) return ok(undefined)
    this.#map('services').delete(this.#serviceKeyBytes(entry))
    for (const slot of entry.slots) {
      // What it carried for this service is forgotten with it.
      slot.serviceId = NO_SERVICE
      this.#retire(slot)
    }
    this.#entries.delete(key)
    this.#writeSettings()
    return ok(undefined)
  }

  putDestination(key: string, destination: Destination, destinationKey: string): OpResult {
    const entry = this.#entries.get(key)
    if (entry === undefined) return fail({ reason: 'not-found', message: `${key}: no such service; put it first` })
    const hop = this.#hopTo(destination.address)
    const refused = acceptDestination(entry.service, destination, hop?.local ?? false)
    if (refused !== undefined) return fail(refused)

    const held = entry.slots.find((slot) => slot.destinationKey === destinationKey)
    const slot = held ?? this.#trashed(key, destinationKey) ?? this.#newSlot(entry, destinationKey, destination)
    if (slot === undefined) return fail(noSpace(`${destinationKey}: the table of destinations is full`))
    if (held === undefined && entry.slots.length >= layout.LIST_SIZE)
      return fail(noSpace(`${key}: a service holds at most ${layout.LIST_SIZE} destinations`))
    if (held === undefined && slot.serviceId !== entry.id) this.#zero('dest_traffic', slot.index)
    slot.serviceId = entry.id
    slot.destination = destination
    slot.hop = hop ?? NO_HOP
    slot.available = true
    this.#slots.set(slot.index, slot)
    this.#writeSlot(slot)
    this.#judgeThresholds(slot)
    return this.#writeList(entry, held === undefined ? [slot, ...entry.slots] : entry.slots, true)
  }

  removeDestination(key: string, destinationKey: string): OpResult {
    const entry = this.#entries.get(key)
    const slot = entry?.slots.find((candidate) => candidate.destinationKey === destinationKey)
    if (entry === undefined || slot === undefined) return ok(undefined)
    const written = this.#writeList(
      entry,
      entry.slots.filter((other) => other !== slot),
      true,
    )
    if (written.ok) this.#retire(slot)
    return written
  }

  /** Asks the routing table again for every destination. */
  refreshHops(): void {
    for (const slot of this.#slots.values()) {
      if (!slot.available) continue
      const hop = this.#hopTo(slot.destination.address) ?? NO_HOP
      if (sameHop(hop, slot.hop)) continue
      slot.hop = hop
      this.#writeSlot(slot)
    }
  }

  /**
   * Frees the slots of destinations that were removed long enough ago and that nothing refers to.
   * @param referred  slots seen in a pass over all connections and templates
   * @param since     when that pass began
   */
  freeUnreferred(referred: ReadonlySet<number>, since: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.available || referred.has(slot.index) || slot.removedAt + MAX_SECONDS_IN_TRASH > since) continue
      this.#keepTotals(slot)
      this.#slots.delete(slot.index)
      this.#map('destinations').update(u32(slot.index), new Uint8Array(layout.destination.size))
    }
  }

  #map(name: MapName) {
    return this.#director.maps[name]
  }

  #readMaps(): void {
    let index = 0
    for (const { count, values } of this.#map('destinations').slices(1024)) {
      for (let i = 0; i < count; i++, index++) {
        const slot = slotOf(index, values, i * layout.destination.size, this.#now())
        if (slot !== undefined) this.#slots.set(index, slot)
      }
    }
    const found: [ServiceKeyRecord, ServiceRecord][] = []
    for (const { count, keys, values } of this.#map('services').slices(256)) {
      for (let i = 0; i < count; i++) {
        const key = layout.serviceKeyLayout.decode(keys, i * layout.serviceKeyLayout.size)
        found.push([key, layout.service.decode(values, i * layout.service.size)])
      }
    }
    // Ids are given out from the lowest on: nearly the order in which they were made.
    found.sort(([, a], [, b]) => a.id - b.id)
    for (const [key, record] of found) this.#readService(key, record)
    // A process may have died between two writes.
    const listed = new Set([...this.#entries.values()].flatMap(({ slots }) => slots))
    for (const slot of this.#slots.values()) if (slot.available && !listed.has(slot)) this.#retire(slot)
    this.#writeSettings()
  }

  #readService(key: ServiceKeyRecord, record: ServiceRecord): void {
    const service: Service = {
      address: {
        kind: 'address',
        protocol: protocolName(key.protocol),
        address: key.address,
        port: key.port,
      },
      scheduler: layout.schedulerNames[record.scheduler] ?? 'wlc',
      onePacket: (record.flags & layout.SERVICE_ONE_PACKET) !== 0,
      ...((record.flags & layout.SERVICE_PERSISTENT) !== 0 && {
        persistence: { timeout: record.persistence_timeout, prefixLength: bitsOf(record.persistence_mask) },
      }),
    }
    const accepted = acceptService(service)
    if (!accepted.ok) throw new Error(`a pinned service is not one of ours: ${accepted.error.message}`)
    const slots: Slot[] = []
    for (const { slot: index, weight } of readList(this.#map('lists'), record.list).listed) {
      const slot = this.#slots.get(index)
      if (slot === undefined || !slot.available) continue
      slot.destination = { ...slot.destination, weight }
      slots.push(slot)
    }
    const text = serviceKey(service.address)
    this.#entries.set(text, { id: record.id, key: text, service, accepted: accepted.value, list: record.list, slots })
  }

  /** Fills the list that is not in force, then puts the service on it: a packet sees the old one or the new one. */
  #writeList(entry: Entry, slots: Slot[], keepCursor: boolean): OpResult {
    const before = keepCursor ? readList(this.#map('lists'), entry.list) : undefined
    const listed = slots.map(({ index, destination }) => ({ slot: index, weight: destination.weight }))
    const list = entry.list ^ 1
    const filled = this.#map('lists').update(u32(list), listBytes(entry.service.scheduler, before, listed))
    if (!filled.ok) return fail({ reason: 'system', message: `${entry.key}: ${filled.error.message}` })
    const { scheduler, persistenceMask, protocol, address, port } = entry.accepted
    const { persistence, onePacket } = entry.service
    const switched = this.#map('services').update(
      layout.serviceKeyLayout.encode({ address, port, protocol }),
      layout.service.encode({
        id: entry.id,
        list,
        flags:
          (persistence === undefined ? 0 : layout.SERVICE_PERSISTENT) | (onePacket ? layout.SERVICE_ONE_PACKET : 0),
        scheduler,
        persistence_timeout: persistence?.timeout ?? 0,
        persistence_mask: persistenceMask,
        port,
      }),
    )
    if (!switched.ok) return fail({ reason: 'system', message: `${entry.key}: ${switched.error.message}` })
    entry.list = list
    entry.slots = slots
    return ok(undefined)
  }

  #serviceKeyBytes({ accepted: { address, port, protocol } }: Entry): Uint8Array {
    return layout.serviceKeyLayout.encode({ address, port, protocol })
  }

  #writeSlot(slot: Slot): void {
    const written = this.#map('destinations').update(u32(slot.index), slotBytes(slot))
    if (!written.ok) throw new Error(written.error.message)
  }

  #retire(slot: Slot): void {
    slot.available = false
    slot.removedAt = this.#now()
    this.#writeSlot(slot)
  }

  #trashed(key: string, destinationKey: string): Slot | undefined {
    for (const slot of this.#slots.values())
      if (!slot.available && slot.serviceKey === key && slot.destinationKey === destinationKey) return slot
    return undefined
  }

  #newSlot({ key, accepted }: Entry, destinationKey: string, destination: Destination): Slot | undefined {
    const size = this.#map('destinations').info.entries
    for (let index = 0; index < size; index++) {
      if (this.#slots.has(index)) continue
      this.#zero('dest_traffic', index)
      this.#zero('loads', index)
      return {
        index,
        virtual: { protocol: accepted.protocol, address: accepted.address, port: accepted.port },
        serviceKey: key,
        destinationKey,
        serviceId: NO_SERVICE,
        destination,
        hop: NO_HOP,
        available: true,
        removedAt: 0,
      }
    }
    return undefined
  }

  #freeServiceId(): number | undefined {
    const taken = new Set([...this.#entries.values()].map(({ id }) => id))
    const size = this.#map('services').info.entries
    for (let id = 0; id < size; id++) if (!taken.has(id)) return id
    return undefined
  }

  /** A service's totals do not fall when a removed destination is forgotten. */
  #keepTotals({ index, serviceId, serviceKey: key }: Slot): void {
    if (this.#entries.get(key)?.id !== serviceId) return
    const totals = add(readTraffic(this.#map('retired'), serviceId), readTraffic(this.#map('dest_traffic'), index))
    const written = this.#map('retired').update(
      u32(serviceId),
      layout.traffic.encode({
        connections: totals.connections,
        in_packets: totals.inPackets,
        out_packets: totals.outPackets,
        in_bytes: totals.inBytes,
        out_bytes: totals.outBytes,
      }),
    )
    if (!written.ok) throw new Error(written.error.message)
  }

  #zero(name: MapName, index: number): void {
    this.#map(name).update(u32(index), new Uint8Array(this.#map(name).readSize))
  }

  #judgeThresholds(slot: Slot): void {
    const done = this.#director.programs.settle.call(layout.settleArguments.encode({ destination: slot.index }))
    if (!done.ok) throw new Error(done.error.message)
  }

  #writeSettings(): void {
    const anyPort = [...this.#entries.values()].some(({ accepted }) => accepted.port === 0)
    this.#map('settings').update(
      u32(0),
      layout.settings.encode({ layout: layout.LAYOUT_VERSION, flags: anyPort ? layout.SETTINGS_ANY_PORT : 0 }),
    )
  }
}

const noSpace = (message: string): OpError => ({ reason: 'no-space', message })

function bitsOf(mask: IpAddress): number {
  let bits = 0
  for (const byte of addressBytes(mask)) bits += byte.toString(2).replaceAll('0', '').length
  return bits
}
