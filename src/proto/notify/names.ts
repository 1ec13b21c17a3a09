import type { RealServer, ServiceAddress, VirtualServer } from '../../model/index.ts'

/** What FIFOs and mail call a virtual server: `[192.0.2.1]:tcp:80`, `FWM 7` or `[GROUP]:0` (keepalived). */
export function nameOfService({ service, group }: Pick<VirtualServer, 'service' | 'group'>): string {
  if (group !== undefined) return `[${group.name}]:0`
  return service.kind === 'fwmark' ? `FWM ${service.mark}` : endpointName(service, service)
}

/** And a real server: `[10.0.0.1]:tcp:80`. */
export function nameOfServer({ address, port, checkers }: RealServer, server: VirtualServer): string {
  // A firewall mark gives its servers no port; the one that is written is what their checkers ask.
  const asked = checkers.flatMap((checker) => ('target' in checker ? [checker.target.port] : []))
  const service = [server.service, ...(server.group?.others ?? [])].find(({ kind }) => kind === 'address')
  return endpointName({ address, port: port === 0 ? (asked[0] ?? port) : port }, service)
}

/** A firewall mark has no protocol. */
const endpointName = (at: { readonly address: string; readonly port: number }, of: ServiceAddress | undefined) =>
  `[${at.address}]:${of?.kind === 'address' ? of.protocol : 'none'}:${at.port}`
