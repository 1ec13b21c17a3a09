/** What a listing and a saved table say of a service and a destination alike. */

import type { IpAddress } from '../../base/index.ts'
import type { Service } from '../../forwarding/index.ts'
import type { ForwardingMethod, Persistence, ServiceAddress } from '../../model/index.ts'

/** `sh-port` for sh, `flag-2` for those without names of their own. */
export function flagWords({ scheduler, schedulerFlags = [] }: Service): string {
  if (scheduler !== 'sh' && scheduler !== 'mh') return schedulerFlags.join(',')
  return [
    ...(schedulerFlags.includes('flag-1') ? [`${scheduler}-fallback`] : []),
    ...(schedulerFlags.includes('flag-2') ? [`${scheduler}-port`] : []),
  ].join(',')
}

/** The persistence mask where it is not that of one client: dotted, for IPv6 a number of bits. */
export function maskText(service: ServiceAddress, { prefixLength }: Persistence): string | undefined {
  const family = service.kind === 'fwmark' ? service.family : service.address.includes(':') ? 6 : 4
  if (family === 6) return prefixLength === 128 ? undefined : String(prefixLength)
  return prefixLength === 32 ? undefined : dotted(prefixLength)
}

function dotted(bits: number): IpAddress {
  const parts = [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - from))))
  return parts.join('.') as IpAddress
}

export const methodNames: Readonly<Record<ForwardingMethod, string>> = {
  nat: 'Masq',
  dr: 'Route',
  tun: 'Tunnel',
  fullnat: 'FullNat',
}
