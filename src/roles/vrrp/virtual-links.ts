import { after, type Instant, type IpAddress, isLinkLocal6, type Log, sameBytes, seconds } from '../../base/index.ts'
import type { InterfaceSettings, VirtualRouter } from '../../model/index.ts'
import {
  ADDRESS_PROTOCOL,
  ipvlanFlags,
  type Link,
  type LinkAddress,
  VIRTUAL_LINK_MARK,
} from '../../sys/netlink/index.ts'
import type { LinkPair } from './firewall-rules.ts'
import type { KeptSettings } from './kept-settings.ts'
import { fits, openLinkNames, type WantedLink } from './link-names.ts'
import { isUsableSource, type NetworkView } from './network-view.ts'
import type { VrrpPorts } from './ports.ts'

/** Makes the interfaces of use_vmac and use_ipvlan, sees to it that they stay, and takes them away. */
export type VirtualLinks = {
  /** The virtual routers with every virtual link by its name. */
  named(routers: readonly VirtualRouter[]): readonly VirtualRouter[]
  /**
   * From here on what these need is there, together with what was. They come back as by `named`. What there can be only instead of
   * something that was comes by `replace`.
   */
  provide(routers: readonly VirtualRouter[]): readonly VirtualRouter[]
  /** Nobody speaks any more by what was provided before. True when something has taken the place of that. */
  replace(): boolean
  /** From here on only what was provided last is. The rest is removed, and settings of the host are put back. */
  settle(): void
  /** The same, of those only that belong to these virtual routers. */
  keepOnly(keys: ReadonlySet<string>): void
  /** Removes what an earlier run has left and nobody needs. */
  clean(): void
  /** The macvlans that are there. */
  present(): readonly LinkPair[]
  /** Makes good what is missing: an interface came or went, or an address of one. */
  mend(): void
  /** The same, if this address, which came or went, may be one that virtual links have or want. */
  mendFor(address: LinkAddress): void
  /** Why a virtual router has no link of its own, in words. */
  problem(router: VirtualRouter): string | undefined
  /** When to mend again. */
  deadline(): Instant | undefined
}

const ETHERNET = 1
/** How often one interface is made within WINDOW, if somebody removes it again and again. */
const MOST_MADE = 10
const WINDOW = seconds(1)

/**
 * What holds of IPv4 on the interface below: it answers for its own addresses only, and asks for neighbours in their name.
 * The last keepalived does not set: there the host's own questions teach neighbours its MAC for a virtual address.
 */
const BELOW = [
  ['arp_ignore', '1'],
  ['arp_filter', '1'],
  ['arp_announce', '2'],
] as const

const confOf = (family: 4 | 6, name: string): string => `/proc/sys/net/ipv${family}/conf/${name}`

