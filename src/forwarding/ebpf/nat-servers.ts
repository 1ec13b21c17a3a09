/**
 * The maps `nat_servers`: by protocol, address and port a destination by NAT that has them, so that the program knows what
 * a server says by itself. Of several the map has the first.
 */

import { familyOf, type IpAddress } from '../../base/index.ts'
import type { BpfMap } from '../../sys/bpf/index.ts'
import type { Director } from './program.ts'
import { inSlices, SLICE, type Sliced } from './slices.ts'
import type { Slot } from './slot.ts'
import { numbersOf, u32 } from './struct.ts'

type Place = { readonly protocol: number; readonly address: IpAddress; readonly port: number }

export class NatServers {
  readonly #director: Director
  /** Slots of available destinations by NAT. */
  readonly #slots = new Map<string, Set<number>>()

  constructor(director: Director) {
    this.#director = director
  }

  /** After a slot was written. */
  follow(slot: Slot): void {
    const place = placeOf(slot)
    const map = this.#mapOf(place)
    if (map === undefined) return
    const [before] = this.#slots.get(nameOf(place)) ?? []
    const one = this.#note(slot)
    if (one === undefined && before !== undefined) map.delete(this.#key(place))
    if (one !== undefined && one !== before) this.#write(map, place, one)
  }

  /** Goes on from what an earlier process left: writes what it did not come to, takes out what is not so any more. */
  *adopt(slots: readonly Slot[]): Sliced<void> {
    yield* inSlices(slots, (slot) => {
      if (this.#mapOf(placeOf(slot)) !== undefined) this.#note(slot)
    })
    const right = new Set<string>()
    for (const { nat_servers: map, layout } of this.#director.tables.values()) {
      const { size, decode } = layout.serviceKey
      const gone: Uint8Array[] = []
      for (const { count, keys, values } of map.slices(SLICE)) {
        const held = numbersOf(values)
        for (let i = 0; i < count; i++) {
          const name = nameOf(decode(keys, i * size))
          const [one] = this.#slots.get(name) ?? []
          if (one === undefined) gone.push(keys.slice(i * size, (i + 1) * size))
          else if (one === held[i]) right.add(name)
        }
        yield
      }
      for (const key of gone) map.delete(key)
    }
    yield* inSlices(slots, (slot) => {
      const place = placeOf(slot)
      const map = this.#mapOf(place)
      const name = nameOf(place)
      const [one] = this.#slots.get(name) ?? []
      if (map !== undefined && one === slot.index && !right.has(name)) this.#write(map, place, one)
    })
  }

  /** The first of its place. */
  #note(slot: Slot): number | undefined {
    const { index, available, destination } = slot
    const name = nameOf(placeOf(slot))
    const slots = this.#slots.get(name) ?? new Set()
    if (available && destination.method === 'nat') slots.add(index)
    else slots.delete(index)
    if (slots.size === 0) this.#slots.delete(name)
    else this.#slots.set(name, slots)
    const [one] = slots
    return one
  }

  #write(map: BpfMap, place: Place, slot: number): void {
    const written = map.update(this.#key(place), u32(slot))
    if (!written.ok) throw new Error(written.error.message)
  }

  /** Undefined: there is nothing of this family. */
  #mapOf({ address }: Place): BpfMap | undefined {
    return this.#director.tables.get(familyOf(address))?.nat_servers
  }

  #key(place: Place): Uint8Array {
    const tables = this.#director.tables.get(familyOf(place.address))
    if (tables === undefined) throw new Error(`no tables for ${place.address}`)
    return tables.layout.serviceKey.encode(place)
  }
}

const placeOf = ({ virtual: { protocol }, destination: { address, port } }: Slot): Place => ({
  protocol,
  address,
  port,
})

const nameOf = ({ protocol, address, port }: Place): string => `${protocol} ${address} ${port}`
