import { type Family, familyOf, sameBytes } from '../../base/index.ts'
import {
  type InterfaceSettings,
  USUAL_LINK_PREFIX,
  type VirtualAddress,
  type VirtualRouter,
  virtualRouterKey,
} from '../../model/index.ts'
import { type Link, VIRTUAL_LINK_MARK } from '../../sys/netlink/index.ts'
import type { NetworkView } from './network-view.ts'

/** A virtual link that is to be there, over an interface that may not be. */
export type WantedLink = {
  readonly name: string
  /** Key of its virtual router. */
  readonly owner: string
  /** Name of the interface below. */
  readonly base: string
  readonly kind: 'macvlan' | 'ipvlan'
  /** Of a macvlan. */
  readonly mac: Uint8Array
  /** Of what is on it. */
  readonly family: Family
  readonly virtualLink: VirtualRouter['virtualLink']
}

/** The interface that advertisements come and go by. */
export const advertisingInterface = (of: Pick<VirtualRouter, 'interface' | 'virtualLink'>): string =>
  of.virtualLink?.transmitsOnBase === false ? (of.virtualLink.name ?? of.interface) : of.interface

/** The interface whose addresses advertisements leave from. */
export const sourceInterface = (of: Pick<VirtualRouter, 'interface' | 'virtualLink'>): string =>
  of.virtualLink?.kind === 'ipvlan' ? (of.virtualLink.name ?? of.interface) : of.interface

/** 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6 (RFC 9568 §7.3). */
const virtualMac = (family: Family, virtualRouterId: number): Uint8Array =>
  Uint8Array.of(0, 0, 0x5e, 0, family === 4 ? 1 : 2, virtualRouterId)

const macOf = ({ virtualLink, family, virtualRouterId }: VirtualRouter): Uint8Array =>
  virtualLink?.mac === undefined
    ? virtualMac(family, virtualRouterId)
    : Uint8Array.from(virtualLink.mac.split(':'), (octet) => Number.parseInt(octet, 16))

/** Names virtual links, the same way for as long as the process lives, and after it where the interface is still there. */
export type LinkNames = {
  /** The virtual routers with every virtual link by its name, and those links. */
  name(routers: readonly VirtualRouter[]): {
    readonly routers: readonly VirtualRouter[]
    readonly links: readonly WantedLink[]
    /** Interfaces on which secondary addresses are to be promoted. */
    readonly promoting: ReadonlySet<string>
  }
}

