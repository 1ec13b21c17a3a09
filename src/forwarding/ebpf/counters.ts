/** Totals, read live from the per-CPU maps. What has carried nothing costs no more than the look at its zeros. */

import type { BpfMap } from '../../sys/bpf/index.ts'
import type { ServiceCounters, TrafficCounters } from '../index.ts'
import { Estimator } from './estimator.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'
import type { Table } from './table.ts'

const NO_TRAFFIC: TrafficCounters = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const NO_LOAD = layout.load.decode(new Uint8Array(layout.load.size))
/** Entries read by one system call. */
const SLICE = 1_024

/** What is estimated: services by their key, destinations by their slot. */
export type Rates = { readonly services: Estimator<string>; readonly slots: Estimator<number> }

export const noRates = (): Rates => ({ services: new Estimator(), slots: new Estimator('without-traffic') })

/** Reads all totals for the estimators; to be called every ESTIMATION_INTERVAL. */
export function sampleRates({ maps }: Director, table: Table, { services, slots }: Rates): void {
  const totals = totalsBySlot(maps, table)
  slots.sample(totals)
  services.sample(totalsByService(maps, table, totals))
}

export function readCounters({ maps }: Director, table: Table, rates: Rates = noRates()): ServiceCounters[] {
  const totals = totalsBySlot(maps, table)
  const ofServices = totalsByService(maps, table, totals)
  const loads = frontOf(maps.loads, table.room(), (bytes) => layout.load.decode(bytes))
  return [...table.counted()].map(({ key, slots }) => ({
    serviceKey: key,
    rates: rates.services.rates(key),
    ...(ofServices.get(key) ?? NO_TRAFFIC),
    destinations: slots.map(({ index, destinationKey }) => {
      const load = loads.get(index) ?? NO_LOAD
      const active = Math.max(0, (load.active + load.embryo_active) | 0)
      const total = Math.max(0, (load.total + load.embryo_total) | 0)
      return {
        destinationKey,
        rates: rates.slots.rates(index),
        ...(totals.get(index) ?? NO_TRAFFIC),
        activeConnections: active,
        inactiveConnections: Math.max(0, total - active),
        persistentConnections: Math.max(0, load.persistent | 0),
      }
    }),
  }))
}

/** Of each service: what its destinations have carried, those that were removed and those that are forgotten. */
function totalsByService(
  maps: Director['maps'],
  table: Table,
  bySlot: ReadonlyMap<number, TrafficCounters>,
): ReadonlyMap<string, TrafficCounters> {
  const ids = new Map<string, number>()
  const sums = new Map<string, TrafficCounters>()
  const retired = frontOf(maps.retired, table.serviceRoom(), sumOfProcessors)
  for (const { key, id } of table.counted()) {
    ids.set(key, id)
    sums.set(key, retired.get(id) ?? NO_TRAFFIC)
  }
  for (const [index, totals] of bySlot) {
    const slot = table.slotAt(index)
    if (slot === undefined || ids.get(slot.serviceKey) !== slot.serviceId) continue
    sums.set(slot.serviceKey, add(sums.get(slot.serviceKey) ?? NO_TRAFFIC, totals))
  }
  return sums
}

export function readExits({ maps }: { readonly maps: Pick<Director['maps'], 'exits'> }): Record<string, number> {
  const exits: Record<string, number> = {}
  for (const [index, name] of layout.exitNames.entries()) {
    const bytes = maps.exits.lookup(u32(index))
    exits[name] = bytes === undefined ? 0 : new BigUint64Array(bytes.buffer).reduce((sum, n) => sum + Number(n), 0)
  }
  return exits
}

/** Adds what a slot has carried to what is kept of a service's forgotten destinations. */
export function keepTotals({ maps }: Director, serviceId: number, slot: number): void {
  const totals = add(readTraffic(maps.retired, serviceId) ?? NO_TRAFFIC, readTotals(maps, slot))
  writeTraffic(maps.retired, serviceId, totals)
}

/** What slots have carried that have, read a thousand at a time: of tens of thousands this is most of the work. */
function totalsBySlot(maps: Director['maps'], table: Table): ReadonlyMap<number, TrafficCounters> {
  const whole = frontOf(maps.dest_traffic, table.room(), sumOfProcessors)
  const baselines = whole.size === 0 ? whole : frontOf(maps.baselines, table.room(), sumOfProcessors)
  const totals = new Map<number, TrafficCounters>()
  for (const [slot, sum] of whole)
    if (table.slotAt(slot) !== undefined) totals.set(slot, since(sum, baselines.get(slot)))
  return totals
}

