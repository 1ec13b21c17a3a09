import { fail, hostIsLittleEndian as host, ok } from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { isWouldBlock, systemError } from '../descriptor/index.ts'
import { openGroupSocket } from './netlink-socket.ts'
import { ownRoutingFilter } from './own-routing-filter.ts'
import { type OpenRouteMonitor, ROUTE_PROTOCOL, type RouteEvent } from './ports.ts'
import { readAddress, readLink, readNeighbour } from './read-message.ts'

/** RTNLGRP_* (linux/rtnetlink.h), both families where there are two. */
const GROUPS = { link: [1], neighbour: [3], address: [5, 9], route: [7, 11], 'own-routing': [7, 8, 11, 19] } as const

/** Datagrams taken at one wake-up; the rest wakes the loop again. */
const BATCH = 128
/** Some thousand changes that come at once. */
const RECEIVE_BUFFER = 1_048_576

export const openRouteMonitor: OpenRouteMonitor = ({ groups, onEvent, receiveBuffer = 0 }) => {
  const opened = openGroupSocket(
    groups.flatMap((group) => GROUPS[group]),
    Math.max(RECEIVE_BUFFER, receiveBuffer),
    groups.every((group) => group === 'own-routing') ? ownRoutingFilter() : undefined,
  )
  if (!opened.ok) return fail({ code: opened.error.code, message: opened.error.message })
  const socket = opened.value
  const { descriptor } = socket

  /** From a loss until the queue is empty: only then does the kernel tell of the next one. */
  let lost = false
  const watchesAll = groups.includes('route')
  const watchesOwn = groups.includes('own-routing')

  const watching = descriptor.whenReadable(() => {
    let routesChanged = false
    let routingRemoved = false
    // A handler may close the monitor, so each turn looks.
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      const received = socket.receive()
      if (typeof received === 'number' && isWouldBlock(received)) {
        if (lost) onEvent({ type: 'resync' })
        lost = false
        break
      }
      // ENOBUFS: the kernel dropped events. Any other error, or a datagram we cannot read, has lost some too.
      if (typeof received === 'number' || received.type === 'unreadable') {
        lost = true
        continue
      }
      // What was queued before the loss is older than the state that will be read.
      if (lost) continue
      for (const message of received.messages) {
        if (watchesOwn && tellsOfRemovedRouting(message)) routingRemoved = true
        const event = eventOf(message)
        if (event?.type === 'route-changed') routesChanged = true
        else if (event !== undefined && !descriptor.closed) onEvent(event)
      }
    }
    // Routes change in bursts and the event says no more than that they did: once a wake-up.
    if (routesChanged && watchesAll && !descriptor.closed) onEvent({ type: 'route-changed' })
    if (routingRemoved && !descriptor.closed) onEvent({ type: 'routing-removed' })
  })
  if (watching < 0) {
    socket.close()
    const { code, message } = systemError('epoll_ctl', watching)
    return fail({ code, message })
  }
  return ok({ close: () => socket.close() })
}

/** A route of ours went, or a rule: rules are few, and those of older kernels do not tell whose they are. */
function tellsOfRemovedRouting({ type, payload }: wire.NetlinkMessage): boolean {
  if (type === wire.RTM_DELRULE) return true
  if (type !== wire.RTM_DELROUTE) return false
  const decoded = wire.decodeRouteMessage(payload, host)
  return decoded.ok && decoded.value.protocol === ROUTE_PROTOCOL
}

/** Undefined for messages of other kinds and families. */
function eventOf({ type, payload }: wire.NetlinkMessage): RouteEvent | undefined {
  switch (type) {
    case wire.RTM_NEWLINK: {
      const link = readLink(payload)
      return link && { type: 'link', link }
    }
    case wire.RTM_DELLINK: {
      const link = readLink(payload)
      return link && { type: 'link-removed', index: link.index, name: link.name }
    }
    case wire.RTM_NEWADDR: {
      const address = readAddress(payload)
      return address && { type: 'address', address }
    }
    case wire.RTM_DELADDR: {
      const address = readAddress(payload)
      return address && { type: 'address-removed', address }
    }
    case wire.RTM_NEWNEIGH:
    case wire.RTM_DELNEIGH: {
      const neighbour = readNeighbour(payload)
      return neighbour && { type: 'neighbour', neighbour, removed: type === wire.RTM_DELNEIGH }
    }
    case wire.RTM_NEWROUTE:
    case wire.RTM_DELROUTE:
      return { type: 'route-changed' }
    default:
      return undefined
  }
}
