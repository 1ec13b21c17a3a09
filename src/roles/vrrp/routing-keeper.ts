import type { IpAddress, Log, Result } from '../../base/index.ts'
import { interfacesOfRoute, type Prefix, ROUTE_PROTOCOL, type Route, type Rule } from '../../model/index.ts'
import type { NetlinkError, RouteClient } from '../../sys/netlink/index.ts'
import type { NetworkView } from './network-view.ts'
import { routeRequest, ruleRequest } from './route-request.ts'

/** Routes and rules that somebody holds: a virtual router by its key, or the daemon itself. */
export type RoutingKeeper = {
  /** From here on `owner` holds exactly these. What cannot be put into the kernel yet is tried again by `ensure`. */
  hold(owner: string, routes: readonly Route[], rules: readonly Rule[]): void
  release(owner: string): void
  /** Forgets what `owner` holds and leaves it in the kernel. */
  forget(owner: string): void
  /**
   * Puts the removals within `work` off to its end: what another takes over meanwhile stays. What the kernel could take for
   * one of those that go comes after them.
   */
  together(work: () => void): void
  /**
   * Puts what is held into the kernel where it is not there.
   * @param doubt  what of that which was there may have gone; the rest is not looked at
   * @param may    whether this may be put back now, if it is gone
   * @returns what was there before and was put back, in words, and for whom
   */
  ensure(doubt: Doubt, may: (subject: string) => boolean): readonly Restored[]
  /** Removes these, unless they are held. */
  clean(routes: readonly Route[], rules: readonly Rule[]): void
  isEmpty(): boolean
}

/** All, or the routes that have one of these as their preferred source: the kernel forgets them with it, silently. */
export type Doubt = 'all' | ReadonlySet<IpAddress>

export type Restored = { readonly subject: string; readonly owners: ReadonlySet<string> }

type Item = { readonly kind: 'route'; readonly route: Route } | { readonly kind: 'rule'; readonly rule: Rule }
type Held = {
  readonly item: Item
  /** Of a route: what the kernel tells routes apart by first. */
  readonly key: string | undefined
  readonly owners: Set<string>
  /** It was in the kernel when last looked at. */
  placed: boolean
  /** What was complained of: once is enough. */
  complaint: string | undefined
}

