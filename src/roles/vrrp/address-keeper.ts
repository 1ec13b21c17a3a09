import { familyOf, type IpAddress, type Log } from '../../base/index.ts'
import type { AddressFlag, VirtualAddress } from '../../model/index.ts'
import { ADDRESS_PROTOCOL, type AddressRequest, type RouteClient } from '../../sys/netlink/index.ts'
import { addressId, type NetworkView } from './network-view.ts'

/** A virtual address on an interface of this host. */
export type PlacedAddress = AddressRequest

type Held = {
  readonly placed: PlacedAddress
  /** Keys of the virtual routers that are master with this address. */
  readonly owners: Set<string>
  /** It was there before us: the address of an owner, which is not ours to remove. */
  readonly foreign: boolean
}

/** Puts virtual addresses on interfaces and takes them off, each once however many virtual routers want it. */
export type AddressKeeper = {
  /**
   * From here on `owner` holds exactly these.
   * @param native those already there without our mark belong to the host
   * @returns those that were not there before
   */
  hold(owner: string, addresses: readonly VirtualAddress[], native: boolean): readonly PlacedAddress[]
  release(owner: string): void
  /** Forgets what `owner` holds and leaves it on the interface. */
  forget(owner: string): void
  /** Puts the removals within `work` off to its end: what another virtual router takes over meanwhile stays. */
  together(work: () => void): void
  /** Puts back what someone took away; false when it is not held, is there after all, or is refused. */
  restore(id: string): boolean
  holds(id: string): boolean
  addressOf(id: string): IpAddress | undefined
  /** Who holds it; empty: nobody. */
  ownersOf(id: string): ReadonlySet<string>
  /** Who holds this address there, whatever the length of its prefix. */
  ownersAt(address: IpAddress, interfaceIndex: number): ReadonlySet<string>
  /** All that somebody holds. */
  placed(): readonly PlacedAddress[]
  /** Who holds this address on any other interface than this. */
  ownersElsewhere(address: IpAddress, interfaceIndex: number): ReadonlySet<string>
  /** What is held and not there, if the view is up to date. */
  missing(): readonly PlacedAddress[]
}

const NOTHING: ReadonlySet<string> = new Set()