export function openLinkNames(view: NetworkView, settings: () => InterfaceSettings): LinkNames {
  const names = new Map<string, string>()

  const isFree = (name: string, wanted: Omit<WantedLink, 'name'>) => {
    const link = view.link(name)
    return link === undefined || link.alias === VIRTUAL_LINK_MARK || fits(link, wanted, view)
  }
  const nameFor = (
    id: string,
    written: string | undefined,
    prefix: string,
    virtualRouterId: number,
    wanted: Omit<WantedLink, 'name'>,
  ): string => {
    const known = names.get(id)
    if (written === undefined && known !== undefined) return known
    const taken = new Set([...names].flatMap(([other, name]) => (other === id ? [] : [name])))
    const present = written === undefined ? view.find((link) => fits(link, wanted, view))?.name : undefined
    const name =
      written ??
      (present !== undefined && !taken.has(present)
        ? present
        : candidates(prefix, virtualRouterId, wanted.family).find((one) => !taken.has(one) && isFree(one, wanted)))
    names.set(id, name ?? `${prefix}.${virtualRouterId}`)
    return names.get(id) as string
  }

  return {
    name(routers) {
      const { linkPrefix = USUAL_LINK_PREFIX, addressLinkPrefix = linkPrefix } = settings()
      const links = new Map<string, WantedLink>()
      // Names that nobody has any more are free; those that were written go first.
      const ids = new Set(routers.flatMap(idsOf))
      for (const id of names.keys()) if (!ids.has(id)) names.delete(id)
      for (const router of routers)
        if (router.virtualLink?.name !== undefined) names.set(virtualRouterKey(router), router.virtualLink.name)
      const add = (wanted: WantedLink): string => {
        links.set(wanted.name, wanted)
        return wanted.name
      }
      const ownLink = (router: VirtualRouter): VirtualRouter => {
        const { virtualLink, family, interface: base } = router
        if (virtualLink === undefined) return router
        const { kind } = virtualLink
        const id = virtualRouterKey(router)
        const wanted = { owner: id, base, kind, mac: macOf(router), family, virtualLink }
        const name = nameFor(id, virtualLink.name, linkPrefix, router.virtualRouterId, wanted)
        return { ...router, virtualLink: { ...virtualLink, name: add({ ...wanted, name }) } }
      }
      const address = (router: VirtualRouter, one: VirtualAddress): VirtualAddress => {
        if (one.onVirtualLink === undefined) return one
        const own = router.virtualLink?.name
        const family = familyOf(one.address)
        if (own !== undefined && one.interface === router.interface && family === router.family)
          return { ...one, interface: own }
        const wanted = {
          owner: virtualRouterKey(router),
          base: one.interface,
          kind: 'macvlan',
          mac: virtualMac(family, router.virtualRouterId),
          family,
          virtualLink: undefined,
        } as const
        // The kernel has a MAC once over an interface: two families of one id may meet in it.
        const shared = [...links.values()].find(
          (link) => link.kind === 'macvlan' && link.base === wanted.base && sameBytes(link.mac, wanted.mac),
        )
        if (shared !== undefined) return { ...one, interface: shared.name }
        const name = nameFor(addressLinkId(router, one), undefined, addressLinkPrefix, router.virtualRouterId, wanted)
        return { ...one, interface: add({ ...wanted, name }) }
      }
      const named = routers.map(ownLink).map((router) => ({
        ...router,
        addresses: router.addresses.map((one) => address(router, one)),
        excludedAddresses: router.excludedAddresses.map((one) => address(router, one)),
      }))
      const promoting = new Set(
        routers.flatMap((router) => (router.promotesSecondaries === true ? [router.interface] : [])),
      )
      return { routers: named, links: [...links.values()], promoting }
    },
  }
}

/** Whether an interface is the virtual link wanted, whatever its name. */
export function fits(
  link: Link,
  { kind, base, mac, virtualLink }: Omit<WantedLink, 'name'>,
  view: NetworkView,
): boolean {
  if (link.kind !== kind || link.over === undefined || link.over.index !== view.link(base)?.index) return false
  if (kind === 'ipvlan') return link.alias === VIRTUAL_LINK_MARK && link.name === virtualLink?.name
  return link.over.mode === MACVLAN_PRIVATE && sameBytes(link.mac, mac)
}

const MACVLAN_PRIVATE = 1

/** Those that share an interface and a family of one virtual router share a link. */
const addressLinkId = (router: VirtualRouter, { interface: base, address }: VirtualAddress): string =>
  `${virtualRouterKey(router)} ${base}/ipv${familyOf(address)}`

const idsOf = (router: VirtualRouter): readonly string[] => [
  virtualRouterKey(router),
  ...[...router.addresses, ...router.excludedAddresses].map((one) => addressLinkId(router, one)),
]

/** keepalived's: vrrp.51; for IPv6 then vrrp6.51; then vrrp1.51, vrrp2.51 … */
function candidates(prefix: string, virtualRouterId: number, family: Family): readonly string[] {
  const numbers = Array.from({ length: MOST_NAMES }, (_, i) => i + 1).filter((n) => family === 4 || n !== 6)
  return ['', ...(family === 6 ? [6] : []), ...numbers].map((n) => `${prefix}${n}.${virtualRouterId}`)
}

const MOST_NAMES = 999
