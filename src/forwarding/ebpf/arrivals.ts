/** What another director tells of its connections, on its way into the tables (ip_vs_sync.c, ip_vs_proc_conn). */

import { addressFromBytes, type Family, hostIsLittleEndian as host } from '../../base/index.ts'
import type { ForwardingMethod } from '../../model/index.ts'
import { connectionFlags as flag, type SyncedConnection } from '../../wire/ipvs-sync/index.ts'
import { type Destination, endpoint, serviceKey } from '../index.ts'
import type { TakenIn } from '../sync/index.ts'
import * as layout from './layout.ts'
import { type Places, places4, places6 } from './news.ts'
import type { Director } from './program.ts'
import { readHeld } from './settings.ts'
import { protocolName, type Slot } from './slot.ts'
import type { Table } from './table.ts'

/** ip_vs_sync.c: of a template that came by version 0. */
const TEMPLATE_TIMEOUT = 180
const LONGEST_TIMEOUT = 31 * 24 * 3600
const TEMPLATE_STATES = 2

/** Whatever was heard of a connection is older. */
const ALWAYS = 0xffff_ffff

const { tcp, udp, sctp } = layout.protocolNumbers
const states: Readonly<Record<number, number>> = {
  [tcp]: layout.tcpStateNames.length,
  [udp]: 1,
  [sctp]: layout.sctpStateNames.length,
}

/** Records for the program `take_in`, of one family and kind. */
type Queue = { readonly family: Family; readonly ofTemplates: boolean; readonly bytes: Uint8Array; count: number }

const ARRIVAL_PLACES = new Uint8Array(Uint32Array.from({ length: layout.ARRIVALS_SIZE }, (_, i) => i).buffer)

export class Arrivals {
  readonly #director: Director
  readonly #table: Table
  /** Slots by what a message says of service and destination. */
  readonly #known = new Map<string, Slot>()
  /** Interfaces by the network of clients, as wide as one link mostly is. */
  readonly #ways = new Map<string, number>()

  constructor(director: Director, table: Table) {
    this.#director = director
    this.#table = table
  }

  /** Services, destinations or slots are not what they were, or routes. */
  forget(): void {
    this.#known.clear()
    this.#ways.clear()
  }

