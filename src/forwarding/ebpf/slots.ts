/**
 * All slots: the maps `destinations` and `loads`. A removed destination keeps its slot until nothing refers to it, so that
 * it finds its connections and counters again when it comes back.
 */

import type { IpAddress } from '../../base/index.ts'
import type { BpfMap } from '../../sys/bpf/index.ts'
import type { Destination } from '../index.ts'
import * as layout from './layout.ts'
import { NatServers } from './nat-servers.ts'
import type { Director } from './program.ts'
import { SLICE, type Sliced } from './slices.ts'
import { NO_HOP, type Slot, slotBytes, slotOf, type Virtual } from './slot.ts'
import { u32 } from './struct.ts'

/** Of a removed destination whose service is gone as well. */
export const NO_SERVICE = 0xffff_ffff
/** As long as IPVS keeps them. */
export const SECONDS_IN_TRASH = 120

export class Slots {
  readonly #director: Director
  readonly #now: () => number
  readonly #held = new Map<number, Slot>()
  /** By the keys of service and destination. */
  readonly #byName = new Map<string, Slot>()
  /** How many have an address. */
  readonly #byAddress = new Map<IpAddress, number>()
  /** All below are held. */
  #lowestFree = 0
  /** From here on no slot has ever been used: the maps hold zeros there. */
  #untouched: number
  readonly #natServers: NatServers

  /** @param now  whole seconds of CLOCK_MONOTONIC */
  constructor(director: Director, now: () => number) {
    this.#director = director
    this.#now = now
    this.#natServers = new NatServers(director)
    this.#untouched = director.adopted ? director.maps.destinations.info.entries : 0
  }

  /** Reads what an earlier process left. */
  *reading(): Sliced<void> {
    let index = 0
    for (const { count, values } of this.#director.maps.destinations.slices(SLICE)) {
      for (let i = 0; i < count; i++, index++) {
        const slot = slotOf(index, values, i * layout.destination.size, this.#now())
        if (slot !== undefined) this.#hold(slot)
      }
      yield
    }
    yield* this.#natServers.adopt(this.all())
  }

  get(index: number): Slot | undefined {
    return this.#held.get(index)
  }

  all(): readonly Slot[] {
    return [...this.#held.values()]
  }

  /** One more than the highest that is used. */
  room(): number {
    let room = 0
    for (const index of this.#held.keys()) room = Math.max(room, index + 1)
    return room
  }

  /** A free slot with its counters at zero, which is not written yet; undefined: there is none. */
  make(serviceKey: string, virtual: Virtual, destinationKey: string, destination: Destination): Slot | undefined {
    const { baselines, dest_traffic, loads } = this.#director.maps
    const size = this.#director.maps.destinations.info.entries
    for (let index = this.#lowestFree; index < size; index++) {
      if (this.#held.has(index)) continue
      this.#lowestFree = index
      if (index < this.#untouched) for (const map of [dest_traffic, baselines, loads]) zero(map, index)
      else this.#untouched = index + 1
      return {
        index,
        virtual,
        serviceKey,
        destinationKey,
        serviceId: NO_SERVICE,
        destination,
        lastWeight: destination.weight,
        hop: NO_HOP,
        available: true,
        removedAt: 0,
      }
    }
    return undefined
  }

  /** The slot of a destination, be it available or not. */
  named(key: string, destinationKey: string): Slot | undefined {
    return this.#byName.get(`${key} ${destinationKey}`)
  }

  /** The slot of a destination that was removed and may come back. */
  trashed(key: string, destinationKey: string): Slot | undefined {
    const slot = this.named(key, destinationKey)
    return slot?.available === false ? slot : undefined
  }

  /** How many are held for destinations that were removed. */
  removed(): number {
    let count = 0
    for (const { available } of this.#held.values()) if (!available) count++
    return count
  }

  /** Takes the slot and writes it. */
  put(slot: Slot): void {
    this.#hold(slot)
    const written = this.#director.maps.destinations.update(u32(slot.index), slotBytes(slot))
    if (!written.ok) throw new Error(written.error.message)
    this.#natServers.follow(slot)
    if (slot.destination.method === 'tun') this.#keepPathMtu(slot)
  }

  retire(slot: Slot): void {
    slot.available = false
    slot.removedAt = this.#now()
    this.put(slot)
  }

  /** After its thresholds have changed. */
  judgeThresholds(slot: Slot): void {
    const done = this.#director.programs.settle.call(layout.settleArguments.encode({ destination: slot.index }))
    if (!done.ok) throw new Error(done.error.message)
  }

  /** Slots of destinations that were removed long before `since` and are not among the `referred` ones. */
  unreferred(referred: ReadonlySet<number>, since: number): readonly Slot[] {
    return this.all().filter(
      ({ available, index, removedAt }) => !available && !referred.has(index) && removedAt + SECONDS_IN_TRASH <= since,
    )
  }

  free({ index, serviceKey, destinationKey, destination: { address } }: Slot): void {
    this.#held.delete(index)
    this.#lowestFree = Math.min(this.#lowestFree, index)
    this.#byName.delete(`${serviceKey} ${destinationKey}`)
    zero(this.#director.maps.destinations, index)
    const others = (this.#byAddress.get(address) ?? 1) - 1
    if (others > 0) this.#byAddress.set(address, others)
    else {
      this.#byAddress.delete(address)
      this.#director.maps.path_mtus.delete(layout.outerAddress.encode({ address }))
    }
  }

  #hold(slot: Slot): void {
    const { index, serviceKey, destinationKey, destination } = slot
    if (this.#held.has(index)) return
    const { address } = destination
    this.#held.set(index, slot)
    this.#byName.set(`${serviceKey} ${destinationKey}`, slot)
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
  }

  /** A place for what routers say of the way to a tunnel's end; only for these does the program believe them. */
  #keepPathMtu({ destination: { address } }: Slot): void {
    const { path_mtus } = this.#director.maps
    const key = layout.outerAddress.encode({ address })
    if (path_mtus.lookup(key) !== undefined) return
    const written = path_mtus.update(key, layout.pathMtu.encode({}))
    if (!written.ok) throw new Error(written.error.message)
  }
}

export function zero(map: BpfMap, index: number): void {
  map.update(u32(index), new Uint8Array(map.readSize))
}
