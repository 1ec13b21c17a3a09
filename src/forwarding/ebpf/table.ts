/**
 * Services and destinations as the maps hold them. This class is their only writer; what it keeps in memory is what a
 * read of the maps would give, so a new process goes on from there. A removed destination keeps its slot until nothing
 * refers to it, so that it finds its connections and counters again when it comes back.
 */

import { addressBytes, fail, type IpAddress, ok } from '../../base/index.ts'
import type { Destination, ForwardingState, OpError, OpResult, Service } from '../backend.ts'
import { serviceKey } from '../index.ts'
import { type Accepted, acceptDestination, acceptService } from './accept.ts'
import { type Cursor, type Listed, rrCursor, type WeightStep, weightStep, wrrCursor } from './cursor.ts'
import * as layout from './layout.ts'
import type { Director, MapName } from './program.ts'
import { u32 } from './struct.ts'

/** The way to a destination: an interface and a neighbour there, or this host, or not known (interface 0). */
export type Hop = {
  readonly interfaceIndex: number
  readonly nextHop: IpAddress
  readonly mtu: number
  readonly local: boolean
}

type Slot = {
  readonly index: number
  /** The service's and the destination's keys; both together are what a returning destination is known by. */
  readonly serviceKey: string
  readonly destinationKey: string
  serviceId: number
  destination: Destination
  hop: Hop
  available: boolean
  /** Removed and waiting: since when, in seconds. */
  removedAt: number
}

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

