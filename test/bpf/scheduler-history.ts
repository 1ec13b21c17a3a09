/** One service in the kernel and its model side by side: what is done to one is done to the other. */

import { addressBytes, type IpAddress } from '../../src/base/index.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { Destination, Service } from '../../src/forwarding/index.ts'
import {
  type Candidate,
  destinationHash,
  destinationHashTable,
  failover,
  foldAddress,
  leastConnection,
  locality,
  localityWithReplication,
  maglev,
  maglevTable,
  type Named,
  neverQueue,
  overflow,
  permutation,
  type ReplicaSet,
  roundRobin,
  shortestExpectedDelay,
  sourceHash,
  sourceHashTable,
  weightedLeastConnection,
  weightedRoundRobin,
  weights,
} from '../../src/proto/scheduler/index.ts'
import type { Bench } from './bench.ts'
import { put } from './cluster.ts'
import { UDP } from './frames.ts'
import type { World } from './world.ts'

export type Load = { readonly active: number; readonly inactive: number; readonly overloaded: boolean }
export type Change =
  | { readonly type: 'put'; readonly server: number; readonly weight: number }
  | { readonly type: 'remove'; readonly server: number }
export type Step =
  | { readonly type: 'pick'; readonly client: string; readonly clientPort: number }
  | ({ readonly type: 'load'; readonly server: number } & Load)
  | Change
  | { readonly type: 'batch'; readonly changes: readonly Change[] }

type Server = Named & { readonly lastWeight: number }
type Client = { readonly address: number; readonly port: number }

export const serverAddress = (server: number): string => `10.${server >> 8}.${server & 255}.1`
const serverOf = (text: string): number => {
  const bytes = addressBytes(text as IpAddress)
  const [high = 0, low = 0] = bytes.length === 4 ? bytes.slice(1) : bytes.slice(5)
  return high * 256 + low
}
const DAY = 86_400

/** A UDP service that keeps no connections: loads are what the test sets them to. NAT, so that the packet says who was chosen. */
export class ServiceUnderTest {
  readonly #bench: Bench
  readonly #world: World
  readonly #port: number
  readonly #service: Service
  readonly #key: string
  readonly model: Model

  constructor(
    bench: Bench,
    world: World,
    port: number,
    scheduler: Service['scheduler'],
    flags: Service['schedulerFlags'] = [],
  ) {
    this.#bench = bench
    this.#world = world
    this.#port = port
    this.#key = world.serviceKey(port, 'udp')
    this.#service = world.service(port, { protocol: 'udp', scheduler, schedulerFlags: flags, onePacket: true })
    this.model = new Model(world, scheduler, flags, port)
    bench.apply(put(this.#service, []))
  }

  /** Adds a destination at the head of the list, or edits the one that is there. */
  put(server: number, weight: number): void {
    this.change([{ type: 'put', server, weight }])
  }

  remove(server: number): void {
    this.change([{ type: 'remove', server }])
  }

  /** Orders given at once: for the model one after the other. */
  change(changes: readonly Change[]): void {
    for (const change of changes)
      if (change.type === 'put') this.model.put(change.server, change.weight)
      else this.model.remove(change.server)
    this.#bench.apply(
      changes.map((change) =>
        change.type === 'put'
          ? {
              type: 'put-destination',
              serviceKey: this.#key,
              destination: this.#destination(change.server, change.weight),
            }
          : {
              type: 'remove-destination',
              serviceKey: this.#key,
              destinationKey: this.#world.destinationKey(serverAddress(change.server), this.#port),
            },
      ),
    )
  }

  load(server: number, { active, inactive, overloaded }: Load): void {
    const index = this.#bench.table.slotOf(this.#key, this.#world.destinationKey(serverAddress(server), this.#port))
    if (index === undefined) return
    this.model.load(server, { active, inactive, overloaded })
    this.#bench.director.maps.loads.update(
      u32(index),
      layout.load.encode({ active, total: active + inactive, flags: overloaded ? 1 : 0 }),
    )
  }

