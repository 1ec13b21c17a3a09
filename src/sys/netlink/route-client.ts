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
import {
  ADDRESS_PROTOCOL,
  type AddressRequest,
  type NetlinkError,
  type OpenRouteClient,
  ROUTE_PROTOCOL,
  type Route,
  type RouteClient,
} from './ports.ts'
import { AF_INET, AF_INET6, AF_UNSPEC, readAddress, readLink, readNeighbour, readRoute } from './read-message.ts'
import { linkRequest, promotesSecondaries, promotionRequest } from './secondaries.ts'

export const openRouteClient: OpenRouteClient = ({ receiveBuffer } = {}) => {
  const opened = openBlockingSocket(NETLINK_ROUTE, receiveBuffer)
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

  function addAs(type: number, request: AddressRequest): Result<'added' | 'present', NetlinkError> {
    const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL
    return added(exchange(`add ${request.address}/${request.prefixLength}`, type, flags, newAddress(request)))
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

    addAddress: (request) => addAs(wire.RTM_NEWADDR, request),
    rehearseAddress: (request) => void addAs(wire.NLMSG_NOOP, request),

    deleteAddress(request) {
      const what = `delete ${request.address}/${request.prefixLength}`
      const remove = () => exchange(what, wire.RTM_DELADDR, wire.NLM_F_ACK, addressOf(request, [], 0, 0))
      const mayTakeOthers = familyOf(request.address) === 4 && request.prefixLength < 32
      const done = mayTakeOthers ? promoting(request.interfaceIndex, remove) : remove()
      return unless(['EADDRNOTAVAIL', 'ENODEV'], done)
    },

    addRoute(route, placement) {
      const how = { prepend: 0, append: wire.NLM_F_APPEND, add: wire.NLM_F_EXCL }[placement]
      const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | how
      return added(exchange('add route', wire.RTM_NEWROUTE, flags, wire.encodeRouteMessage(route, host)))
    },

    deleteRoute(route) {
      const done = exchange('delete route', wire.RTM_DELROUTE, wire.NLM_F_ACK, wire.encodeRouteMessage(route, host))
      return unless(['ESRCH', 'ENODEV'], done)
    },

    addRule(rule) {
      const flags = wire.NLM_F_ACK | wire.NLM_F_CREATE | wire.NLM_F_EXCL
      return added(exchange('add rule', wire.RTM_NEWRULE, flags, wire.encodeRuleMessage(rule, host)))
    },

    deleteRule(rule) {
      const done = exchange('delete rule', wire.RTM_DELRULE, wire.NLM_F_ACK, wire.encodeRuleMessage(rule, host))
      return unless(['ENOENT', 'ESRCH'], done)
    },

    markedRouting() {
      const found = dump('RTM_GETROUTE', wire.RTM_GETROUTE, allMarkedRoutes(), readMarkedRoute)
      if (!found.ok) return found
      const rules = dump('RTM_GETRULE', wire.RTM_GETRULE, allRules(), readMarkedRule)
      return rules.ok ? ok({ routes: found.value, rules: rules.value }) : rules
    },

    close: () => socket.close(),
  })
}

function unless(harmless: readonly string[], done: Result<unknown, NetlinkError>): Result<void, NetlinkError> {
  return done.ok || harmless.includes(done.error.code) ? ok(undefined) : done
}

function added(done: Result<unknown, NetlinkError>): Result<'added' | 'present', NetlinkError> {
  if (done.ok) return ok('added')
  return done.error.code === 'EEXIST' ? ok('present') : done
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

const allMarkedRoutes = (): Uint8Array =>
  wire.encodeRouteMessage(
    {
      family: AF_UNSPEC,
      destinationLength: 0,
      sourceLength: 0,
      tos: 0,
      table: 0,
      protocol: ROUTE_PROTOCOL,
      scope: 0,
      type: 0,
      flags: 0,
      attributes: [],
    },
    host,
  )

const allRules = (): Uint8Array =>
  wire.encodeRuleMessage(
    { family: AF_UNSPEC, destinationLength: 0, sourceLength: 0, tos: 0, table: 0, action: 0, flags: 0, attributes: [] },
    host,
  )

/** A copy that outlives the buffer, without what cannot be part of a request. */
const kept = <T extends { readonly attributes: readonly wire.Attribute[] }>(
  message: T,
  without: readonly number[],
): T => ({
  ...message,
  attributes: message.attributes
    .filter(({ type }) => !without.includes(type))
    .map((attribute) => ({ ...attribute, value: attribute.value.slice() })),
})

function readMarkedRoute(payload: Uint8Array): wire.RouteMessage | undefined {
  const decoded = wire.decodeRouteMessage(payload, host)
  // Before Linux 4.20 the kernel does not filter.
  return decoded.ok && decoded.value.protocol === ROUTE_PROTOCOL ? kept(decoded.value, [wire.RTA_CACHEINFO]) : undefined
}

function readMarkedRule(payload: Uint8Array): wire.RuleMessage | undefined {
  const decoded = wire.decodeRuleMessage(payload, host)
  return decoded.ok && wire.findUint8(decoded.value.attributes, wire.FRA_PROTOCOL) === ROUTE_PROTOCOL
    ? kept(decoded.value, [])
    : undefined
}

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

function newAddress(request: AddressRequest): Uint8Array {
  const { address, prefixLength, scope, label, broadcast } = request
  const extra = [wire.uint8Attribute(wire.IFA_PROTO, ADDRESS_PROTOCOL)]
  if (broadcast !== undefined) extra.push(wire.bytesAttribute(wire.IFA_BROADCAST, addressBytes(broadcast)))
  const isFour = familyOf(address) === 4
  if (isFour && label !== undefined) extra.push(wire.stringAttribute(wire.IFA_LABEL, label))
  // The master holds the address now; waiting for the detection would leave nobody to answer.
  const flags = request.flags ?? (isFour ? 0 : wire.IFA_F_NODAD)
  if (flags !== 0) extra.push(wire.uint32Attribute(wire.IFA_FLAGS, flags, host))
  const preferred = request.preferredLifetime ?? (!isFour && prefixLength === 128 ? 0 : undefined)
  if (preferred !== undefined) extra.push(wire.lifetimeAttribute(preferred, wire.INFINITE_LIFETIME, host))
  return addressOf(request, extra, isFour ? scope : 0, flags & 0xff)
}

function addressOf(
  { interfaceIndex, address, prefixLength, peer = address }: Parameters<RouteClient['deleteAddress']>[0],
  extra: readonly wire.Attribute[],
  scope: number,
  flags: number,
): Uint8Array {
  const attributes = [
    wire.bytesAttribute(wire.IFA_LOCAL, addressBytes(address)),
    wire.bytesAttribute(wire.IFA_ADDRESS, addressBytes(peer)),
    ...extra,
  ]
  return wire.encodeAddressMessage(
    { family: numberOf(familyOf(address)), prefixLength, flags, scope, index: interfaceIndex, attributes },
    host,
  )
}
