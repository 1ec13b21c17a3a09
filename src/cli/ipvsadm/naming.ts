/** How addresses and ports are shown: as numbers, or by the names that were found for them. */

import type { IpAddress } from '../../base/index.ts'
import type { ServiceAddress } from '../../model/index.ts'

export type Naming = {
  /** Undefined: it has no name, or none is wanted. */
  host(address: IpAddress): string | undefined
  service(port: number, protocol: string): string | undefined
}

export const numeric: Naming = { host: () => undefined, service: () => undefined }

/** `name:port`; IPv6 in brackets. @param protocol  undefined: the port stays a number */
export function endpointText(address: IpAddress, port: number, protocol: string | undefined, naming: Naming): string {
  const host = naming.host(address) ?? shown(address)
  const service = protocol === undefined || port === 0 ? undefined : naming.service(port, protocol)
  return `${address.includes(':') ? `[${host}]` : host}:${service ?? port}`
}

/** inet_ntop(3) writes an IPv4 address inside an IPv6 one with dots. */
function shown(address: IpAddress): string {
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address) ?? []
  if (high === undefined || low === undefined) return address
  const numbers = [high, low].map((group) => Number.parseInt(group, 16))
  return `::ffff:${numbers.flatMap((number) => [number >> 8, number & 0xff]).join('.')}`
}

export const protocolOf = (address: ServiceAddress): string | undefined =>
  address.kind === 'fwmark' ? undefined : address.protocol

/** The first two columns of a service: `TCP  192.0.2.1:80`, `FWM  9 IPv6`; IPv4 is cut at 33 characters. */
export function serviceText(of: ServiceAddress, naming: Naming): string {
  if (of.kind === 'fwmark') return `FWM  ${of.mark}${of.family === 6 ? ' IPv6' : ''}`
  const text = `${of.protocol.toUpperCase().padEnd(4)} ${endpointText(of.address, of.port, of.protocol, naming)}`
  return of.address.includes(':') ? text : text.slice(0, 33)
}

/** IPv4 is cut at 28 characters. */
export function serverText(address: IpAddress, port: number, service: ServiceAddress, naming: Naming): string {
  const text = endpointText(address, port, protocolOf(service), naming)
  return address.includes(':') ? text : text.slice(0, 28)
}
