import type { IpvsDestination, IpvsService, IpvsStatistics } from '../../wire/ipvs/index.ts'
import {
  type DestinationCounters,
  endpoint,
  type ServiceCounters,
  type TrafficCounters,
  type TrafficRates,
} from '../index.ts'

/** @param key  the service's */
export function countersOf(
  key: string,
  { statistics }: IpvsService,
  destinations: readonly IpvsDestination[],
): ServiceCounters {
  return {
    serviceKey: key,
    ...totals(statistics),
    rates: rates(statistics),
    destinations: destinations.map(ofDestination),
  }
}

function ofDestination(destination: IpvsDestination): DestinationCounters {
  const { statistics, counts } = destination
  return {
    destinationKey: endpoint(destination),
    ...totals(statistics),
    rates: rates(statistics),
    activeConnections: counts?.active ?? 0,
    inactiveConnections: counts?.inactive ?? 0,
    persistentConnections: counts?.persistent ?? 0,
  }
}

const totals = (of: IpvsStatistics | undefined): TrafficCounters => ({
  connections: of?.connections ?? 0,
  inPackets: of?.inPackets ?? 0,
  outPackets: of?.outPackets ?? 0,
  inBytes: of?.inBytes ?? 0,
  outBytes: of?.outBytes ?? 0,
})

const rates = (of: IpvsStatistics | undefined): TrafficRates => ({
  connections: of?.connectionRate ?? 0,
  inPackets: of?.inPacketRate ?? 0,
  outPackets: of?.outPacketRate ?? 0,
  inBytes: of?.inByteRate ?? 0,
  outBytes: of?.outByteRate ?? 0,
})
