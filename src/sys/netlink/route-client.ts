import {
  addressBytes,
  type Family,
  fail,
  familyOf,
  hostIsLittleEndian as host,
  ok,
  type Result,
} from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { dumpOver, exchangeOver } from './exchange.ts'
import { NETLINK_ROUTE, openBlockingSocket } from './netlink-socket.ts'
import { ADDRESS_PROTOCOL, type LinkAddress, type NetlinkError, type OpenRouteClient, type Route } from './ports.ts'
import { AF_INET, AF_INET6, AF_UNSPEC, readAddress, readLink, readNeighbour, readRoute } from './read-message.ts'
import { linkRequest, promotesSecondaries, promotionRequest } from './secondaries.ts'

export const openRouteClient: OpenRouteClient = () => {
  const opened = openBlockingSocket(NETLINK_ROUTE)
  if (!opened.ok) return fail({ code: opened.error.code, message: opened.error.message })
  const socket = opened.value
  const exchange = exchangeOver(socket)

  /** Every entry of a table; what `read` does not know is left out. */
  function dump<T>(name: string, type: number, payload: Uint8Array, read: (payload: Uint8Array) => T | undefined) {
    return dumpOver(exchange, name, type, payload, (message) => read(message.payload))
  }

  /** Where promote_secondaries is off, the first address of a subnet takes all others along: it is on for the time being. */
  function promoting<T>(index: number, work: () => T): T {
    let promotes: boolean | undefined
    exchange('RTM_GETLINK', wire.RTM_GETLINK, 0, linkRequest(index), ({ payload }) => {
      promotes ??= promotesSecondaries(payload)
    })
    const set = (on: boolean) =>
      exchange('promote_secondaries', wire.RTM_SETLINK, wire.NLM_F_ACK, promotionRequest(index, on)).ok
    // Unknown, or not to be had: then as the host has it.
    const turned = promotes === false && set(true)
    const result = work()
    if (turned) set(false)
    return result
  }

  return ok({
    links: () => dump('RTM_GETLINK', wire.RTM_GETLINK, allLinks(), readLink),
    addresses: (family) => dump('RTM_GETADDR', wire.RTM_GETADDR, allAddresses(family), readAddress),
    neighbours: () => dump('RTM_GETNEIGH', wire.RTM_GETNEIGH, allNeighbours(), readNeighbour),

    route(to) {
      let route: Route | undefined
      const done = exchange(`route to ${to}`, wire.RTM_GETROUTE, 0, routeTo(addressBytes(to)), (message) => {
        route ??= readRoute(message.payload)
      })
      if (!done.ok) return done
      return route === undefined ? fail({ code: 'ENETUNREACH', message: `route to ${to}: none` }) : ok(route)
    },

    addAddress(request) {
      const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL
      const what = `add ${request.address}/${request.prefixLength}`
      return unless(['EEXIST'], exchange(what, wire.RTM_NEWADDR, flags, newAddress(request)))
    },

    deleteAddress(request) {
      const what = `delete ${request.address}/${request.prefixLength}`
      const remove = () => exchange(what, wire.RTM_DELADDR, wire.NLM_F_ACK, addressOf(request, [], 0, 0))
      const mayTakeOthers = familyOf(request.address) === 4 && request.prefixLength < 32
      const done = mayTakeOthers ? promoting(request.interfaceIndex, remove) : remove()
      return unless(['EADDRNOTAVAIL', 'ENODEV'], done)
    },

    close: () => socket.close(),
  })
}

function unless(harmless: readonly string[], done: Result<unknown, NetlinkError>): Result<void, NetlinkError> {
  return done.ok || harmless.includes(done.error.code) ? ok(undefined) : done
}

const allLinks = (): Uint8Array =>
  wire.encodeLinkMessage(
    {
      family: AF_UNSPEC,
      linkType: 0,
      index: 0,
      flags: 0,
      change: 0,
      attributes: [wire.uint32Attribute(wire.IFLA_EXT_MASK, wire.RTEXT_FILTER_SKIP_STATS, host)],
    },
    host,
  )

const allAddresses = (family: Family | undefined): Uint8Array =>
  wire.encodeAddressMessage(
    {
      family: family === undefined ? AF_UNSPEC : numberOf(family),
      prefixLength: 0,
      flags: 0,
      scope: 0,
      index: 0,
      attributes: [],
    },
    host,
  )

const allNeighbours = (): Uint8Array =>
  wire.encodeNeighbourMessage({ family: AF_UNSPEC, index: 0, state: 0, flags: 0, type: 0, attributes: [] }, host)

const routeTo = (destination: Uint8Array): Uint8Array =>
  wire.encodeRouteMessage(
    {
      family: destination.length === 4 ? AF_INET : AF_INET6,
      destinationLength: destination.length * 8,
      sourceLength: 0,
      tos: 0,
      table: 0,
      protocol: 0,
      scope: 0,
      type: 0,
      flags: 0,
      attributes: [wire.bytesAttribute(wire.RTA_DST, destination)],
    },
    host,
  )

const numberOf = (family: Family): number => (family === 4 ? AF_INET : AF_INET6)

function newAddress(request: Omit<LinkAddress, 'flags' | 'protocol'>): Uint8Array {
  const { address, prefixLength, scope, label, broadcast } = request
  const extra = [wire.uint8Attribute(wire.IFA_PROTO, ADDRESS_PROTOCOL)]
  if (broadcast !== undefined) extra.push(wire.bytesAttribute(wire.IFA_BROADCAST, addressBytes(broadcast)))
  if (familyOf(address) === 4) {
    if (label !== undefined) extra.push(wire.stringAttribute(wire.IFA_LABEL, label))
    return addressOf(request, extra, scope, 0)
  }
  // The master holds the address now; waiting for the detection would leave nobody to answer.
  extra.push(wire.uint32Attribute(wire.IFA_FLAGS, wire.IFA_F_NODAD, host))
  if (prefixLength === 128) extra.push(wire.lifetimeAttribute(0, wire.INFINITE_LIFETIME, host))
  return addressOf(request, extra, scope, wire.IFA_F_NODAD)
}

function addressOf(
  { interfaceIndex, address, prefixLength }: Pick<LinkAddress, 'interfaceIndex' | 'address' | 'prefixLength'>,
  extra: readonly wire.Attribute[],
  scope: number,
  flags: number,
): Uint8Array {
  const bytes = addressBytes(address)
  const attributes = [
    wire.bytesAttribute(wire.IFA_LOCAL, bytes),
    wire.bytesAttribute(wire.IFA_ADDRESS, bytes),
    ...extra,
  ]
  return wire.encodeAddressMessage(
    { family: numberOf(familyOf(address)), prefixLength, flags, scope, index: interfaceIndex, attributes },
    host,
  )
}
