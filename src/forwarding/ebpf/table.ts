/**
 * Services and destinations as the maps hold them. This class is their only writer; what it keeps in memory is what a
 * read of the maps would give, so a new process goes on from there.
 */

import { type Family, fail, type IpAddress, ok, type Result } from '../../base/index.ts'
import {
  type ControlOp,
  type Destination,
  type ForwardingOp,
  type ForwardingState,
  type OpError,
  type OpResult,
  type Service,
  serviceKey,
} from '../index.ts'
import { acceptDestination, acceptService } from './accept.ts'
import { keepTotals, zeroTotals } from './counters.ts'
import { changeDestinations, type DestinationOp } from './destinations.ts'
import { type Entry, readEntries, serviceKeyBytes, writeList } from './entry.ts'
import * as layout from './layout.ts'
import { type CursorChange, Lists } from './lists.ts'
import { Localities } from './localities.ts'
import { Locals } from './locals.ts'
import type { Marks } from './marks.ts'
import { type Director, loadingTables, type MapName } from './program.ts'
import { atOnce, inSlices, type Sliced } from './slices.ts'
import { type Hop, NO_HOP, type Slot, sameHop, type Virtual } from './slot.ts'
import { NO_SERVICE, Slots, zero } from './slots.ts'
import { u32 } from './struct.ts'

/** Servers that nothing but another director knows, with removed ones: what it says must not fill the table. */
const MOST_AWAITED = 1024

export class Table {
  readonly #director: Director
  readonly #hopTo: (to: IpAddress) => Hop | undefined
  readonly #followMarks: (marks: Marks) => Result<void, { readonly message: string }>
  readonly #entries = new Map<string, Entry>()
  readonly #slots: Slots
  readonly #lists: Lists
  readonly #localities: Localities
  readonly #locals: Locals

  /**
   * Holds nothing; where a director was adopted, `adopting` is next.
   * @param hopTo  the way to an address by the routing table; undefined: none
   * @param now    whole seconds of CLOCK_MONOTONIC
   * @param followMarks  sees to it that packets with these marks reach the director
   */
  constructor(
    director: Director,
    hopTo: (to: IpAddress) => Hop | undefined,
    now: () => number,
    followMarks: (marks: Marks) => Result<void, { readonly message: string }> = () => ok(undefined),
  ) {
    this.#director = director
    this.#followMarks = followMarks
    this.#hopTo = hopTo
    this.#slots = new Slots(director, now)
    this.#lists = new Lists(director.maps, now)
    this.#localities = new Localities(director)
    this.#locals = new Locals(director, now)
  }

