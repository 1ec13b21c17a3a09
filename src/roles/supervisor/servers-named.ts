import { fail, ok, parseAddress, type Result } from '../../base/index.ts'
import {
  type Configuration,
  endpoint,
  realServerKey,
  serviceKey,
  servicesOf,
  type VirtualServer,
} from '../../model/index.ts'
import type { ServerPlace } from '../../proto/server-orders/index.ts'

/** Every real server where it stands. */
export const placesIn = ({ virtualServers }: Pick<Configuration, 'virtualServers'>): readonly ServerPlace[] =>
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

/** As many are told by name. */
const MOST_TOLD = 5

/** What to say where nobody is meant: what there is at the same address, if anything. */
export function nobodyNamed(named: string, places: readonly ServerPlace[], service: string | undefined): string {
  const there = service === undefined ? 'no virtual server has' : `${service} does not have`
  const others = new Set<string>()
  for (const { address, realServer } of places)
    if (hostOf(realServer) === hostOf(named)) others.add(realServer.endsWith(':0') ? address : realServer)
  const shown = [...others].slice(0, MOST_TOLD).join(', ')
  const more = others.size > MOST_TOLD ? ` and ${others.size - MOST_TOLD} more` : ''
  return `${there} a real server ${named}${others.size === 0 ? '' : `; there is ${shown}${more}`}`
}

/** An address or an endpoint without its port. */
const hostOf = (name: string): string => /^\[(.+)\]:\d+$/.exec(name)?.[1] ?? name.replace(/^([^:]+):\d+$/, '$1')

/** The virtual server of this name: its key, one of its services, with or without the protocol, `fwmark N` or its group. */
export function virtualServerNamed(model: Configuration, name: string): Result<VirtualServer, string> {
  const [found, ...more] = model.virtualServers.filter((server) => namesOf(server).includes(name))
  if (found !== undefined && more.length === 0) return ok(found)
  if (found !== undefined)
    return fail(`${name} may be ${[found, ...more].map(({ key }) => key).join(' or ')}; name one of them`)
  const known = model.virtualServers.slice(0, 10).map(({ key }) => key)
  const others = model.virtualServers.length - known.length
  return fail(
    `there is no virtual server ${name}; there are ${known.join(', ')}${others > 0 ? ` and ${others} more` : ''}`,
  )
}

const namesOf = (server: VirtualServer): readonly string[] => [
  ...(server.group === undefined ? [] : [server.group.name]),
  ...servicesOf(server).flatMap((one) => [
    serviceKey(one),
    ...(one.kind === 'fwmark' ? [`fwmark ${one.mark}`] : [endpoint(one)]),
  ]),
]
