/** Connections and templates of the tables in the words of IPVS's messages, and back. Called for each of very many: no decoding of whole structs. */

import { addressBytes, familyOf, hostIsLittleEndian as host } from '../../base/index.ts'
import { connectionFlags as flag, type SyncedConnection } from '../../wire/ipvs-sync/index.ts'
import { elapsedSeconds } from './elapsed.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import type { Slot } from './slot.ts'

const SLICE = 2048
/** Before each record of a batch. */
const LENGTH = 4

type Layout = {
  readonly fields: readonly (readonly [name: string, offset: number, size: number])[]
  readonly size: number
}

function offsets<N extends string>(of: Layout, from: number, ...names: readonly N[]): Readonly<Record<N, number>> {
  const found = names.map((name) => {
    const field = of.fields.find(([one]) => one === name)
    if (field === undefined) throw new Error(`no field ${name}`)
    return [name, from + field[1]] as const
  })
  return Object.fromEntries(found) as Record<N, number>
}

const FLOW = ['source', 'target', 'source_port', 'target_port', 'protocol'] as const
const CONNECTION = [
  'status',
  'seen',
  'timeout',
  'destination',
  'address',
  'local',
  'port',
  'local_port',
  'ifindex',
  'packets',
  'delta',
] as const
const KEY = ['client', 'target', 'target_port', 'protocol'] as const
const TEMPLATE = ['destination', 'seen', 'timeout', 'controlled', 'flags'] as const

/** Where the fields of a family's entries are; those of a value count from where it stands in struct *_news. */
function placesOf(size: 4 | 16, { flow, connection, templateKey }: typeof layout.ipv4 | typeof layout.ipv6) {
  return {
    size,
    flow: offsets(flow, 0, ...FLOW),
    connection: offsets(connection, 0, ...CONNECTION),
    key: offsets(templateKey, 0, ...KEY),
    template: offsets(layout.template, 0, ...TEMPLATE),
    flowSize: flow.size,
    keySize: templateKey.size,
    connectionNews: flow.size + connection.size,
    templateNews: templateKey.size + layout.template.size,
  }
}
export type Places = ReturnType<typeof placesOf>
export const places4 = placesOf(4, layout.ipv4)
export const places6 = placesOf(16, layout.ipv6)

export type SlotBehind = (index: number) => Slot | undefined

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** The records of a batch from the ring `news`; one whose destination is gone is left out. */
export function readNews(batch: Uint8Array, slotBehind: SlotBehind): SyncedConnection[] {
  const found: SyncedConnection[] = []
  const view = viewOf(batch)
  for (let at = 0; at + LENGTH <= batch.length; ) {
    const size = view.getUint32(at, host)
    const from = at + LENGTH
    at = from + size
    const places = size === places4.connectionNews || size === places4.templateNews ? places4 : places6
    const one =
      size === places.connectionNews
        ? connectionAt(batch, view, places, from, view, from + places.flowSize, slotBehind)
        : templateAt(batch, view, places, from, view, from + places.keySize, slotBehind)
    if (one !== undefined) found.push(one)
  }
  return found
}

/** Connections that have been established, and templates, in parts; what has expired is left out. */
export function* readAll(
  { tables }: Director,
  slotBehind: SlotBehind,
  now: () => number,
): Generator<readonly SyncedConnection[], void, void> {
  for (const { family, connections, templates } of tables.values()) {
    const places = family === 4 ? places4 : places6
    /** Seconds until it expires; negative: it has. */
    const left = (values: DataView, at: number, of: { readonly seen: number; readonly timeout: number }): number =>
      values.getUint32(at + of.timeout, host) - elapsedSeconds(values.getUint32(at + of.seen, host), now())
    for (const [map, read, keySize, valueSize, of] of [
      [connections, connectionAt, places.flowSize, places.connectionNews - places.flowSize, places.connection],
      [templates, templateAt, places.keySize, places.templateNews - places.keySize, places.template],
    ] as const) {
      for (const { count, keys, values } of map.slices(SLICE)) {
        const [keyView, valueView] = [viewOf(keys), viewOf(values)]
        const found: SyncedConnection[] = []
        for (let i = 0; i < count; i++) {
          const expiresIn = left(valueView, i * valueSize, of)
          if (expiresIn < 0) continue
          const one = read(keys, keyView, places, i * keySize, valueView, i * valueSize, slotBehind)
          if (one === undefined) continue
          // A connection's next packet sets its time; a template keeps the one that it has.
          found.push(map === connections ? { ...one, timeout: Math.max(1, expiresIn) } : one)
        }
        yield found
      }
    }
  }
}

