/** The way to an address by this host's routing table, and its interfaces as they were read last. */

import { familyOf, type IpAddress, type Log } from '../../base/index.ts'
import type { Link, RouteClient } from '../../sys/netlink/index.ts'
import type { Hop } from './slot.ts'

const RTN_UNICAST = 1
const RTN_LOCAL = 2

export type Hops = {
  readonly links: () => readonly Link[]
  /** If that fails, the last ones stay. */
  readLinks(): void
  /** One question to the kernel. Undefined: there is no way, or none for packets of this family. */
  to(address: IpAddress): Hop | undefined
}

export function hopsBy(routes: RouteClient, log: Log): Hops {
  let links: readonly Link[] = []
  return {
    links: () => links,
    readLinks() {
      const read = routes.links()
      if (read.ok) links = read.value
      else log.error('cannot read the interfaces', { reason: read.error.message })
    },
    to(address) {
      const route = routes.route(address)
      if (!route.ok) return undefined
      const { type, interfaceIndex, gateway, preferredSource } = route.value
      if (type === RTN_LOCAL) return { interfaceIndex, nextHop: address, mtu: 0, local: true }
      // A gateway of the other family is left to the kernel's lookup for each packet.
      if (type !== RTN_UNICAST || (gateway !== undefined && familyOf(gateway) !== familyOf(address))) return undefined
      const mtu = links.find(({ index }) => index === interfaceIndex)?.mtu ?? 0
      return {
        interfaceIndex,
        nextHop: gateway ?? address,
        mtu,
        local: false,
        ...(preferredSource !== undefined && { source: preferredSource }),
      }
    },
  }
}
