import { fail, ok, parseAddress, type Result } from '../../base/index.ts'
import {
  type Configuration,
  endpoint,
  realServerKey,
  serviceKey,
  servicesOf,
  type VirtualServer,
} from '../../model/index.ts'

/** A real server in one virtual server. */
export type NamedServer = { readonly service: string; readonly address: string; readonly realServer: string }

/** Every real server where it stands. */
export const placesIn = ({ virtualServers }: Pick<Configuration, 'virtualServers'>): readonly NamedServer[] =>
  virtualServers.flatMap(({ key, realServers }) =>
    realServers.map((real) => ({ service: key, address: real.address, realServer: realServerKey(real) })),
  )

/**
 * What a user means by the name of a real server: an address in its usual form, with or without a port. The failure is a
 * sentence.
 */
export function realServerNamed(text: string): Result<string, string> {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const address = parseAddress(match === null ? text : (match[1] ?? match[2] ?? ''))
  if (address === undefined) return fail(`${text} is no real server; write 10.0.0.1:80, [2001:db8::1]:80 or an address`)
  return ok(match === null ? address : endpoint({ address, port: Number(match[3]) }))
}

/** The virtual server of this name: its key, one of its services, with or without the protocol, `fwmark N` or its group. */
export function virtualServerNamed(model: Configuration, name: string): Result<VirtualServer, string> {
  const found = model.virtualServers.find((server) => namesOf(server).includes(name))
  if (found !== undefined) return ok(found)
  const known = model.virtualServers.slice(0, 10).map(({ key }) => key)
  const more = model.virtualServers.length - known.length
  return fail(`there is no virtual server ${name}; there are ${known.join(', ')}${more > 0 ? ` and ${more} more` : ''}`)
}

const namesOf = (server: VirtualServer): readonly string[] => [
  ...(server.group === undefined ? [] : [server.group.name]),
  ...servicesOf(server).flatMap((one) => [
    serviceKey(one),
    ...(one.kind === 'fwmark' ? [`fwmark ${one.mark}`] : [endpoint(one)]),
  ]),
]