const NO_HOP: Hop = { interfaceIndex: 0, nextHop: '0.0.0.0' as IpAddress, mtu: 0, local: false }
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
    this.#zero('service_traffic', id)
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
    for (const slot of entry.slots) this.#retire(slot)
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
    const slot = held ?? this.#trashed(key, destinationKey) ?? this.#newSlot(key, destinationKey, destination)
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
        const record = layout.destination.decode(values, i * layout.destination.size)
        if ((record.flags & layout.DESTINATION_USED) !== 0) this.#readSlot(index, record)
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
  }

  #readSlot(index: number, record: ReturnType<typeof layout.destination.decode>): void {
    const serviceKeyText = serviceKey({
      kind: 'address',
      protocol: record.protocol === layout.protocolNumbers.udp ? 'udp' : 'tcp',
      address: record.virtual_address,
      port: record.virtual_port,
    })
    this.#slots.set(index, {
      index,
      serviceKey: serviceKeyText,
      destinationKey: `${record.address}:${record.port}`,
      serviceId: record.service,
      destination: {
        address: record.address,
        port: record.port,
        weight: 0,
        method: record.method === layout.methodNumbers.nat ? 'nat' : 'dr',
        upperThreshold: record.upper,
        lowerThreshold: record.lower,
      },
      hop: {
        interfaceIndex: record.ifindex,
        nextHop: record.next_hop,
        mtu: record.mtu,
        local: (record.flags & layout.DESTINATION_LOCAL) !== 0,
      },
      available: (record.flags & layout.DESTINATION_AVAILABLE) !== 0,
      removedAt: this.#now(),
    })
  }

  #readService(key: ServiceKeyRecord, record: ServiceRecord): void {
    const service: Service = {
      address: {
        kind: 'address',
        protocol: key.protocol === layout.protocolNumbers.udp ? 'udp' : 'tcp',
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
    for (const { slot: index, weight } of this.#readList(record.list).listed) {
      const slot = this.#slots.get(index)
      if (slot === undefined) continue
      slot.destination = { ...slot.destination, weight }
      slots.push(slot)
    }
    const text = serviceKey(service.address)
    this.#entries.set(text, { id: record.id, key: text, service, accepted: accepted.value, list: record.list, slots })
  }

  #readList(list: number): { readonly cursor: Cursor; readonly listed: readonly Listed[] } {
    const bytes = this.#map('lists').lookup(u32(list))
    if (bytes === undefined) throw new Error(`no list ${list}`)
    const head = layout.listHead.decode(bytes)
    const listed = Array.from({ length: Math.min(head.count, layout.LIST_SIZE) }, (_, i) => {
      const entry = layout.listEntry.decode(bytes, layout.listHead.size + i * layout.listEntry.size)
      return { slot: entry.destination, weight: entry.weight }
    })
    return { cursor: { position: head.position, currentWeight: head.current_weight }, listed }
  }

  /** Fills the list that is not in force, then puts the service on it: a packet sees the old one or the new one. */
  #writeList(entry: Entry, slots: Slot[], keepCursor: boolean): OpResult {
    const before = this.#readList(entry.list)
    const listed: Listed[] = slots.map(({ index, destination }) => ({ slot: index, weight: destination.weight }))
    const weights = weightStep(listed)
    const cursor = nextCursor(entry.service.scheduler, keepCursor, before, listed, weights)
    const bytes = new Uint8Array(layout.listHead.size + layout.LIST_SIZE * layout.listEntry.size)
    bytes.set(
      layout.listHead.encode({
        position: cursor.position,
        current_weight: cursor.currentWeight,
        count: listed.length,
        max_weight: Math.max(0, weights.maxWeight),
        step: weights.step,
      }),
    )
    for (const [i, { slot, weight }] of listed.entries())
      bytes.set(
        layout.listEntry.encode({ destination: slot, weight }),
        layout.listHead.size + i * layout.listEntry.size,
      )

    const list = entry.list ^ 1
    const filled = this.#map('lists').update(u32(list), bytes)
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
    const { destination, hop } = slot
    const [protocol, virtual] = this.#virtualOf(slot)
    this.#map('destinations').update(
      u32(slot.index),
      layout.destination.encode({
        address: destination.address,
        port: destination.port,
        protocol,
        method: destination.method === 'nat' ? layout.methodNumbers.nat : layout.methodNumbers.dr,
        flags:
          layout.DESTINATION_USED |
          (slot.available ? layout.DESTINATION_AVAILABLE : 0) |
          (hop.local ? layout.DESTINATION_LOCAL : 0),
        service: slot.serviceId,
        virtual_address: virtual.address,
        virtual_port: virtual.port,
        ifindex: hop.interfaceIndex,
        next_hop: hop.nextHop,
        mtu: hop.mtu,
        upper: destination.upperThreshold,
        lower: destination.lowerThreshold,
      }),
    )
  }

  /** What `serviceKey` was made of: it is the only name a removed destination has for its service. */
  #virtualOf(slot: Slot): [protocol: number, { address: IpAddress; port: number }] {
    const [protocol, at] = slot.serviceKey.split('/') as [keyof typeof layout.protocolNumbers, string]
    const colon = at.lastIndexOf(':')
    return [
      layout.protocolNumbers[protocol],
      { address: at.slice(0, colon) as IpAddress, port: Number(at.slice(colon + 1)) },
    ]
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

  #newSlot(key: string, destinationKey: string, destination: Destination): Slot | undefined {
    const size = this.#map('destinations').info.entries
    for (let index = 0; index < size; index++) {
      if (this.#slots.has(index)) continue
      this.#zero('dest_traffic', index)
      this.#zero('loads', index)
      return {
        index,
        serviceKey: key,
        destinationKey,
        serviceId: -1,
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

function nextCursor(
  scheduler: Service['scheduler'],
  keep: boolean,
  before: { readonly cursor: Cursor; readonly listed: readonly Listed[] },
  listed: readonly Listed[],
  weights: WeightStep,
): Cursor {
  if (scheduler === 'wrr') return wrrCursor(keep ? before.cursor : { position: 0, currentWeight: 0 }, weights)
  if (scheduler === 'rr' && keep) return rrCursor(before.listed, before.cursor, listed)
  return { position: 0, currentWeight: 0 }
}

const noSpace = (message: string): OpError => ({ reason: 'no-space', message })

const sameHop = (a: Hop, b: Hop): boolean =>
  a.interfaceIndex === b.interfaceIndex && a.nextHop === b.nextHop && a.mtu === b.mtu && a.local === b.local

function bitsOf(mask: IpAddress): number {
  let bits = 0
  for (const byte of addressBytes(mask)) bits += byte.toString(2).replaceAll('0', '').length
  return bits
}