export function openAddressKeeper(client: RouteClient, view: NetworkView, log: Log): AddressKeeper {
  const held = new Map<string, Held>()
  /** What each holds: hundreds of virtual routers are gone through one by one. */
  const heldBy = new Map<string, Set<string>>()
  /** What was complained of. */
  const absent = new Set<string>()
  let deferred: Set<string> | undefined

  const own = (owner: string, id: string) => {
    const ids = heldBy.get(owner)
    if (ids === undefined) heldBy.set(owner, new Set([id]))
    else ids.add(id)
  }
  /** Takes from `owner` what is not to be kept. */
  const disown = (owner: string, keep: { has(id: string): boolean }, then: (id: string, entry: Held) => void) => {
    const ids = heldBy.get(owner)
    if (ids === undefined) return
    for (const id of ids) {
      if (keep.has(id)) continue
      ids.delete(id)
      const entry = held.get(id)
      if (entry?.owners.delete(owner)) then(id, entry)
    }
    if (ids.size === 0) heldBy.delete(owner)
  }
  const drop = (id: string, { placed, foreign, owners }: Held) => {
    if (owners.size > 0) return
    if (deferred !== undefined) {
      deferred.add(id)
      return
    }
    held.delete(id)
    if (foreign) return
    const removed = client.deleteAddress(placed)
    if (!removed.ok) log.error('virtual address cannot be removed', describe(placed, view, removed.error.message))
  }
  const add = (placed: PlacedAddress): 'added' | 'present' | undefined => {
    const added = client.addAddress(placed)
    if (!added.ok) {
      // An interface that is being removed is told of by what it leaves behind first.
      const tell = added.error.code === 'ENODEV' ? log.debug : log.error
      tell('virtual address cannot be added', describe(placed, view, added.error.message))
    }
    return added.ok ? added.value : undefined
  }
  /** Whether `owner` alone has it, or nobody any more. */
  const isFree = ({ owners }: Held, owner: string) => owners.size === 0 || (owners.size === 1 && owners.has(owner))
  /** Takes off at once what stands in the way of `placed`: IPv6 has an address once on an interface, whatever its prefix. */
  const makeRoom = (owner: string, placed: PlacedAddress) => {
    if (familyOf(placed.address) === 4) return
    for (const [id, entry] of held) {
      const { interfaceIndex, address } = entry.placed
      if (interfaceIndex !== placed.interfaceIndex || address !== placed.address || !isFree(entry, owner)) continue
      held.delete(id)
      if (!entry.foreign) client.deleteAddress(entry.placed)
    }
  }

  return {
    hold(owner, addresses, native) {
      const wanted = new Map<string, PlacedAddress>()
      for (const address of addresses) {
        const placed = place(address, view)
        const question = `${owner} ${address.address} ${address.interface}`
        if (placed !== undefined) {
          absent.delete(question)
          wanted.set(addressId(placed), placed)
        } else if (!absent.has(question)) {
          absent.add(question)
          log.error('virtual address has no interface', { address: address.address, interface: address.interface })
        }
      }
      const fresh: PlacedAddress[] = []
      for (const [id, placed] of wanted) {
        const known = held.get(id)
        if (known !== undefined) {
          known.owners.add(owner)
          own(owner, id)
          if (known.foreign || !isFree(known, owner) || sameValue(known.placed, placed)) continue
          // Its label, scope or flags are others: the kernel changes none of them in place.
          client.deleteAddress(known.placed)
          held.set(id, { ...known, placed })
          if (add(placed) !== undefined) fresh.push(placed)
          continue
        }
        makeRoom(owner, placed)
        const present = view.has(id)
        const foreign = native && present !== undefined && present.protocol !== ADDRESS_PROTOCOL
        if (!foreign && add(placed) === undefined) continue
        held.set(id, { placed, owners: new Set([owner]), foreign })
        own(owner, id)
        fresh.push(placed)
      }
      disown(owner, wanted, drop)
      return fresh
    },
    release(owner) {
      disown(owner, NOTHING, drop)
    },
    forget(owner) {
      disown(owner, NOTHING, (id, { owners }) => {
        if (owners.size === 0) held.delete(id)
      })
    },
    together(work) {
      deferred = new Set()
      work()
      const put = deferred
      deferred = undefined
      for (const id of put) {
        const entry = held.get(id)
        if (entry !== undefined) drop(id, entry)
      }
    },
    restore(id) {
      const entry = held.get(id)
      if (entry === undefined || entry.owners.size === 0) return false
      return add(entry.placed) === 'added'
    },
    holds: (id) => held.has(id),
    addressOf: (id) => held.get(id)?.placed.address,
    ownersOf: (id) => held.get(id)?.owners ?? new Set(),
    ownersAt(address, interfaceIndex) {
      for (const { placed, owners } of held.values())
        if (placed.address === address && placed.interfaceIndex === interfaceIndex) return owners
      return new Set()
    },
    placed: () => [...held.values()].map(({ placed }) => placed),
    ownersElsewhere(address, interfaceIndex) {
      for (const { placed, owners } of held.values())
        if (placed.address === address && placed.interfaceIndex !== interfaceIndex) return owners
      return new Set()
    },
    missing: () => [...held].filter(([id]) => view.has(id) === undefined).map(([, { placed }]) => placed),
  }
}

/** Made in one way: equal text is equal meaning. */
const sameValue = (a: PlacedAddress, b: PlacedAddress): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Where a virtual address goes on this host; undefined when its interface is missing. */
export function place(address: VirtualAddress, view: NetworkView): PlacedAddress | undefined {
  const link = view.link(address.interface)
  if (link === undefined) return undefined
  return {
    interfaceIndex: link.index,
    address: address.address,
    prefixLength: address.prefixLength,
    scope: address.scope,
    ...(address.label === undefined ? {} : { label: address.label }),
    ...(address.broadcast === undefined ? {} : { broadcast: address.broadcast }),
    ...(address.peer === undefined ? {} : { peer: address.peer }),
    ...(address.preferredLifetime === undefined ? {} : { preferredLifetime: address.preferredLifetime }),
    ...(address.flags === undefined ? {} : { flags: flagsOf(address.address, address.flags) }),
  }
}

/** IFA_F_* (linux/if_addr.h). */
const FLAGS: Readonly<Record<AddressFlag, number>> = {
  autojoin: 0x400,
  dad: 0,
  home: 0x10,
  mngtmpaddr: 0x100,
  noprefixroute: 0x200,
}
const NO_DETECTION = 0x02

const flagsOf = (address: IpAddress, flags: readonly AddressFlag[]): number =>
  flags.reduce((bits, flag) => bits | FLAGS[flag], familyOf(address) === 6 && !flags.includes('dad') ? NO_DETECTION : 0)

const describe = (placed: PlacedAddress, view: NetworkView, reason: string) => ({
  address: `${placed.address}/${placed.prefixLength}`,
  interface: view.linkAt(placed.interfaceIndex)?.name,
  reason,
})
