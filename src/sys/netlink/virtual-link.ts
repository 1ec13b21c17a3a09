import {
  addressBytes,
  familyOf,
  hostIsLittleEndian as host,
  type IpAddress,
  ok,
  type Result,
} from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { linkMessage, requestLink, requestOnce } from './link-request.ts'
import type { NetlinkError } from './ports.ts'
import { AF_INET, AF_INET6 } from './read-message.ts'

/** IFLA_IFALIAS of what is made here, so that it is found again after a crash. */
export const VIRTUAL_LINK_MARK = 'holdfast virtual link'

/** A macvlan or an ipvlan over another interface. */
export type VirtualLinkPlan = {
  readonly name: string
  /** Index of the interface below. */
  readonly base: number
  readonly group: number
  /** Of a VRF; absent: none. */
  readonly master?: number
} & (
  | {
      readonly kind: 'macvlan'
      readonly mac: Uint8Array
    }
  | { readonly kind: 'ipvlan'; readonly flags: number }
)

/** IFLA_IPVLAN_FLAGS. */
export const ipvlanFlags = { bridge: 0, private: 1, vepa: 2 } as const

/**
 * Makes it, down, with our mark: private with this MAC, or L2. Of IPv4 it answers only for its own addresses, takes packets
 * from addresses of this host, filters no source (that would be asked of the interface below) and keeps the other addresses
 * of a subnet when the first one goes. A macvlan makes no link-local address (RFC 9568 §7.4). A name that is taken is EEXIST.
 */
export function makeVirtualLink(plan: VirtualLinkPlan): Result<void, NetlinkError> {
  const { name, kind, base, group, master } = plan
  const data =
    plan.kind === 'macvlan'
      ? [wire.uint32Attribute(wire.IFLA_MACVLAN_MODE, wire.MACVLAN_MODE_PRIVATE, host)]
      : [
          wire.uint16Attribute(wire.IFLA_IPVLAN_MODE, wire.IPVLAN_MODE_L2, host),
          wire.uint16Attribute(wire.IFLA_IPVLAN_FLAGS, plan.flags, host),
        ]
  const made = requestLink(
    `add the interface ${name}`,
    wire.RTM_NEWLINK,
    wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL,
    linkMessage([
      wire.uint32Attribute(wire.IFLA_LINK, base, host),
      wire.stringAttribute(wire.IFLA_IFNAME, name),
      ...(plan.kind === 'macvlan' ? [wire.bytesAttribute(wire.IFLA_ADDRESS, plan.mac)] : []),
      ...(group === 0 ? [] : [wire.uint32Attribute(wire.IFLA_GROUP, group, host)]),
      ...(master === undefined ? [] : [wire.uint32Attribute(wire.IFLA_MASTER, master, host)]),
      wire.nestedAttribute(
        wire.IFLA_LINKINFO,
        [wire.stringAttribute(wire.IFLA_INFO_KIND, kind), wire.nestedAttribute(wire.IFLA_INFO_DATA, data, host)],
        host,
      ),
    ]),
  )
  if (!made.ok) return made
  // The kernel takes neither of these together with the making.
  const marked = changeByName(name, [
    wire.stringAttribute(wire.IFLA_IFALIAS, VIRTUAL_LINK_MARK),
    ...(master === undefined ? [] : [wire.uint32Attribute(wire.IFLA_MASTER, master, host)]),
    familySettings(AF_INET, [
      wire.nestedAttribute(
        wire.IFLA_INET_CONF,
        [
          wire.uint32Attribute(wire.IPV4_DEVCONF_RP_FILTER, 0, host),
          wire.uint32Attribute(wire.IPV4_DEVCONF_ARP_IGNORE, 1, host),
          wire.uint32Attribute(wire.IPV4_DEVCONF_PROMOTE_SECONDARIES, 1, host),
          wire.uint32Attribute(wire.IPV4_DEVCONF_ACCEPT_LOCAL, 1, host),
        ],
        host,
      ),
    ]),
  ])
  if (!marked.ok) return marked
  if (kind === 'macvlan') {
    const none = wire.uint8Attribute(wire.IFLA_INET6_ADDR_GEN_MODE, wire.IN6_ADDR_GEN_MODE_NONE)
    // A host without IPv6 refuses, and needs it not.
    changeByName(name, [familySettings(AF_INET6, [none])])
  }
  return ok(undefined)
}

export const raiseLink = (name: string): Result<void, NetlinkError> =>
  requestLink(`set ${name} up`, wire.RTM_NEWLINK, wire.NLM_F_ACK, {
    ...linkMessage([wire.stringAttribute(wire.IFLA_IFNAME, name)]),
    flags: wire.IFF_UP,
    change: wire.IFF_UP,
  })

/** Changes nothing, and lets the kernel tell everybody of the interface. */
export const retellLink = (name: string, group: number): Result<void, NetlinkError> =>
  changeByName(name, [wire.uint32Attribute(wire.IFLA_GROUP, group, host)])

/**
 * An address that is not ours to move: what advertisements leave from. An IPv6 one is never chosen as a source by itself
 * (preferred lifetime 0) and not looked for on the link. One that is there is as wanted.
 */
export function lendAddress(index: number, address: IpAddress, prefixLength: number): Result<void, NetlinkError> {
  const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL
  const extra =
    familyOf(address) === 4
      ? []
      : [
          wire.uint32Attribute(wire.IFA_FLAGS, wire.IFA_F_NODAD, host),
          wire.lifetimeAttribute(0, wire.INFINITE_LIFETIME, host),
        ]
  const done = requestOnce(
    `add ${address}/${prefixLength}`,
    wire.RTM_NEWADDR,
    flags,
    addressMessage(index, address, prefixLength, extra),
  )
  return !done.ok && done.error.code === 'EEXIST' ? ok(undefined) : done
}

export const takeBackAddress = (index: number, address: IpAddress, prefixLength: number): Result<void, NetlinkError> =>
  requestOnce(
    `delete ${address}/${prefixLength}`,
    wire.RTM_DELADDR,
    wire.NLM_F_ACK,
    addressMessage(index, address, prefixLength, []),
  )

function addressMessage(
  index: number,
  address: IpAddress,
  prefixLength: number,
  extra: readonly wire.Attribute[],
): Uint8Array {
  const bytes = addressBytes(address)
  const sixth = familyOf(address) === 6
  return wire.encodeAddressMessage(
    {
      family: sixth ? AF_INET6 : AF_INET,
      prefixLength,
      flags: sixth ? wire.IFA_F_NODAD : 0,
      scope: 0,
      index,
      attributes: [wire.bytesAttribute(wire.IFA_LOCAL, bytes), wire.bytesAttribute(wire.IFA_ADDRESS, bytes), ...extra],
    },
    host,
  )
}

const changeByName = (name: string, attributes: readonly wire.Attribute[]): Result<void, NetlinkError> =>
  requestLink(
    `set up the interface ${name}`,
    wire.RTM_SETLINK,
    wire.NLM_F_ACK,
    linkMessage([wire.stringAttribute(wire.IFLA_IFNAME, name), ...attributes]),
  )

const familySettings = (family: number, settings: readonly wire.Attribute[]): wire.Attribute =>
  wire.nestedAttribute(wire.IFLA_AF_SPEC, [wire.nestedAttribute(family, settings, host)], host)
