import { fail, familyOf, type IpAddress, inSubnet, isLinkLocal6, ok, type Result } from '../../base/index.ts'
import type { Link, LinkAddress, RouteClient } from '../../sys/netlink/index.ts'
import type { ArpingOrder } from './options.ts'

/** Where to send, and from which address; no source in duplicate address detection without `-s`. */
export type ArpingPlace = { readonly link: Link; readonly source?: IpAddress }

/**
 * The interface of `-I`, or the one that the routes name; the source as iputils' arping chooses it.
 * @param given  the source of `-s`
 */
export function arpingPlace(
  client: RouteClient,
  order: Pick<ArpingOrder, 'mode' | 'interface'>,
  given: IpAddress | undefined,
  destination: IpAddress,
): Result<ArpingPlace, string> {
  const links = client.links()
  if (!links.ok) return fail(links.error.message)
  const addresses = client.addresses(familyOf(destination))
  if (!addresses.ok) return fail(addresses.error.message)

  const link = linkFor(client, links.value, order.interface, destination)
  if (!link.ok) return link
  if (!link.value.up) return fail(`interface ${link.value.name} is down; ip link set ${link.value.name} up`)
  if (link.value.noArp || link.value.loopback || link.value.mac.length !== 6)
    return fail(`interface ${link.value.name} has no link-layer addresses to ask for`)

  if (given === undefined && order.mode === 'detect') return ok({ link: link.value })
  const announced = order.mode === 'update' || order.mode === 'reply' ? destination : undefined
  const source = given ?? announced
  if (source !== undefined && !addresses.value.some(({ address }) => address === source))
    return fail(`${source} is not an address of this host`)
  const chosen = source ?? sourceOn(addresses.value, link.value, destination) ?? preferred(client, destination)
  if (chosen === undefined)
    return fail(`this host has no address to ask from on ${link.value.name}; -D asks without one`)
  return ok({ link: link.value, source: chosen })
}

function linkFor(
  client: RouteClient,
  links: readonly Link[],
  name: string | undefined,
  destination: IpAddress,
): Result<Link, string> {
  if (name !== undefined) {
    const named = links.find((link) => link.name === name)
    return named === undefined ? fail(`${name}: no such interface`) : ok(named)
  }
  const route = client.route(destination)
  if (!route.ok) return fail(`no route to ${destination}; name the interface with -I`)
  const routed = links.find(({ index }) => index === route.value.interfaceIndex)
  return routed === undefined ? fail(`no interface towards ${destination}; name it with -I`) : ok(routed)
}

/** An address of the same subnet, or any; link-local ones of IPv6 for link-local destinations, and last otherwise. */
function sourceOn(addresses: readonly LinkAddress[], link: Link, destination: IpAddress): IpAddress | undefined {
  const here = addresses.filter(({ interfaceIndex }) => interfaceIndex === link.index)
  const rank = ({ address, prefixLength }: LinkAddress): number =>
    inSubnet(destination, address, prefixLength) ? 0 : isLinkLocal6(address) ? 2 : 1
  return here.toSorted((a, b) => rank(a) - rank(b))[0]?.address
}

function preferred(client: RouteClient, destination: IpAddress): IpAddress | undefined {
  const route = client.route(destination)
  return route.ok ? route.value.preferredSource : undefined
}
