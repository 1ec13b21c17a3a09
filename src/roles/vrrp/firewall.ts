import { type Family, familyOf, type Log } from '../../base/index.ts'
import type { InterfaceSettings } from '../../model/index.ts'
import type { NftRequest } from '../../wire/nftables/index.ts'
import type { PlacedAddress } from './address-keeper.ts'
import { addAddresses, type FirewallPlan, removal, removeAddresses, tableOf, tableRequests } from './firewall-rules.ts'
import type { VrrpPorts } from './ports.ts'

/** Drops, by nftables, what virtual routers are not to take or to say. */
export type Firewall = {
  /** From here on there are tables for this, and none where there is nothing to do. */
  arrange(plan: FirewallPlan): void
  /** Packets to and from exactly these are dropped on behalf of `owner`. */
  hold(owner: string, addresses: readonly PlacedAddress[]): void
  release(owner: string): void
  /** Another run is to take over: leaves everything as it is. */
  abandon(): void
}

const FAMILIES = [4, 6] as const

/**
 * @param record  where the name of our table is written down, so that a run after a crash can remove it; known once the
 *   first configuration is
 */
export function openFirewall(
  ports: Pick<VrrpPorts, 'changeNftables' | 'files'>,
  log: Log,
  settings: () => InterfaceSettings,
  record: () => string,
): Firewall {
  const held = new Map<string, readonly PlacedAddress[]>()
  let plan: FirewallPlan = { links: [], dropping: new Set() }
  /** What there is, in words that can be compared; undefined: nobody knows. */
  let inForce: string | undefined
  let table: string | undefined
  let abandoned = false

  const change = (requests: readonly NftRequest[]): boolean => {
    if (requests.length === 0) return true
    const done = ports.changeNftables('change the firewall', requests)
    if (!done.ok) log.error('firewall cannot be changed', { reason: done.error.message })
    return done.ok
  }
  const all = () => [...held.values()].flat()

  function make(): void {
    const known = settings()
    const wanted = tableOf(4, known).name
    const words = JSON.stringify([plan.links, [...plan.dropping].sort(), known])
    if (words === inForce) return
    const before = table ?? ports.files.read(record())?.trim()
    const made = FAMILIES.flatMap((family) => tableRequests(family, plan, all(), known))
    // Who never had a rule need not have nftables.
    if (made.length === 0 && before === undefined) {
      inForce = words
      return
    }
    const gone = [...new Set([wanted, before ?? wanted])].flatMap((name) =>
      FAMILIES.flatMap((family) => removal(tableOf(family, { table: name }))),
    )
    if (!change([...gone, ...made])) {
      inForce = undefined
      return
    }
    inForce = words
    table = made.length === 0 ? undefined : wanted
    if (table === undefined) ports.files.remove(record())
    else if (before !== table) ports.files.replace(record(), `${table}\n`)
  }

  /** Adds what nobody had and removes what nobody has any more. */
  function update(owner: string, addresses: readonly PlacedAddress[]): void {
    if (abandoned) return
    const before = new Map(all().map((one) => [keyOf(one), one]))
    if (addresses.length === 0) held.delete(owner)
    else held.set(owner, addresses)
    const after = new Map(all().map((one) => [keyOf(one), one]))
    const added = [...after].filter(([key]) => !before.has(key)).map(([, one]) => one)
    const removed = [...before].filter(([key]) => !after.has(key)).map(([, one]) => one)
    if (inForce === undefined) return make()
    const of = (family: Family, some: readonly PlacedAddress[]) =>
      plan.dropping.has(family) ? some.filter((one) => familyOf(one.address) === family) : []
    const requests = FAMILIES.flatMap((family) => [
      ...addAddresses(tableOf(family, settings()), of(family, added)),
      ...removeAddresses(tableOf(family, settings()), of(family, removed)),
    ])
    if (change(requests)) return
    // Somebody has been at the table: all of it, anew.
    inForce = undefined
    make()
  }

  return {
    arrange(wanted) {
      if (abandoned) return
      plan = wanted
      make()
    },
    hold: (owner, addresses) => update(owner, addresses),
    release(owner) {
      if (held.has(owner)) update(owner, [])
    },
    abandon() {
      abandoned = true
    },
  }
}

const keyOf = ({ interfaceIndex, address }: PlacedAddress): string => `${interfaceIndex}|${address}`