  /** The interface by which answers of NAT servers go until a packet of the client tells: that of its network. */
  #wayTo(client: Uint8Array): number {
    const network = latin(client.subarray(0, client.length === 4 ? 3 : 8))
    const known = this.#ways.get(network)
    if (known !== undefined) return known
    const way = this.#table.interfaceTo(addressFromBytes(client))
    this.#ways.set(network, way)
    return way
  }

  takeIn(connections: readonly SyncedConnection[], asOf = ALWAYS): TakenIn {
    const taken = { entered: 0, renewed: 0, refused: 0, invalid: 0 }
    const queues = new Map<number, Queue>()
    const timeouts = readHeld(this.#director)
    const flush = (queue: Queue) => {
      const result = this.#call(queue, asOf)
      taken.entered += result.entered
      taken.renewed += result.renewed
      taken.refused += result.refused
      queue.count = 0
    }
    for (const connection of connections) {
      if (!isPossible(connection)) {
        taken.invalid += 1
        continue
      }
      const slot = this.#slotFor(connection)
      if (slot === undefined) {
        taken.refused += 1
        continue
      }
      const queue = queueFor(queues, connection)
      const places = queue.family === 4 ? places4 : places6
      if (queue.ofTemplates) putTemplate(queue, places, connection, slot)
      else if (!putConnection(queue, places, connection, slot, timeouts, (client) => this.#wayTo(client))) {
        taken.invalid += 1
        continue
      }
      queue.count += 1
      if (queue.count === layout.ARRIVALS_SIZE) flush(queue)
    }
    for (const queue of queues.values()) if (queue.count > 0) flush(queue)
    return taken
  }

  #call({ family, ofTemplates, bytes, count }: Queue, asOf: number): ReturnType<typeof layout.takeInArguments.decode> {
    const tables = this.#director.tables.get(family)
    if (tables === undefined) return { count, of_templates: 0, as_of: asOf, entered: 0, renewed: 0, refused: count }
    const { arrivals, takeIn } = tables
    const size = arrivals.info.valueSize
    const queued = arrivals.updateBatch(ARRIVAL_PLACES.subarray(0, 4 * count), bytes.subarray(0, count * size), count)
    if (!queued.ok) throw new Error(queued.error.message)
    const args = layout.takeInArguments.encode({ count, of_templates: ofTemplates ? 1 : 0, as_of: asOf })
    const done = takeIn.call(args)
    if (!done.ok) throw new Error(done.error.message)
    return layout.takeInArguments.decode(args)
  }

  /** That of the destination; where there is none here, one that waits for it. */
  #slotFor(connection: SyncedConnection): Slot | undefined {
    const { protocol, virtual, virtualPort, destination, destinationPort, mark, flags } = connection
    const name = `${protocol} ${mark} ${latin(virtual)} ${virtualPort} ${latin(destination)} ${destinationPort}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const family: Family = virtual.length === 4 ? 4 : 6
    const address = addressFromBytes(virtual)
    const byAddress = { kind: 'address', protocol: protocolName(protocol), address } as const
    const keys =
      mark === 0
        ? [serviceKey({ ...byAddress, port: virtualPort }), serviceKey({ ...byAddress, port: 0 })]
        : [serviceKey({ kind: 'fwmark', mark, family })]
    const [key = ''] = keys
    const server = addressFromBytes(destination)
    const wanted: Destination = {
      address: server,
      port: destinationPort,
      weight: 0,
      method: connection.local === undefined ? methodOf(flags) : 'fullnat',
      upperThreshold: 0,
      lowerThreshold: 0,
    }
    const slot =
      this.#table.slotOfServer(keys, server, destinationPort) ??
      this.#table.slotAwaiting(
        key,
        mark === 0 ? { protocol, address, port: virtualPort, mark: 0 } : { protocol: 0, address, port: 0, mark },
        endpoint(wanted),
        wanted,
      )
    if (slot !== undefined) this.#known.set(name, slot)
    return slot
  }
}

function queueFor(queues: Map<number, Queue>, { client, flags }: SyncedConnection): Queue {
  const ofTemplates = (flags & flag.template) !== 0
  const name = client.length + (ofTemplates ? 1 : 0)
  const found = queues.get(name)
  if (found !== undefined) return found
  const family = client.length === 4 ? 4 : 6
  const { connectionNews } = family === 4 ? places4 : places6
  const made: Queue = { family, ofTemplates, bytes: new Uint8Array(layout.ARRIVALS_SIZE * connectionNews), count: 0 }
  queues.set(name, made)
  return made
}

function isPossible({ protocol, flags, state, mark }: SyncedConnection): boolean {
  if ((flags & flag.onePacket) !== 0) return false
  if ((flags & flag.template) === 0) return state < (states[protocol] ?? 0)
  return (
    (flags & flag.noClientPort) === 0 &&
    state < TEMPLATE_STATES &&
    (protocol in states || (protocol === 0 && mark !== 0))
  )
}

/** False: FULLNAT to which the other end of its connection is not told. */
function putConnection(
  { bytes, count }: Queue,
  { flow, flowSize, connection: of, connectionNews }: Places,
  connection: SyncedConnection,
  slot: Slot,
  timeouts: ReturnType<typeof readHeld>,
  wayTo: (client: Uint8Array) => number,
): boolean {
  const { protocol, flags, state, local } = connection
  // How it is forwarded is for this director to say, where it knows the server.
  const { method } = slot.destination
  if (method === 'fullnat' && local === undefined) return false
  const at = count * connectionNews
  const value = at + flowSize
  bytes.fill(0, at, at + connectionNews)
  const view = new DataView(bytes.buffer)
  bytes.set(connection.client, at + flow.source)
  bytes.set(connection.virtual, at + flow.target)
  view.setUint16(at + flow.source_port, connection.clientPort)
  view.setUint16(at + flow.target_port, connection.virtualPort)
  view.setUint8(at + flow.protocol, protocol)
  const isActive = (flags & flag.inactive) === 0 && activeStates(protocol, state)
  view.setUint32(
    value + of.status,
    state |
      layout.CONNECTION_SYNCED |
      (isActive ? layout.CONNECTION_ACTIVE : 0) |
      (method === 'nat' || method === 'fullnat' ? layout.CONNECTION_NAT : layout.CONNECTION_NO_OUTPUT) |
      (method === 'fullnat' ? layout.CONNECTION_FULLNAT : 0) |
      (method === 'fullnat' && local?.tell === true ? layout.CONNECTION_TOA : 0) |
      (method === 'fullnat' && local?.told === true ? layout.CONNECTION_TOLD : 0),
    host,
  )
  view.setUint32(
    value + of.timeout,
    Math.min(connection.timeout ?? timeoutOf(protocol, state, timeouts), LONGEST_TIMEOUT),
    host,
  )
  view.setUint32(value + of.destination, slot.index, host)
  bytes.set(connection.destination, value + of.address)
  view.setUint16(value + of.port, connection.destinationPort)
  if (method === 'nat' || method === 'fullnat') view.setUint32(value + of.ifindex, wayTo(connection.client), host)
  view.setUint32(value + of.packets, timeouts.sync_threshold, host)
  if (local === undefined || method !== 'fullnat') return true
  bytes.set(local.address, value + of.local)
  view.setUint16(value + of.local_port, local.port)
  view.setUint32(value + of.delta, local.delta, host)
  return true
}

function putTemplate({ bytes, count }: Queue, places: Places, connection: SyncedConnection, slot: Slot): void {
  const { key, keySize, template, connectionNews } = places
  const at = count * connectionNews
  const value = at + keySize
  bytes.fill(0, at, at + connectionNews)
  const view = new DataView(bytes.buffer)
  bytes.set(connection.client, at + key.client)
  bytes.set(connection.virtual, at + key.target)
  view.setUint16(at + key.target_port, connection.virtualPort)
  view.setUint8(at + key.protocol, connection.protocol)
  view.setUint32(value + template.destination, slot.index, host)
  view.setUint32(value + template.timeout, Math.min(connection.timeout ?? TEMPLATE_TIMEOUT, LONGEST_TIMEOUT), host)
  view.setUint32(value + template.flags, connection.state === 0 ? 0 : layout.TEMPLATE_ASSURED, host)
}

/** As tcp_active() and sctp_active() in state.h. */
function activeStates(protocol: number, state: number): boolean {
  if (protocol === tcp) return ACTIVE_TCP.has(layout.tcpStateNames[state])
  return protocol === sctp && layout.sctpStateNames[state] === 'ESTABLISHED'
}
const ACTIVE_TCP: ReadonlySet<string | undefined> = new Set(['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK'])

function timeoutOf(protocol: number, state: number, held: ReturnType<typeof readHeld>): number {
  if (protocol === udp) return held.udp_timeout
  return (protocol === tcp ? held.tcp_timeouts : held.sctp_timeouts)[state] ?? 0
}

function methodOf(flags: number): ForwardingMethod {
  const method = flags & flag.methodMask
  if (method === flag.masquerade) return 'nat'
  return method === flag.tunnel ? 'tun' : 'dr'
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
