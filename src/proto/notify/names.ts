import type { RealServer, ServiceAddress, VirtualServer } from '../../model/index.ts'

/** What FIFOs and mail call a virtual server: `[192.0.2.1]:tcp:80`, `FWM 7` or `[GROUP]:0` (keepalived). */
export function nameOfService({ service, group }: Pick<VirtualServer, 'service' | 'group'>): string {
  if (group !== undefined) return `[${group.name}]:0`
  return service.kind === 'fwmark' ? `FWM ${service.mark}` : endpointName(service, service)
}

/** And a real server: `[10.0.0.1]:tcp:80`. */
export const nameOfServer = (real: Pick<RealServer, 'address' | 'port'>, server: VirtualServer): string =>
  endpointName(
    real,
    [server.service, ...(server.group?.others ?? [])].find(({ kind }) => kind === 'address'),
  )

/** A firewall mark has no protocol. */
const endpointName = (at: { readonly address: string; readonly port: number }, of: ServiceAddress | undefined) =>
  `[${at.address}]:${of?.kind === 'address' ? of.protocol : 'none'}:${at.port}`