  /** Goes on from what the maps hold; until it has ended nothing else may be asked of the table. */
  *adopting(): Sliced<void> {
    yield* this.#slots.reading()
    for (const entry of yield* readEntries(this.#director, this.#slots, this.#lists, this.#locals))
      this.#entries.set(entry.key, entry)
    // A process may have died between two writes.
    const listed = new Set<Slot>()
    for (const { slots } of this.#entries.values()) for (const slot of slots) listed.add(slot)
    yield* inSlices(this.#slots.all(), (slot) => {
      if (slot.available && !listed.has(slot)) this.#slots.retire(slot)
    })
    this.#writeSettings()
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

  /** The slot of a destination that a service has. */
  slotOf(key: string, destinationKey: string): number | undefined {
    return this.#entries.get(key)?.slots.find((slot) => slot.destinationKey === destinationKey)?.index
  }

  slotAt(index: number): Slot | undefined {
    return this.#slots.get(index)
  }

  /** By which interface packets go there; 0: none is known. */
  interfaceTo(address: IpAddress): number {
    return this.#hopTo(address)?.interfaceIndex ?? 0
  }

  /**
   * That of a server, of the first of these services that there is: with this port, else with any (a firewall mark's, a service for
   * all ports), removed ones too.
   */
  slotOfServer(keys: readonly string[], address: IpAddress, port: number): Slot | undefined {
    for (const key of keys) {
      const slots = this.#entries.get(key)?.slots.filter(({ destination }) => destination.address === address) ?? []
      const found = slots.find(({ destination }) => destination.port === port) ?? slots[0]
      if (found !== undefined) return found
    }
    return undefined
  }

  /** That of a server which is not here, but may come; it is found again by the same keys. Undefined: too many are awaited. */
  slotAwaiting(key: string, virtual: Virtual, destinationKey: string, destination: Destination): Slot | undefined {
    // It may be there already and only its list not yet complete.
    const known = this.#slots.named(key, destinationKey)
    if (known !== undefined) return known
    if (this.#slots.all().filter(({ available }) => !available).length >= MOST_AWAITED) return undefined
    const slot = this.#slots.make(key, virtual, destinationKey, destination)
    if (slot !== undefined) this.#slots.retire(slot)
    return slot
  }

  /** One more than the highest slot that is used. */
  room(): number {
    return this.#slots.room()
  }

  /** One more than the highest number of a service. */
  serviceRoom(): number {
    let room = 0
    for (const { id } of this.#entries.values()) room = Math.max(room, id + 1)
    return room
  }

  usedSlots(): readonly number[] {
    return this.#slots.all().map(({ index }) => index)
  }

  /** As `applying`, without pauses. */
  apply(ops: readonly ForwardingOp[], control: (op: ControlOp) => OpResult): readonly OpResult[] {
    return atOnce(this.applying(ops, control))
  }

  /**
   * Carries out in order; no other orders may come in a pause. What follows each other about destinations of one service is
   * one change of its list.
   * @param control  carries out what is not about services
   */
  *applying(ops: readonly ForwardingOp[], control: (op: ControlOp) => OpResult): Sliced<readonly OpResult[]> {
    const results: OpResult[] = []
    for (let next = 0; next < ops.length; ) {
      const op = ops[next] as ForwardingOp
      switch (op.type) {
        case 'put-service':
          results.push(yield* this.#putService(op.service))
          break
        case 'remove-service':
          results.push(yield* this.#removeService(op.serviceKey))
          break
        case 'put-destination':
        case 'remove-destination':
          for (const result of yield* this.#changeDestinations(op.serviceKey, destinationOps(ops, next, op.serviceKey)))
            results.push(result)
          break
        default:
          results.push(control(op))
      }
      next = results.length
    }
    return results
  }

  *#putService(service: Service): Sliced<OpResult> {
    const accepted = acceptService(service)
    if (!accepted.ok) return accepted
    const key = serviceKey(service.address)
    const tables = yield* loadingTables(this.#director, accepted.value.family)
    if (!tables.ok) return fail({ reason: 'system', message: `${key}: ${tables.error.message}` })
    const held = this.#entries.get(key)
    if (held !== undefined) {
      const before = { service: held.service, accepted: held.accepted, locals: held.locals }
      const sameScheduler = before.service.scheduler === service.scheduler
      const refused = held.slots
        .filter(({ destination }) => destination.method === 'fullnat')
        .map(({ destination, hop }) => acceptDestination(service, destination, hop.local))
        .find((reason) => reason !== undefined)
      if (refused !== undefined) return fail(refused)
      const kept = sameAddresses(before.service.localAddresses, service.localAddresses)
      const locals = kept ? held.locals : this.#locals.put(service.localAddresses ?? [])
      if (locals === undefined) return fail(noLocals(key))
      held.service = service
      held.accepted = accepted.value
      held.locals = locals
      const written = this.#writeList(held, held.slots, sameScheduler ? 'kept' : 'anew')
      if (!kept) this.#locals.give(written.ok ? before.locals : locals)
      if (!written.ok) Object.assign(held, before)
      else if (!sameScheduler && remembers(before.service)) this.#localities.flush(held.id)
      return written
    }
    const id = this.#freeServiceId()
    if (id === undefined)
      return fail(
        noSpace(
          `${key}: the table has room for ${this.#map('services').info.entries} services; raise lvs_settings service_table_size and restart`,
        ),
      )
    zero(this.#map('retired'), id)
    const locals = this.#locals.put(service.localAddresses ?? [])
    if (locals === undefined) return fail(noLocals(key))
    const entry: Entry = { id, key, service, accepted: accepted.value, list: 2 * id, slots: [], locals }
    const written = this.#writeList(entry, [], 'anew')
    if (!written.ok) {
      this.#locals.give(locals)
      return written
    }
    this.#entries.set(key, entry)
    const taken = this.#takeMarks()
    if (!taken.ok) {
      atOnce(this.#removeService(key))
      return fail({ reason: 'system', message: `${key}: ${taken.error.message}` })
    }
    this.#writeSettings()
    return ok(undefined)
  }

  *#removeService(key: string): Sliced<OpResult> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return ok(undefined)
    this.#director.tables.get(entry.accepted.family)?.services.delete(serviceKeyBytes(entry))
    this.#entries.delete(key)
    this.#lists.free(entry.list)
    this.#locals.give(entry.locals)
    if (remembers(entry.service)) this.#localities.flush(entry.id)
    this.#writeSettings()
    // Marked packets go to the stack again, where nothing is about them any more.
    if (entry.accepted.mark !== 0) this.#takeMarks()
    yield* inSlices(entry.slots, (slot) => {
      // What it carried for this service is forgotten with it.
      slot.serviceId = NO_SERVICE
      this.#slots.retire(slot)
    })
    return ok(undefined)
  }

  /** Orders about the destinations of one service. */
  *#changeDestinations(key: string, ops: readonly DestinationOp[]): Sliced<readonly OpResult[]> {
    const entry = this.#entries.get(key)
    if (entry !== undefined)
      return yield* changeDestinations(
        { director: this.#director, slots: this.#slots, lists: this.#lists, hopTo: this.#hopTo },
        entry,
        ops,
      )
    const notFound = fail({ reason: 'not-found', message: `${key}: no such service; put it first` } as const)
    return ops.map((op) => (op.type === 'put-destination' ? notFound : ok(undefined)))
  }

  /** Counters of a service and its destinations to zero; without a key those of all. */
  zeroCounters(key?: string): OpResult {
    if (key !== undefined && !this.#entries.has(key))
      return fail({ reason: 'not-found', message: `${key}: no such service` })
    zeroTotals(this.#director, this, key)
    return ok(undefined)
  }

  /** Whether each packet of a slot's service is scheduled by itself. */
  isOnePacket(index: number): boolean {
    const slot = this.#slots.get(index)
    return slot !== undefined && (this.#entries.get(slot.serviceKey)?.service.onePacket ?? false)
  }

  /** Asks the routing table again for every destination, once for each address. */
  *refreshHops(): Sliced<void> {
    const hops = new Map<IpAddress, Hop>()
    yield* inSlices(this.#slots.all(), (slot) => {
      // What was removed in a pause may be another's by now.
      if (!slot.available) return
      const { address } = slot.destination
      const hop = hops.get(address) ?? this.#hopTo(address) ?? NO_HOP
      hops.set(address, hop)
      if (sameHop(hop, slot.hop)) return
      slot.hop = hop
      this.#slots.put(slot)
    })
  }

  /**
   * Takes out what lblc and lblcr remember without use; to be called every few seconds. The slots that are remembered.
   * @param now  whole seconds of CLOCK_MONOTONIC
   */
  sweepLocalities(now: number): ReadonlySet<number> {
    return [...this.#entries.values()].some(({ service }) => remembers(service))
      ? this.#localities.sweep(now)
      : new Set()
  }

  /**
   * Frees the slots of destinations that were removed long enough ago and that nothing refers to.
   * @param referred  slots seen in a pass over all connections and templates
   * @param since     when that pass began
   */
  freeUnreferred(referred: ReadonlySet<number>, since: number): void {
    for (const slot of this.#slots.unreferred(referred, since)) {
      // A service's totals do not fall when a removed destination is forgotten.
      if (this.#entries.get(slot.serviceKey)?.id === slot.serviceId)
        keepTotals(this.#director, slot.serviceId, slot.index)
      this.#slots.free(slot)
    }
  }

  #writeList(entry: Entry, slots: Slot[], change: CursorChange): OpResult {
    return writeList(this.#director, this.#lists, entry, slots, change)
  }

  /** Marks of all services by mark, for which packets are to be taken from the stack. */
  marks(): Marks {
    const of = (wanted: Family) =>
      [...this.#entries.values()]
        .filter(({ accepted: { family, mark } }) => family === wanted && mark !== 0)
        .map(({ accepted: { mark } }) => mark)
        .sort((a, b) => a - b)
    return { 4: of(4), 6: of(6) }
  }

  #takeMarks(): Result<void, { readonly message: string }> {
    return this.#followMarks(this.marks())
  }

  #map(name: MapName) {
    return this.#director.maps[name]
  }

  #freeServiceId(): number | undefined {
    const taken = new Set([...this.#entries.values()].map(({ id }) => id))
    const size = this.#map('services').info.entries
    for (let id = 0; id < size; id++) if (!taken.has(id)) return id
    return undefined
  }

  #writeSettings(): void {
    const anyPort = [...this.#entries.values()].some(({ accepted: { port, mark } }) => port === 0 && mark === 0)
    const held = layout.settings.decode(this.#map('settings').lookup(u32(0)) as Uint8Array)
    const flags = (held.flags & ~layout.SETTINGS_ANY_PORT) | (anyPort ? layout.SETTINGS_ANY_PORT : 0)
    if (flags !== held.flags) this.#map('settings').update(u32(0), layout.settings.encode({ ...held, flags }))
  }
}

/** Orders from `start` on that are about destinations of this service, as many as follow each other. */
function destinationOps(ops: readonly ForwardingOp[], start: number, key: string): readonly DestinationOp[] {
  const found: DestinationOp[] = []
  for (let i = start; i < ops.length; i++) {
    const op = ops[i]
    if ((op?.type !== 'put-destination' && op?.type !== 'remove-destination') || op.serviceKey !== key) break
    found.push(op)
  }
  return found
}

/** Whether the scheduler keeps a memory of its own. */
const remembers = ({ scheduler }: Service): boolean => scheduler === 'lblc' || scheduler === 'lblcr'

const sameAddresses = (a: readonly IpAddress[] = [], b: readonly IpAddress[] = []): boolean => a.join() === b.join()

const noSpace = (message: string): OpError => ({ reason: 'no-space', message })

const noLocals = (key: string): OpError => noSpace(`${key}: the table of local addresses is full; services share 4096`)
