import { type Family, familyOf, type Instant, type Log } from '../../base/index.ts'
import type { InterfaceSettings } from '../../model/index.ts'
import type { NftRequest } from '../../wire/nftables/index.ts'
import type { PlacedAddress } from './address-keeper.ts'
import {
  addAddresses,
  type FirewallPlan,
  muteLinks,
  removal,
  removeAddresses,
  tableOf,
  tableRequests,
  unmuteLinks,
} from './firewall-rules.ts'
import type { Incidents } from './incidents.ts'
import type { VrrpPorts } from './ports.ts'
import { openRestorations } from './restorations.ts'

/** Drops, by nftables, what virtual routers are not to take or to say. */
export type Firewall = {
  /** From here on there are tables for this, and none where there is nothing to do. */
  arrange(plan: FirewallPlan): void
  /** `owner` was master in a process that has just ended: the first tables drop what it dropped, until it enters or leaves. */
  expect(owner: string, addresses: readonly PlacedAddress[]): void
  /** `owner` is master: frames to its virtual MAC are taken, packets to and from exactly these addresses dropped. */
  enter(owner: string, addresses: readonly PlacedAddress[]): void
  /** It is not any more. */
  leave(owner: string): void
  /** Puts what is left within `work` off to its end, where it is one change. */
  together(work: () => void): void
  /** Makes what somebody has removed anew, if its time has come. */
  run(now: Instant): void
  deadline(): Instant | undefined
  /** Another run is to take over: leaves everything as it is. */
  abandon(): void
  /** Watches no more. */
  close(): void
}

const FAMILIES = [4, 6] as const

/**
 * @param record  where the name of our table is written down, so that a run after a crash can remove it; known once the
 *   first configuration is
 */
