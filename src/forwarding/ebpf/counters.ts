/** Totals, read live from the per-CPU maps. */

import { possibleCpus } from '../../sys/bpf/index.ts'
import type { ServiceCounters, TrafficCounters } from '../index.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'
import type { Table } from './table.ts'

export function readCounters({ maps }: Director, table: Table): ServiceCounters[] {
  return [...table.counted()].map(({ key, id, slots }) => ({
    serviceKey: key,
    ...readTraffic(maps.service_traffic.lookup(u32(id))),
    destinations: slots.map(({ index, destinationKey }) => {
      const bytes = maps.loads.lookup(u32(index))
      const load = layout.load.decode(bytes ?? new Uint8Array(layout.load.size))
      const active = Math.max(0, (load.active + load.embryo_active) | 0)
      const total = Math.max(0, (load.total + load.embryo_total) | 0)
      return {
        destinationKey,
        ...readTraffic(maps.dest_traffic.lookup(u32(index))),
        activeConnections: active,
        inactiveConnections: Math.max(0, total - active),
        persistentConnections: Math.max(0, load.persistent | 0),
      }
    }),
  }))
}

export function readExits({ maps }: Director): Record<string, number> {
  const exits: Record<string, number> = {}
  for (const [index, name] of layout.exitNames.entries()) {
    const bytes = maps.exits.lookup(u32(index))
    exits[name] = bytes === undefined ? 0 : new BigUint64Array(bytes.buffer).reduce((sum, n) => sum + Number(n), 0)
  }
  return exits
}

function readTraffic(bytes: Uint8Array | undefined): TrafficCounters {
  const sum = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
  if (bytes === undefined) return sum
  for (let cpu = 0; cpu < possibleCpus(); cpu++) {
    const one = layout.traffic.decode(bytes, cpu * layout.traffic.size)
    sum.connections += one.connections
    sum.inPackets += one.in_packets
    sum.outPackets += one.out_packets
    sum.inBytes += one.in_bytes
    sum.outBytes += one.out_bytes
  }
  return sum
}
