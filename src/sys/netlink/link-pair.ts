import { hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { linkMessage, requestLink as request } from './link-request.ts'
import type { NetlinkError } from './ports.ts'

/** A pair of virtual interfaces (veth) in this network namespace. */
export type LinkPair = {
  readonly names: readonly [string, string]
  /** Both ends get it, so that frames of one are for the other without asking. */
  readonly mac: Uint8Array
  readonly mtu: number
}

/** Makes the pair, down; names that are taken are EEXIST. */
export const makeLinkPair = ({ names: [name, peer], mac, mtu }: LinkPair): Result<void, NetlinkError> => {
  const end = (of: string): wire.LinkMessage =>
    linkMessage([
      wire.stringAttribute(wire.IFLA_IFNAME, of),
      wire.bytesAttribute(wire.IFLA_ADDRESS, mac),
      wire.uint32Attribute(wire.IFLA_MTU, mtu, host),
    ])
  const other = wire.bytesAttribute(wire.VETH_INFO_PEER, wire.encodeLinkMessage(end(peer), host))
  const kind = wire.nestedAttribute(
    wire.IFLA_LINKINFO,
    [wire.stringAttribute(wire.IFLA_INFO_KIND, 'veth'), wire.nestedAttribute(wire.IFLA_INFO_DATA, [other], host)],
    host,
  )
  const { attributes } = end(name)
  const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL
  return request(`add the interfaces ${name} and ${peer}`, wire.RTM_NEWLINK, flags, linkMessage([...attributes, kind]))
}

/** Up, and never asking for neighbours. */
export const raiseWithoutArp = (name: string): Result<void, NetlinkError> => {
  const flags = wire.IFF_UP | wire.IFF_NOARP
  const message = { ...linkMessage([wire.stringAttribute(wire.IFLA_IFNAME, name)]), flags, change: flags }
  return request(`set ${name} up`, wire.RTM_NEWLINK, wire.NLM_F_ACK, message)
}

/** A pair goes with its other end; one that is not there is gone already. */
export function removeLink(name: string): Result<void, NetlinkError> {
  const message = linkMessage([wire.stringAttribute(wire.IFLA_IFNAME, name)])
  const done = request(`delete the interface ${name}`, wire.RTM_DELLINK, wire.NLM_F_ACK, message)
  return !done.ok && done.error.code === 'ENODEV' ? ok(undefined) : done
}