function connectionAt(
  keys: Uint8Array,
  keyView: DataView,
  { size, flow, connection: of }: Places,
  key: number,
  view: DataView,
  value: number,
  slotBehind: SlotBehind,
): SyncedConnection | undefined {
  const status = view.getUint32(value + of.status, host)
  if ((status & NOT_TOLD) !== 0) return undefined
  const slot = slotBehind(view.getUint32(value + of.destination, host))
  if (slot === undefined) return undefined
  const part = (view: DataView, at: number) => new Uint8Array(view.buffer, view.byteOffset + at, size)
  const full = (status & layout.CONNECTION_FULLNAT) !== 0
  const method = (status & layout.CONNECTION_NAT) === 0 ? methodOf(slot) : flag.masquerade
  return {
    protocol: keyView.getUint8(key + flow.protocol),
    flags:
      method |
      ((status & layout.CONNECTION_NO_OUTPUT) === 0 ? 0 : flag.noOutput) |
      ((status & layout.CONNECTION_ACTIVE) === 0 ? flag.inactive : 0),
    state: status & layout.STATE_MASK,
    client: keys.subarray(key + flow.source, key + flow.source + size),
    clientPort: keyView.getUint16(key + flow.source_port),
    virtual: keys.subarray(key + flow.target, key + flow.target + size),
    virtualPort: keyView.getUint16(key + flow.target_port),
    destination: part(view, value + of.address),
    destinationPort: view.getUint16(value + of.port),
    mark: slot.virtual.mark,
    timeout: view.getUint32(value + of.timeout, host),
    ...(full && {
      local: {
        address: part(view, value + of.local),
        port: view.getUint16(value + of.local_port),
        delta: view.getUint32(value + of.delta, host),
        tell: (status & layout.CONNECTION_TOA) !== 0,
        told: (status & layout.CONNECTION_TOLD) !== 0,
      },
    }),
  }
}

const NOT_TOLD = layout.CONNECTION_REPLY | layout.CONNECTION_DEAD | layout.CONNECTION_EMBRYO | layout.CONNECTION_BYPASS

function templateAt(
  keys: Uint8Array,
  keyView: DataView,
  { size, key: of, template }: Places,
  key: number,
  view: DataView,
  value: number,
  slotBehind: SlotBehind,
): SyncedConnection | undefined {
  const slot = slotBehind(view.getUint32(value + template.destination, host))
  if (slot === undefined) return undefined
  const { address, port } = slot.destination
  // A message has addresses of one length.
  if ((familyOf(address) === 4) !== (size === 4)) return undefined
  const virtualPort = keyView.getUint16(key + of.target_port)
  return {
    protocol: keyView.getUint8(key + of.protocol),
    flags: methodOf(slot) | flag.template | flag.inactive,
    state: (view.getUint32(value + template.flags, host) & layout.TEMPLATE_ASSURED) === 0 ? 0 : 1,
    client: keys.subarray(key + of.client, key + of.client + size),
    clientPort: 0,
    virtual: keys.subarray(key + of.target, key + of.target + size),
    virtualPort,
    destination: addressBytes(address),
    destinationPort: virtualPort === 0 ? 0 : port,
    mark: slot.virtual.mark,
    timeout: view.getUint32(value + template.timeout, host),
  }
}

function methodOf({ destination: { method } }: Slot): number {
  if (method === 'tun') return flag.tunnel
  return method === 'dr' ? flag.directRouting : flag.masquerade
}
