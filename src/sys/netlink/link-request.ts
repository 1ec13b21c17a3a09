import { hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { exchangeOver } from './exchange.ts'
import { NETLINK_ROUTE, openBlockingSocket } from './netlink-socket.ts'
import type { NetlinkError } from './ports.ts'
import { AF_UNSPEC } from './read-message.ts'

export const linkMessage = (attributes: readonly wire.Attribute[], index = 0): wire.LinkMessage => ({
  family: AF_UNSPEC,
  linkType: 0,
  index,
  flags: 0,
  change: 0,
  attributes,
})

/** One request about an interface, on a socket of its own: there are few. */
export const requestLink = (
  what: string,
  type: number,
  flags: number,
  message: wire.LinkMessage,
): Result<void, NetlinkError> => requestOnce(what, type, flags, wire.encodeLinkMessage(message, host))

/** @param payload  of a request that is answered by an acknowledgement alone */
export function requestOnce(
  what: string,
  type: number,
  flags: number,
  payload: Uint8Array,
): Result<void, NetlinkError> {
  const opened = openBlockingSocket(NETLINK_ROUTE)
  if (!opened.ok) return opened
  const done = exchangeOver(opened.value)(what, type, flags, payload)
  opened.value.close()
  return done.ok ? ok(undefined) : done
}