export function openVirtualLinks(
  ports: Pick<VrrpPorts, 'clock' | 'links' | 'files'>,
  view: NetworkView,
  kept: KeptSettings,
  log: Log,
  settings: () => InterfaceSettings,
  /** Reads interfaces and addresses afresh into the view. */
  reread: () => void,
  /** Links are there that were not. */
  onMade: () => void,
  /** Somebody had removed this link of a virtual router, and it is there again. */
  onRestored: (name: string, owner: string) => void,
): VirtualLinks {
  const { links: host, files, clock } = ports
  const names = openLinkNames(view, settings)
  let wanted: ReadonlyMap<string, WantedLink> = new Map()
  let provided: readonly WantedLink[] = []
  /** Those before them, until `replace`: a master of one says goodbye by it. */
  let leaving: ReadonlyMap<string, WantedLink> = new Map()
  let promoting: ReadonlySet<string> = new Set()
  const problems = new Map<string, string>()
  /** Made here, or found with our mark: to be removed when nobody needs them. */
  const ours = new Set<string>()
  const made = new Map<string, { since: Instant; times: number }>()
  /** Links that were there, by name, with the index of the interface below: without that they go by themselves. */
  const stood = new Map<string, number>()
  /** Link-local addresses copied from below, by the name of the link. */
  const lent = new Map<string, ReadonlyMap<IpAddress, number>>()
  /** Interfaces below, by name with index, whose settings are as they have to be. */
  const prepared = new Map<string, number>()
  let again: Instant | undefined

  const fail = (name: string, reason: string) => {
    if (problems.get(name) !== reason) log.error('virtual link cannot be made', { interface: name, reason })
    problems.set(name, reason)
  }
  const remove = (link: Link): boolean => {
    const removed = host.remove(link.name)
    if (!removed.ok)
      log.error('virtual link cannot be removed', { interface: link.name, reason: removed.error.message })
    else view.apply({ type: 'link-removed', index: link.index, name: link.name })
    ours.delete(link.name)
    stood.delete(link.name)
    lent.delete(link.name)
    return removed.ok
  }
  const mayMake = (name: string): boolean => {
    const now = clock.now()
    const record = made.get(name)
    if (record === undefined || after(record.since, WINDOW) <= now) made.set(name, { since: now, times: 1 })
    else if (record.times >= MOST_MADE) {
      again = after(record.since, WINDOW)
      return false
    } else record.times++
    return true
  }

  const isLeaving = (link: Link): boolean => {
    const before = leaving.get(link.name)
    return before !== undefined && fits(link, before, view)
  }

  /** True when something was made. */
  function ensure(want: WantedLink): boolean {
    const { name } = want
    const base = view.link(want.base)
    // That there is none is a fault of the virtual router's own, in words of its own.
    if (base === undefined) return false
    if (base.type !== ETHERNET) {
      fail(name, `${base.name} is no Ethernet interface`)
      return false
    }
    const present = view.link(name)
    if (present !== undefined && fits(present, want, view)) {
      if (present.alias === VIRTUAL_LINK_MARK) ours.add(name)
      stood.set(name, base.index)
      if (present.up || raise(name)) problems.delete(name)
      return false
    }
    if (present !== undefined) {
      if (present.alias !== VIRTUAL_LINK_MARK) {
        fail(name, `there is another interface ${name}`)
        return false
      }
      if (isLeaving(present) || !remove(present)) return false
    }
    // Two with one MAC are refused: one of ours by another name gives way.
    const double = view.find(
      (link) =>
        link.alias === VIRTUAL_LINK_MARK && (isLeaving(link) || !wanted.has(link.name)) && fits(link, want, view),
    )
    if (double !== undefined && (isLeaving(double) || !remove(double))) return false
    return mayMake(name) && make(want, base)
  }

  function make(want: WantedLink, base: Link): boolean {
    const { name, kind, mac, virtualLink } = want
    const master = base.masterIndex === undefined ? undefined : view.linkAt(base.masterIndex)
    const group = virtualLink?.group ?? base.group ?? 0
    const shared = { name, base: base.index, group, ...(master?.kind === 'vrf' ? { master: master.index } : {}) }
    const done = host.make(
      kind === 'macvlan'
        ? { ...shared, kind, mac }
        : { ...shared, kind, flags: ipvlanFlags[virtualLink?.mode ?? 'bridge'] },
    )
    if (!done.ok) {
      // The interface below is just being removed, and what was on it was told of first.
      if (done.error.code !== 'ENODEV') fail(name, done.error.message)
      return false
    }
    ours.add(name)
    if (stood.get(name) === base.index) onRestored(name, want.owner)
    stood.set(name, base.index)
    // Nothing of IPv6 is to be on it, not even a link-local address that neighbours see.
    if (kind === 'macvlan' && want.family === 4) files.write(`${confOf(6, name)}/disable_ipv6`, '1')
    else files.write(`${confOf(6, name)}/disable_ipv6`, '0')
    if (!raise(name)) return true
    if (virtualLink?.notifiesBase === true) host.retell(base.name, base.group ?? 0)
    problems.delete(name)
    log.info('virtual link made', { interface: name, over: base.name, kind })
    return true
  }

  function raise(name: string): boolean {
    const raised = host.raise(name)
    // One that is just being removed is told of as down before it is told of as gone.
    if (!raised.ok && raised.error.code !== 'ENODEV') fail(name, raised.error.message)
    return raised.ok
  }

  /** IPv4: the interface below answers for no virtual address, and no filter of sources stands in the way. */
  function prepareHost(): void {
    const below = [...wanted.values()].filter(({ kind, family }) => kind === 'macvlan' && family === 4)
    if (below.length === 0) return
    const all = `${confOf(4, 'all')}/rp_filter`
    const filter = Number(files.read(all)?.trim() ?? 0)
    if (filter > 0) {
      // The kernel takes the stricter of `all` and the interface's own: each gets what `all` gave it, and `all` goes.
      const others = view.all().flatMap(({ name }) => (wanted.has(name) ? [] : [name]))
      for (const name of [...others, 'default']) {
        const path = `${confOf(4, name)}/rp_filter`
        const own = files.read(path)?.trim()
        if (own !== undefined && Number(own) < filter) kept.set(path, `${filter}`)
      }
      kept.set(all, '0')
    }
    for (const { base } of below) {
      const index = view.link(base)?.index
      if (index === undefined || prepared.get(base) === index) continue
      if (prepared.has(base)) kept.forgetUnder(`${confOf(4, base)}/`)
      prepared.set(base, index)
      for (const [setting, value] of BELOW) kept.set(`${confOf(4, base)}/${setting}`, value)
    }
  }

  /** Advertisements of IPv6 leave from the link-local address of the interface below (RFC 9568 §7.4). */
  function lend(want: WantedLink): boolean {
    const link = view.link(want.name)
    const base = view.link(want.base)
    if (link === undefined || base === undefined || !fits(link, want, view)) return false
    const address = want.virtualLink?.address
    const wants: { address: IpAddress; prefixLength: number }[] = address === undefined ? [] : [address]
    if (want.kind === 'macvlan' && want.family === 6)
      for (const one of view.addresses())
        if (one.interfaceIndex === base.index && isLinkLocal6(one.address) && isUsableSource(one)) wants.push(one)
    const has = lent.get(want.name) ?? new Map<IpAddress, number>()
    let changed = false
    for (const { address: one, prefixLength } of wants) {
      if (view.has(`${link.index}|${one}/${prefixLength}`) !== undefined) continue
      const added = host.lendAddress(link.index, one, prefixLength)
      if (added.ok) changed = true
      else log.error('address cannot be added', { address: one, interface: want.name, reason: added.error.message })
    }
    for (const [one, prefixLength] of has)
      if (!wants.some(({ address: other }) => other === one)) host.takeBackAddress(link.index, one, prefixLength)
    lent.set(want.name, new Map(wants.map(({ address: one, prefixLength }) => [one, prefixLength])))
    return changed
  }

  function mend(): void {
    again = undefined
    for (const name of promoting) kept.set(promotion(name), '1')
    if (wanted.size === 0) return
    prepareHost()
    let changed = false
    for (const want of wanted.values()) changed = ensure(want) || changed
    if (changed) {
      reread()
      onMade()
    }
    let addressed = false
    for (const want of wanted.values()) addressed = lend(want) || addressed
    if (addressed) reread()
  }

  function retain(links: readonly WantedLink[]): void {
    wanted = byName(links)
    for (const name of [...ours]) {
      const link = view.link(name)
      if (wanted.has(name)) continue
      stood.delete(name)
      if (link === undefined) ours.delete(name)
      else if (remove(link)) log.info('virtual link removed', { interface: name })
    }
    for (const name of problems.keys()) if (!wanted.has(name)) problems.delete(name)
    const bases = new Set(
      links.filter(({ kind, family }) => kind === 'macvlan' && family === 4).map(({ base }) => base),
    )
    for (const base of prepared.keys()) if (!bases.has(base)) prepared.delete(base)
    const settingsOf = (name: string) => BELOW.map(([setting]) => `${confOf(4, name)}/${setting}`)
    const filters = ['all', 'default', ...view.all().map(({ name }) => name)]
    const needed = [
      ...[...promoting].map(promotion),
      ...[...bases].flatMap(settingsOf),
      ...(bases.size > 0 ? filters.map((name) => `${confOf(4, name)}/rp_filter`) : []),
    ]
    kept.restoreExcept(new Set(needed))
  }

  return {
    named: (routers) => names.name(routers).routers,
    provide(routers) {
      const { routers: named, links, promoting: interfaces } = names.name(routers)
      const next = byName(links)
      leaving = new Map([...wanted].filter(([name, link]) => !isSameLink(link, next.get(name))))
      provided = links
      promoting = interfaces
      wanted = new Map([...wanted, ...next])
      mend()
      return named
    },
    replace() {
      const before = leaving
      leaving = new Map()
      wanted = byName(provided)
      const inTheWay = [...before].flatMap(([name, was]) => {
        const link = view.link(name)
        if (link === undefined || link.alias !== VIRTUAL_LINK_MARK || !fits(link, was, view)) return []
        return provided.some((want) => want.name === name || fits(link, want, view)) ? [link] : []
      })
      if (inTheWay.length === 0) return false
      for (const link of inTheWay) remove(link)
      mend()
      return true
    },
    settle: () => retain(provided),
    keepOnly(keys) {
      if (keys.size === 0) promoting = new Set()
      retain(provided.filter(({ owner }) => keys.has(owner)))
    },
    clean() {
      for (const link of view.all())
        if (link.alias === VIRTUAL_LINK_MARK && !wanted.has(link.name) && remove(link))
          log.info('virtual link of an earlier run removed', { interface: link.name })
    },
    present: () =>
      [...wanted.values()].flatMap(({ name, base, kind, family, owner }) => {
        const [index, below] = [view.link(name)?.index, view.link(base)?.index]
        return kind !== 'macvlan' || index === undefined || below === undefined
          ? []
          : [{ index, base: below, family, owner }]
      }),
    mend,
    mendFor({ interfaceIndex, address, protocol }) {
      // Virtual addresses come and go all the time.
      if (wanted.size === 0 || protocol === ADDRESS_PROTOCOL) return
      const name = view.linkAt(interfaceIndex)?.name
      if (name !== undefined && (lent.get(name)?.has(address) || isLinkLocal6(address))) mend()
    },
    problem(router) {
      const name = router.virtualLink?.name
      return name === undefined ? undefined : problems.get(name)
    },
    deadline: () => again,
  }
}

/** Whether the one can stay as the other. */
const isSameLink = (one: WantedLink, other: WantedLink | undefined): boolean =>
  other !== undefined && one.base === other.base && one.kind === other.kind && sameBytes(one.mac, other.mac)

const promotion = (name: string): string => `${confOf(4, name)}/promote_secondaries`

const byName = (links: readonly WantedLink[]): ReadonlyMap<string, WantedLink> =>
  new Map(links.map((link) => [link.name, link] as const))
