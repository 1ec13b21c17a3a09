import { type IpAddress, isLinkLocal6 } from '../../base/index.ts'
import type { Observation, VirtualRouter } from '../../model/index.ts'
import { ADDRESS_PROTOCOL, type Link, type LinkAddress, type RouteEvent } from '../../sys/netlink/index.ts'
import { sourceInterface } from './link-names.ts'

/** IFA_F_SECONDARY of IPv4, IFA_F_DADFAILED and IFA_F_TENTATIVE of IPv6 (linux/if_addr.h). */
const SECONDARY = 0x01
export const DAD_FAILED = 0x08
const TENTATIVE = 0x40
const SCOPE_LINK = 253

/** One address on one interface: `3|192.0.2.1/24`. */
export const addressId = (of: Pick<LinkAddress, 'interfaceIndex' | 'address' | 'prefixLength'>): string =>
  `${of.interfaceIndex}|${of.address}/${of.prefixLength}`

/** The interfaces and addresses of this host as rtnetlink last told them. */
export type NetworkView = {
  /** Forgets all and starts from these. */
  replace(links: readonly Link[], addresses: readonly LinkAddress[]): void
  apply(event: RouteEvent): void
  link(name: string): Link | undefined
  /** The first one of which this is true. */
  find(wanted: (link: Link) => boolean): Link | undefined
  all(): readonly Link[]
  linkAt(index: number): Link | undefined
  addresses(): Iterable<LinkAddress>
  has(id: string): LinkAddress | undefined
}

/** An IPv6 address of the host's own that can send. */
export const isUsableSource = ({ flags, protocol }: LinkAddress): boolean =>
  (flags & (TENTATIVE | DAD_FAILED)) === 0 && protocol !== ADDRESS_PROTOCOL

export function openNetworkView(): NetworkView {
  const links = new Map<number, Link>()
  const addresses = new Map<string, LinkAddress>()
  return {
    replace(allLinks, allAddresses) {
      links.clear()
      addresses.clear()
      for (const link of allLinks) links.set(link.index, link)
      for (const address of allAddresses) addresses.set(addressId(address), address)
    },
    apply(event) {
      switch (event.type) {
        case 'link':
          links.set(event.link.index, event.link)
          break
        case 'link-removed':
          links.delete(event.index)
          for (const [id, { interfaceIndex }] of addresses) if (interfaceIndex === event.index) addresses.delete(id)
          break
        case 'address':
          addresses.set(addressId(event.address), event.address)
          break
        case 'address-removed':
          addresses.delete(addressId(event.address))
          break
        // The rest is no part of the view; after a resync the owner calls `replace`.
      }
    },
    link(name) {
      for (const link of links.values()) if (link.name === name) return link
      return undefined
    },
    find(wanted) {
      for (const link of links.values()) if (wanted(link)) return link
      return undefined
    },
    all: () => [...links.values()],
    linkAt: (index) => links.get(index),
    addresses: () => addresses.values(),
    has: (id) => addresses.get(id),
  }
}

/**
 * The address that advertisements leave from: the configured one if this host has it, and multicast over IPv4 also where it
 * has not (mcast_src_ip hides whose they are); else the interface's first address that is not a virtual one, for IPv6 its
 * link-local (RFC 9568 §5.1.2.1). An IPv6 address under duplicate address detection cannot send.
 * @param virtual all addresses that follow a master, of every virtual router
 * @param fixed   those that bear our mark and follow nobody
 */
export function sourceAddress(
  router: VirtualRouter,
  view: NetworkView,
  virtual: ReadonlySet<IpAddress>,
  fixed: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  const link = view.link(sourceInterface(router))
  let fallback: IpAddress | undefined
  for (const { address, interfaceIndex, flags, scope, protocol } of view.addresses()) {
    const sixth = address.includes(':')
    if (sixth !== (router.family === 6) || (sixth && (flags & (TENTATIVE | DAD_FAILED)) !== 0)) continue
    if (router.source !== undefined) {
      if (address === router.source && (!isLinkLocal6(address) || interfaceIndex === link?.index)) return address
      continue
    }
    if (interfaceIndex !== link?.index || virtual.has(address)) continue
    if (protocol === ADDRESS_PROTOCOL && !fixed.has(address)) continue
    if (sixth) {
      if (isLinkLocal6(address)) return address
      continue
    }
    if ((flags & SECONDARY) === 0 && scope < SCOPE_LINK) return address
    fallback ??= address
  }
  return router.source !== undefined && isFreeSource(router) ? router.source : fallback
}

const isFreeSource = ({ family, unicastPeers, tracksSource }: VirtualRouter): boolean =>
  family === 4 && unicastPeers.length === 0 && tracksSource !== true

/** Good: up and running. */
export function interfaceObservation(name: string, view: NetworkView): Observation {
  const link = view.link(name)
  const reason =
    link === undefined ? 'no such interface' : !link.up ? 'interface is down' : !link.running ? 'no carrier' : undefined
  return reason === undefined ? { type: 'good' } : { type: 'bad', reason }
}

/** Why this virtual router may not run on this host, in words for the user; undefined: it may. */
export function faultReason(
  router: VirtualRouter,
  view: NetworkView,
  source: IpAddress | undefined,
): string | undefined {
  const name = router.interface
  if (name !== '') {
    const link = view.link(name)
    if (link === undefined) return `${name}: no such interface`
    if (!router.dontTrackPrimary && !link.up) return `${name}: interface is down`
    if (!router.dontTrackPrimary && !link.running) return `${name}: no carrier`
  }
  if (router.lacksPeers === true) return 'no unicast peers'
  const own = router.virtualLink?.name
  if (own !== undefined && view.link(own) === undefined) return `${own}: no such interface`
  if (source !== undefined) return undefined
  if (router.source !== undefined) return `${router.source}: this host does not have this source address`
  return router.family === 4 ? `${name}: no IPv4 address to send from` : `${name}: no usable link-local IPv6 address`
}