export function openFirewall(
  ports: Pick<VrrpPorts, 'changeNftables' | 'watchNftables' | 'files' | 'clock'>,
  log: Log,
  settings: () => InterfaceSettings,
  record: () => string,
  incidents: Pick<Incidents, 'note'>,
  wakeBy: (at: Instant | undefined) => void,
): Firewall {
  /** Of each master, what is dropped. */
  const held = new Map<string, readonly PlacedAddress[]>()
  let plan: FirewallPlan = { links: [], dropping: new Set() }
  /** What there is, in words that can be compared; undefined: nobody knows. */
  let inForce: string | undefined
  let table: string | undefined
  let abandoned = false
  /** Why the last change was not made. */
  let failed: string | undefined
  /** Owners that have left. */
  let putOff: Set<string> | undefined
  /** While there is a table. */
  let watch: { close(): void } | undefined
  let cannotWatch = false
  /** Somebody else has removed something. */
  let disturbed = false
  const restorations = openRestorations()

  const change = (requests: readonly NftRequest[]): boolean => {
    if (requests.length === 0) return true
    const done = ports.changeNftables('change the firewall', requests)
    // On a host without nftables every change would say so again.
    const reason = done.ok ? undefined : done.error.message
    if (reason !== undefined && reason !== failed) log.error('firewall cannot be changed', { reason })
    failed = reason
    return done.ok
  }
  const all = () => [...held.values()].flat()
  const muted = () => new Set(plan.links.flatMap(({ index, owner }) => (held.has(owner) ? [] : [index])))

  function make(): void {
    const known = settings()
    const wanted = tableOf(4, known).name
    const words = JSON.stringify([plan.links, [...plan.dropping].sort(), known])
    if (words === inForce) return
    const before = table ?? ports.files.read(record())?.trim()
    const made = FAMILIES.flatMap((family) => tableRequests(family, plan, all(), muted(), known))
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
    watchOver()
    if (table === undefined) ports.files.remove(record())
    else if (before !== table) ports.files.replace(record(), `${table}\n`)
  }

  /** Looks after the table while there is one. */
  function watchOver(): void {
    if (table === undefined) {
      watch?.close()
      watch = undefined
      return
    }
    if (watch !== undefined || cannotWatch) return
    const opened = ports.watchNftables((tables) => {
      if (table === undefined || abandoned || (tables !== 'unknown' && !tables.has(table))) return
      inForce = undefined
      disturbed = true
      wakeBy(ports.clock.now())
    })
    if (opened.ok) {
      watch = opened.value
      return
    }
    cannotWatch = true
    log.warn('nobody tells when somebody removes rules of the firewall', { reason: opened.error.message })
  }

  /** Hundreds of virtual routers come and go without a rule of their own. */
  function isWithoutRule(owner: string, addresses: readonly PlacedAddress[] = []): boolean {
    const before = held.get(owner) ?? []
    return addresses.length === 0 && before.length === 0 && plan.links.every((link) => link.owner !== owner)
  }

  function note(changes: ReadonlyMap<string, readonly PlacedAddress[] | undefined>): void {
    for (const [owner, addresses] of changes)
      if (addresses === undefined) held.delete(owner)
      else held.set(owner, addresses)
  }

  /** Adds what nobody had and removes what nobody has any more. Undefined: not master. */
  function update(changes: ReadonlyMap<string, readonly PlacedAddress[] | undefined>): void {
    if (abandoned || changes.size === 0) return
    if (inForce !== undefined && [...changes].every(([owner, addresses]) => isWithoutRule(owner, addresses)))
      return note(changes)
    const before = new Map(all().map((one) => [keyOf(one), one]))
    const mutedBefore = muted()
    note(changes)
    const after = new Map(all().map((one) => [keyOf(one), one]))
    const mutedAfter = muted()
    const added = [...after].filter(([key]) => !before.has(key)).map(([, one]) => one)
    const removed = [...before].filter(([key]) => !after.has(key)).map(([, one]) => one)
    if (inForce === undefined) return make()
    const of = (family: Family, some: readonly PlacedAddress[]) =>
      plan.dropping.has(family) ? some.filter((one) => familyOf(one.address) === family) : []
    const links = (family: Family, some: ReadonlySet<number>, others: ReadonlySet<number>) =>
      plan.links.flatMap(({ index, family: its }) =>
        its === family && some.has(index) && !others.has(index) ? [index] : [],
      )
    const requests = FAMILIES.flatMap((family) => {
      const table = tableOf(family, settings())
      return [
        ...addAddresses(table, of(family, added)),
        ...removeAddresses(table, of(family, removed)),
        ...muteLinks(table, links(family, mutedAfter, mutedBefore)),
        ...unmuteLinks(table, links(family, mutedBefore, mutedAfter)),
      ]
    })
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
    expect(owner, addresses) {
      held.set(owner, addresses)
    },
    enter(owner, addresses) {
      putOff?.delete(owner)
      update(new Map([[owner, addresses]]))
    },
    leave(owner) {
      if (!held.has(owner)) return
      if (putOff === undefined) update(new Map([[owner, undefined]]))
      else putOff.add(owner)
    },
    together(work) {
      putOff = new Set()
      work()
      const left = putOff
      putOff = undefined
      update(new Map([...left].map((owner) => [owner, undefined])))
    },
    run(now) {
      if (!disturbed || table === undefined || abandoned) return
      const subject = `firewall table ${table}`
      if (!restorations.may(subject, now)) return
      disturbed = false
      // A change of ours may have made it anew by now.
      if (inForce === undefined) make()
      if (inForce === undefined) return
      incidents.note('removed', subject, held.keys())
      if (restorations.done(subject, now) === 'fight')
        log.warn('somebody removes it again and again; it is put back once a second', { what: subject })
    },
    deadline: restorations.deadline,
    abandon() {
      abandoned = true
    },
    close() {
      watch?.close()
      watch = undefined
    },
  }
}

const keyOf = ({ interfaceIndex, address }: PlacedAddress): string => `${interfaceIndex}|${address}`
