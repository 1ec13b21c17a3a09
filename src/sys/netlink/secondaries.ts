import { hostIsLittleEndian as host } from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { AF_INET, AF_UNSPEC } from './read-message.ts'

const PROMOTE_SECONDARIES = wire.IPV4_DEVCONF_PROMOTE_SECONDARIES

/** RTM_GETLINK for one interface: its answer tells its IPv4 settings. */
export const linkRequest = (index: number): Uint8Array =>
  linkMessage(index, [wire.uint32Attribute(wire.IFLA_EXT_MASK, wire.RTEXT_FILTER_SKIP_STATS, host)])

/**
 * The interface's own promote_secondaries, the `all` one left out; undefined where the answer does not tell.
 * @param payload of RTM_NEWLINK
 */
export function promotesSecondaries(payload: Uint8Array): boolean | undefined {
  const decoded = wire.decodeLinkMessage(payload, host)
  if (!decoded.ok) return undefined
  const families = wire.findNested(decoded.value.attributes, wire.IFLA_AF_SPEC, host)
  const settings = wire.findAttribute(
    wire.findNested(families, AF_INET, host),
    wire.IFLA_INET_CONF,
    4 * PROMOTE_SECONDARIES,
  )
  if (settings === undefined) return undefined
  const view = new DataView(settings.buffer, settings.byteOffset, settings.length)
  return view.getUint32(4 * (PROMOTE_SECONDARIES - 1), host) !== 0
}

/** RTM_SETLINK that turns promote_secondaries on or off. */
export function promotionRequest(index: number, on: boolean): Uint8Array {
  const setting = wire.uint32Attribute(PROMOTE_SECONDARIES, on ? 1 : 0, host)
  const ofIpv4 = wire.nestedAttribute(AF_INET, [wire.nestedAttribute(wire.IFLA_INET_CONF, [setting], host)], host)
  return linkMessage(index, [wire.nestedAttribute(wire.IFLA_AF_SPEC, [ofIpv4], host)])
}

const linkMessage = (index: number, attributes: readonly wire.Attribute[]): Uint8Array =>
  wire.encodeLinkMessage({ family: AF_UNSPEC, linkType: 0, index, flags: 0, change: 0, attributes }, host)