export function openRoutingKeeper(client: RouteClient, view: NetworkView, log: Log): RoutingKeeper {
  const held = new Map<string, Held>()
  let deferred: Set<string> | undefined
  /** What waits for the removals. */
  let late: Held[] = []

  /** While it is down the kernel takes no route by it. */
  const indexOf = (name: string): number | undefined => {
    const link = view.link(name)
    return link?.up ? link.index : undefined
  }
  const tableOf = (vrf: string): number | undefined => view.link(vrf)?.table
  const put = (item: Item): Result<'added' | 'present', NetlinkError> | undefined => {
    if (item.kind === 'rule') return client.addRule(ruleRequest(item.rule))
    const request = routeRequest(item.route, indexOf, tableOf)
    return typeof request === 'string' ? undefined : client.addRoute(request, item.route.placement)
  }
  const remove = (item: Item): void => {
    const named =
      item.kind === 'route' ? routeRequest(item.route, (name) => view.link(name)?.index, tableOf) : undefined
    // Without its interface it is gone.
    if (typeof named === 'string') return
    const done =
      item.kind === 'rule'
        ? client.deleteRule(ruleRequest(item.rule))
        : client.deleteRoute(named as NonNullable<typeof named>)
    if (!done.ok)
      log.error(`${item.kind} cannot be removed`, { [item.kind]: describe(item), reason: done.error.message })
  }
  const attempt = (entry: Held): 'added' | 'present' | 'not' => {
    const done = put(entry.item)
    entry.placed = done?.ok === true
    if (done?.ok) {
      entry.complaint = undefined
      return done.value
    }
    if (done !== undefined && entry.complaint !== done.error.message) {
      entry.complaint = done.error.message
      log.error(`${entry.item.kind} cannot be added`, {
        [entry.item.kind]: describe(entry.item),
        reason: done.error.message,
      })
    }
    return 'not'
  }
  const drop = (id: string, entry: Held) => {
    if (entry.owners.size > 0) return
    if (deferred !== undefined) {
      deferred.add(id)
      return
    }
    held.delete(id)
    remove(entry.item)
  }
  /** Last in, first out: a route may need another, and rules are to find their tables filled. */
  const dropAll = (owner: string, keep: (id: string) => boolean) => {
    for (const [id, entry] of [...held].reverse()) if (!keep(id) && entry.owners.delete(owner)) drop(id, entry)
  }

  const isMistakable = (entry: Held): boolean => {
    if (entry.key === undefined) return false
    for (const one of held.values())
      if (one.key === entry.key && one !== entry && mayMeanEither(one.item, entry.item)) return true
    return false
  }

  return {
    hold(owner, routes, rules) {
      const wanted = itemsOf(routes, rules)
      for (const [id, item] of wanted) {
        const known = held.get(id)
        if (known !== undefined) {
          known.owners.add(owner)
          continue
        }
        const key = item.kind === 'route' ? keyOf(item.route) : undefined
        const entry: Held = { item, key, owners: new Set([owner]), placed: false, complaint: undefined }
        held.set(id, entry)
        if (deferred !== undefined && isMistakable(entry)) late.push(entry)
        else attempt(entry)
      }
      dropAll(owner, (id) => wanted.has(id))
    },
    release: (owner) => dropAll(owner, () => false),
    forget(owner) {
      for (const [id, { owners }] of held) if (owners.delete(owner) && owners.size === 0) held.delete(id)
    },
    together(work) {
      deferred = new Set()
      work()
      const waiting = deferred
      deferred = undefined
      for (const id of waiting) {
        const entry = held.get(id)
        if (entry !== undefined) drop(id, entry)
      }
      const waited = late
      late = []
      for (const entry of waited) if (entry.owners.size > 0) attempt(entry)
    },
    ensure(doubt, may) {
      const restored: Restored[] = []
      for (const entry of held.values()) {
        const wasThere = entry.placed
        if (wasThere && doubt !== 'all' && !dependsOn(entry.item, doubt)) continue
        const subject = describe(entry.item)
        // To look is to put it back.
        if (wasThere && !may(subject)) continue
        if (attempt(entry) === 'added' && wasThere) restored.push({ subject, owners: entry.owners })
      }
      return restored
    },
    clean(routes, rules) {
      for (const [id, item] of itemsOf(routes, rules)) {
        const { protocol } = item.kind === 'route' ? item.route : item.rule
        // What bears another mark may be somebody else's.
        if (!held.has(id) && protocol === ROUTE_PROTOCOL) remove(item)
      }
    },
    isEmpty: () => held.size === 0,
  }
}

/** By what they are to the kernel: who tracks them, and how, is another matter. */
function itemsOf(routes: readonly Route[], rules: readonly Rule[]): ReadonlyMap<string, Item> {
  const items = new Map<string, Item>()
  for (const route of routes) {
    const { untracked: _, placement: __, trackGroup: ___, ...rest } = route as Route & { trackGroup?: string }
    items.set(JSON.stringify(rest), { kind: 'route', route })
  }
  for (const rule of rules) {
    const { untracked: _, trackGroup: __, ...rest } = rule as Rule & { trackGroup?: string }
    items.set(JSON.stringify(rest), { kind: 'rule', rule })
  }
  return items
}

/**
 * Whether a request to remove the one of two routes of a key may remove the other: the kernel looks at what the request names, and
 * takes the first route that has all of it. IPv6 has no two at once that differ in less than their ways.
 */
function mayMeanEither(a: Item, b: Item): boolean {
  const [one, other] = [a, b].map((item) => (item.kind === 'route' ? item.route.via : undefined))
  return one === undefined || other === undefined || one === other
}

const keyOf = ({ family, destination, from, tos, table, vrf, metric = 0 }: Route): string =>
  JSON.stringify([family, destination, from, tos, vrf ?? table, metric])

const dependsOn = (item: Item, sources: ReadonlySet<IpAddress>): boolean =>
  item.kind === 'route' && item.route.preferredSource !== undefined && sources.has(item.route.preferredSource)

const prefixText = ({ address, length }: Prefix): string => `${address}/${length}`

function describe(item: Item): string {
  if (item.kind === 'route') {
    const { destination, table, via } = item.route
    const ways = interfacesOfRoute(item.route).map((name) => `dev ${name}`)
    return [
      'route',
      prefixText(destination),
      ...(via === undefined ? [] : [`via ${via}`]),
      ...ways,
      `table ${table}`,
    ].join(' ')
  }
  const { from, to, preference, family } = item.rule
  const selectors = [
    ...(from === undefined ? [] : [`from ${prefixText(from)}`]),
    ...(to === undefined ? [] : [`to ${prefixText(to)}`]),
  ]
  return [`IPv${family} rule ${preference}`, ...selectors].join(' ')
}