/** What an array holds before `count`, by index; what is all zeros is left out. Values are of whole words. */
export function frontOf<T>(map: BpfMap, count: number, decode: (bytes: Uint8Array) => T): ReadonlyMap<number, T> {
  const found = new Map<number, T>()
  if (count === 0) return found
  let first = 0
  for (const slice of map.slices(Math.min(count, SLICE))) {
    const words = new Uint32Array(slice.values.buffer, slice.values.byteOffset, slice.values.length >> 2)
    const size = map.readSize >> 2
    const end = Math.min(slice.count, count - first) * size
    for (let at = 0; at < end; at++) {
      if (words[at] === 0) continue
      const i = Math.floor(at / size)
      found.set(first + i, decode(slice.values.subarray(i * map.readSize, (i + 1) * map.readSize)))
      at = (i + 1) * size - 1
    }
    first += slice.count
    if (first >= count) break
  }
  return found
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** What a destination has carried since its counters were last set to zero. */
function readTotals(maps: Director['maps'], slot: number): TrafficCounters {
  const whole = readTraffic(maps.dest_traffic, slot)
  return whole === undefined ? NO_TRAFFIC : since(whole, readTraffic(maps.baselines, slot))
}

/** Either is undefined where it is all zeros; of what has carried nothing there was nothing to set to zero. */
function since(whole: TrafficCounters | undefined, baseline = NO_TRAFFIC): TrafficCounters {
  if (whole === undefined) return NO_TRAFFIC
  return {
    connections: whole.connections - baseline.connections,
    inPackets: whole.inPackets - baseline.inPackets,
    outPackets: whole.outPackets - baseline.outPackets,
    inBytes: whole.inBytes - baseline.inBytes,
    outBytes: whole.outBytes - baseline.outBytes,
  }
}

/**
 * Counters to zero for whoever reads them; those of the programs go on.
 * @param key  of the only service that is meant; undefined: all
 */
export function zeroTotals({ maps }: Director, table: Table, key?: string): void {
  const ids = new Map<string, number>()
  for (const one of table.counted()) if (key === undefined || one.key === key) ids.set(one.key, one.id)
  for (const [index, totals] of frontOf(maps.dest_traffic, table.room(), sumOfProcessors)) {
    const slot = table.slotAt(index)
    if (slot !== undefined && ids.get(slot.serviceKey) === slot.serviceId) writeTraffic(maps.baselines, index, totals)
  }
  for (const id of ids.values()) writeTraffic(maps.retired, id, NO_TRAFFIC)
}

function writeTraffic(map: BpfMap, index: number, totals: TrafficCounters): void {
  const written = map.update(
    u32(index),
    layout.traffic.encode({
      conns: totals.connections,
      in_packets: totals.inPackets,
      out_packets: totals.outPackets,
      in_bytes: totals.inBytes,
      out_bytes: totals.outBytes,
    }),
  )
  if (!written.ok) throw new Error(written.error.message)
}

/** undefined: all zeros. */
function readTraffic(map: BpfMap, index: number): TrafficCounters | undefined {
  const bytes = map.lookup(u32(index))
  return bytes === undefined || isZero(bytes) ? undefined : sumOfProcessors(bytes)
}

/** @param bytes of a per-CPU map one value a processor, else one */
function sumOfProcessors(bytes: Uint8Array): TrafficCounters {
  let sum = NO_TRAFFIC
  for (let at = 0; at < bytes.length; at += layout.traffic.size) {
    const one = layout.traffic.decode(bytes, at)
    sum = add(sum, {
      connections: one.conns,
      inPackets: one.in_packets,
      outPackets: one.out_packets,
      inBytes: one.in_bytes,
      outBytes: one.out_bytes,
    })
  }
  return sum
}

const add = (a: TrafficCounters, b: TrafficCounters): TrafficCounters => ({
  connections: a.connections + b.connections,
  inPackets: a.inPackets + b.inPackets,
  outPackets: a.outPackets + b.outPackets,
  inBytes: a.inBytes + b.inBytes,
  outBytes: a.outBytes + b.outBytes,
})