  /** The server that the kernel chooses; undefined: nobody. */
  pick(client: string, clientPort: number): number | undefined {
    const { exit, packet } = this.#bench.send({
      source: this.#world.ip(client),
      target: this.#world.vip,
      sourcePort: clientPort,
      targetPort: this.#port,
      protocol: UDP,
    })
    if (exit.startsWith('no-destination')) return undefined
    if (exit !== 'forwarded') throw new Error(`the packet left by ${exit}`)
    return serverOf(packet.target)
  }

  /** What the kernel and the model choose. */
  both(
    client: string,
    clientPort: number,
  ): { readonly kernel: number | undefined; readonly model: number | undefined } {
    return {
      kernel: this.pick(client, clientPort),
      model: this.model.pick({ address: foldAddress(this.#world.ip(client), this.#world.family), port: clientPort }),
    }
  }

  /** Another edit of the service that leaves its scheduler. */
  edit(): void {
    this.#bench.apply([{ type: 'put-service', service: this.#service }])
  }

  close(): void {
    this.#bench.apply([{ type: 'remove-service', serviceKey: this.#key }])
    // Nothing refers to its destinations, so their slots can be had again.
    this.#bench.table.freeUnreferred(new Set(), this.#bench.now() + 121)
  }

  #destination(server: number, weight: number): Destination {
    return this.#world.destination(serverAddress(server), this.#port, 'nat', { weight })
  }
}

/** What net/netfilter/ipvs does to the list, and the schedulers of src/proto/scheduler. */
class Model {
  readonly #world: World
  readonly #scheduler: Service['scheduler']
  readonly #fallback: boolean
  readonly #hashPort: boolean
  readonly #port: number
  #list: readonly Server[] = []
  /** Who has been in the list; their connections stay. */
  readonly #known = new Map<number, Server>()
  /** rr, wrr: whom the cursor is on; undefined: the head of the list. */
  #cursor: number | undefined
  #currentWeight = 0
  #remembered: number | undefined
  #set: ReplicaSet | undefined

  constructor(world: World, scheduler: Service['scheduler'], flags: Service['schedulerFlags'] = [], port: number) {
    this.#world = world
    this.#scheduler = scheduler
    this.#fallback = flags.includes('flag-1')
    this.#hashPort = flags.includes('flag-2')
    this.#port = port
  }

  put(name: number, weight: number): void {
    const held = this.#list.find((one) => one.name === name)
    const before = this.#known.get(name) ?? { active: 0, total: 0 }
    const { active, total } = before
    const lastWeight = held === undefined || weight !== 0 ? weight : held.lastWeight
    // Its thresholds are looked at again, and there are none.
    const server: Server = { name, weight, active, total, overloaded: false, lastWeight }
    this.#known.set(name, server)
    this.#list =
      held === undefined ? [server, ...this.#list] : this.#list.map((one) => (one.name === name ? server : one))
    this.#changed()
  }

  remove(name: number): void {
    const at = this.#list.findIndex((one) => one.name === name)
    if (at < 0) return
    if (this.#cursor === name) this.#cursor = this.#list[at - 1]?.name
    this.#list = this.#list.filter((one) => one.name !== name)
    this.#changed()
  }

  load(name: number, { active, inactive, overloaded }: Load): void {
    const update = (one: Server): Server =>
      one.name === name ? { ...one, active, total: active + inactive, overloaded } : one
    this.#list = this.#list.map(update)
    const known = this.#known.get(name)
    if (known !== undefined) this.#known.set(name, update(known))
  }

  /** As if nothing had been remembered or changed for so long. */
  age(seconds: number): void {
    if (this.#set !== undefined) this.#set = { ...this.#set, changed: this.#set.changed - seconds }
  }

  /** The members of the set of lblcr, the latest first. */
  set(): readonly number[] {
    return this.#set?.members ?? []
  }

  #changed(): void {
    if (this.#scheduler !== 'wrr') return
    const { step, maxWeight } = weights(this.#list)
    this.#cursor = undefined
    if (this.#currentWeight > maxWeight || this.#currentWeight === 0) this.#currentWeight = Math.max(0, maxWeight)
    else if (step > 1) this.#currentWeight = Math.floor(this.#currentWeight / step) * step + 1
  }

  pick(client: Client): number | undefined {
    const list = this.#list
    const nameAt = (position: number | undefined): number | undefined => list[position ?? -1]?.name
    const hashed = { address: client.address, port: this.#hashPort ? client.port : 0 }
    const last = list.findIndex((one) => one.name === this.#cursor)
    switch (this.#scheduler) {
      case 'rr': {
        const { chosen, state } = roundRobin(list, { last })
        this.#cursor = nameAt(state.last)
        return nameAt(chosen)
      }
      case 'wrr': {
        const { chosen, state } = weightedRoundRobin(list, { last, currentWeight: this.#currentWeight })
        this.#cursor = nameAt(state.last)
        this.#currentWeight = state.currentWeight
        return nameAt(chosen)
      }
      case 'sh': {
        const table = sourceHashTable(list.map(({ weight }) => weight))
        return nameAt(sourceHash(list, table, hashed, this.#fallback))
      }
      case 'dh': {
        const target = { address: foldAddress(this.#world.vip, this.#world.family), port: 0 }
        return nameAt(destinationHash(list, destinationHashTable(list.length), target))
      }
      case 'mh': {
        const members = list.map(({ name, lastWeight }) => ({
          lastWeight,
          permutation: permutation({
            address: foldAddress(this.#world.ip(serverAddress(name)), this.#world.family),
            port: this.#port,
          }),
        }))
        return nameAt(maglev(list, maglevTable(members), hashed, this.#fallback))
      }
      case 'lblc': {
        const { chosen, remembered } = locality(list, this.#remembered)
        this.#remembered = remembered
        return chosen
      }
      case 'lblcr': {
        const { chosen, set } = localityWithReplication(list, this.#set, this.#known, 0, DAY)
        this.#set = set
        return chosen
      }
      case 'twos':
        throw new Error('twos draws lots')
      default:
        return nameAt(stateless[this.#scheduler](list))
    }
  }
}

const stateless: Readonly<
  Record<'lc' | 'wlc' | 'sed' | 'nq' | 'fo' | 'ovf', (list: readonly Candidate[]) => number | undefined>
> = {
  lc: leastConnection,
  wlc: weightedLeastConnection,
  sed: shortestExpectedDelay,
  nq: neverQueue,
  fo: failover,
  ovf: overflow,
}
