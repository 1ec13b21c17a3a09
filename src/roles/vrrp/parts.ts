import { type Family, familyOf, type Instant, type IpAddress, type Log } from '../../base/index.ts'
import type { Observation, StaticItems, VirtualAddress, VirtualRouter, VrrpSettings } from '../../model/index.ts'
import type { RouteClient } from '../../sys/netlink/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import type { Aside } from '../ipc/index.ts'
import { type AddressKeeper, type PlacedAddress, place } from './address-keeper.ts'
import type { Alarm } from './alarm.ts'
import type { Announcer } from './announcer.ts'
import type { CatchUp } from './catch-up.ts'
import type { ClaimWatch } from './claim-watch.ts'
import type { Firewall } from './firewall.ts'
import type { FloodWatch } from './flood-watch.ts'
import type { Incidents } from './incidents.ts'
import { addressId, type NetworkView } from './network-view.ts'
import type { Restorations } from './restorations.ts'
import type { RoutingKeeper } from './routing-keeper.ts'
import type { RunningGroup } from './running-group.ts'
import type { RunningRouter } from './running-router.ts'
import { socketKey, type VrrpSockets } from './sockets.ts'
import type { VirtualLinks } from './virtual-links.ts'

/** Another virtual router's, or too short to say whose. */
export type Unclaimed = 'virtual-router-id' | 'length'

/** What the virtual routers of the role share; each part is closed by who opened it. */
export type Parts = {
  readonly clock: Clock
  readonly log: Log
  readonly alarm: Alarm
  readonly routes: RouteClient
  readonly view: NetworkView
  readonly keeper: AddressKeeper
  readonly routing: RoutingKeeper
  readonly restorations: Restorations
  readonly incidents: Incidents
  readonly claims: ClaimWatch
  readonly announcer: Announcer
  readonly floods: FloodWatch
  readonly sockets: VrrpSockets
  readonly links: VirtualLinks
  readonly firewall: Firewall
  settings: VrrpSettings
  /** By key. */
  readonly running: Map<string, RunningRouter>
  /** By key of each member. */
  groups: ReadonlyMap<string, RunningGroup>
  /** Of scripts and files, by trackKey. */
  readonly observations: Map<string, Observation>
  /** Who stands aside for others, by key. */
  aside: ReadonlyMap<string, Aside['kind']>
  /** Who fetches connections before it preempts; see `VrrpSlice`. */
  catchUp: CatchUp | undefined
  /** What is there whoever is master. */
  statics: StaticItems
  /** The role is told to stop: nothing begins any more. */
  stopping: boolean
  /** vrrp_startup_delay: nothing begins before. */
  passiveUntil: Instant | undefined
  /** By socket key and reason: what came in for no virtual router of ours. */
  readonly unclaimed: Map<string, Map<Unclaimed, number>>
  /** The virtual addresses that may be another host's: none of them is a source of ours. */
  virtual: ReadonlySet<IpAddress>
}

/** So many more came in for no virtual router of ours. */
export function noteUnclaimed(
  { unclaimed }: Pick<Parts, 'unclaimed'>,
  name: string,
  family: Family,
  reason: Unclaimed,
  times = 1,
): void {
  const key = socketKey({ interface: name, family })
  const counts = unclaimed.get(key) ?? new Map<Unclaimed, number>()
  counts.set(reason, (counts.get(reason) ?? 0) + times)
  unclaimed.set(key, counts)
}

/** Everything that moves with the master, advertised or not. */
export const addressesOf = (router: VirtualRouter): readonly VirtualAddress[] => [
  ...router.addresses,
  ...router.excludedAddresses,
]

/** Where its addresses go, on interfaces that are there. */
export const placesOf = ({ view }: Pick<Parts, 'view'>, router: VirtualRouter): readonly PlacedAddress[] =>
  addressesOf(router).flatMap((address) => place(address, view) ?? [])

/** From here on it is master for the firewall: what is sent to its addresses is dropped where that is configured. */
export function guard(parts: Pick<Parts, 'view' | 'firewall'>, key: string, router: VirtualRouter): void {
  parts.firewall.enter(key, droppedOf(parts, router))
}

/** Where packets to it are dropped while it is master. */
export const droppedOf = (parts: Pick<Parts, 'view'>, router: VirtualRouter): readonly PlacedAddress[] =>
  router.dropsPackets === true ? placesOf(parts, router) : []

/** Families in which any of these drops packets. */
export const droppingFamilies = (routers: Iterable<VirtualRouter>): ReadonlySet<Family> =>
  new Set(
    [...routers].flatMap((router) =>
      router.dropsPackets === true ? addressesOf(router).map(({ address }) => familyOf(address)) : [],
    ),
  )

/** Those of its addresses that are on an interface because of us. */
export function placedOf({ view, keeper }: Parts, router: VirtualRouter): readonly PlacedAddress[] {
  return addressesOf(router).flatMap((address) => {
    const placed = place(address, view)
    return placed === undefined || !keeper.holds(addressId(placed)) ? [] : [placed]
  })
}

export function* routersOf({ running }: Parts): Iterable<VirtualRouter> {
  for (const { router } of running.values()) yield router
}
