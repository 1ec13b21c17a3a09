/** Totals, read live from the per-CPU maps. */

import type { BpfMap } from '../../sys/bpf/index.ts'
import type { ServiceCounters, TrafficCounters } from '../index.ts'
import { Estimator } from './estimator.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'
import type { Table } from './table.ts'

const NO_TRAFFIC: TrafficCounters = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }

/** What is estimated: services by their key, destinations by their slot. */
export type Rates = { readonly services: Estimator<string>; readonly slots: Estimator<number> }

export const noRates = (): Rates => ({ services: new Estimator(), slots: new Estimator() })

/** Reads all totals for the estimators; to be called every ESTIMATION_INTERVAL. */
export function sampleRates({ maps }: Director, table: Table, { services, slots }: Rates): void {
  const totals = totalsBySlot(maps, table)
  const carried = table.slotsByService()
  slots.sample(totals)
  services.sample(
    [...table.counted()].map(({ key, id }) => {
      const of = carried(key, id).map((slot) => totals.get(slot) ?? NO_TRAFFIC)
      return [key, of.reduce(add, readTraffic(maps.retired, id))] as const
    }),
  )
}

export function readCounters({ maps }: Director, table: Table, rates: Rates = noRates()): ServiceCounters[] {
  const totals = totalsBySlot(maps, table)
  const carried = table.slotsByService()
  const carriedBy = (slot: number): TrafficCounters => totals.get(slot) ?? NO_TRAFFIC
  return [...table.counted()].map(({ key, id, slots }) => ({
    serviceKey: key,
    rates: rates.services.rates(key),
    ...carried(key, id).reduce((sum, index) => add(sum, carriedBy(index)), readTraffic(maps.retired, id)),
    destinations: slots.map(({ index, destinationKey }) => {
      const bytes = maps.loads.lookup(u32(index))
      const load = layout.load.decode(bytes ?? new Uint8Array(layout.load.size))
      const active = Math.max(0, (load.active + load.embryo_active) | 0)
      const total = Math.max(0, (load.total + load.embryo_total) | 0)
      return {
        destinationKey,
        rates: rates.slots.rates(index),
        ...carriedBy(index),
        activeConnections: active,
        inactiveConnections: Math.max(0, total - active),
        persistentConnections: Math.max(0, load.persistent | 0),
      }
    }),
  }))
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
  const totals = add(readTraffic(maps.retired, serviceId), readTotals(maps, slot))
  writeTraffic(maps.retired, serviceId, totals)
}

/** Each slot once: of tens of thousands this is most of the work. */
const totalsBySlot = (maps: Director['maps'], table: Table): ReadonlyMap<number, TrafficCounters> =>
  new Map(table.usedSlots().map((slot) => [slot, readTotals(maps, slot)]))

/** What a destination has carried since its counters were last set to zero. */
function readTotals(maps: Director['maps'], slot: number): TrafficCounters {
  const whole = readTraffic(maps.dest_traffic, slot)
  // Then there was nothing to set to zero, and many destinations have nothing to do.
  if (whole.connections === 0 && whole.inPackets === 0 && whole.outPackets === 0) return NO_TRAFFIC
  const { connections, inPackets, outPackets, inBytes, outBytes } = readTraffic(maps.baselines, slot)
  return {
    connections: whole.connections - connections,
    inPackets: whole.inPackets - inPackets,
    outPackets: whole.outPackets - outPackets,
    inBytes: whole.inBytes - inBytes,
    outBytes: whole.outBytes - outBytes,
  }
}

/** Counters to zero for whoever reads them; those of the programs go on. */
export function zeroTotals({ maps }: Director, serviceId: number, slots: readonly number[]): void {
  for (const slot of slots) writeTraffic(maps.baselines, slot, readTraffic(maps.dest_traffic, slot))
  writeTraffic(maps.retired, serviceId, NO_TRAFFIC)
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

/** The sum over all processors. */
function readTraffic(map: BpfMap, index: number): TrafficCounters {
  const bytes = map.lookup(u32(index))
  let sum = NO_TRAFFIC
  for (let at = 0; bytes !== undefined && at < bytes.length; at += layout.traffic.size) {
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
