import { fail, ok, parseAddress, parseEndpoint, type Result } from '../../base/index.ts'
import { type Configuration, endpoint, serviceKey, servicesOf, type VirtualServer } from '../../model/index.ts'
import { type ServerPlace, serverPlace } from '../../proto/server-orders/index.ts'

/** Every real server where it stands. */
export const placesIn = ({ virtualServers }: Pick<Configuration, 'virtualServers'>): readonly ServerPlace[] =>
  virtualServers.flatMap(({ key, realServers }) => realServers.map((real) => serverPlace(key, real)))

/** A name of the DNS that cannot be an address: its last label has a letter. */
const HOST_NAME = /^((?:[\w-]+\.)*[\w-]*[a-z_][\w-]*)\.?(:\d{1,5})?$/i

/**
 * What a user means by the name of a real server: an address in its usual form, or a name of the DNS, with or without a port. The
 * failure is a sentence.
 */
export function realServerNamed(text: string): Result<string, string> {
  const at = parseEndpoint(text)
  if (at !== undefined) return ok(endpoint(at))
  const address = parseAddress(text)
  if (address !== undefined) return ok(address)
  const [, name, port = ''] = HOST_NAME.exec(text) ?? []
  if (name !== undefined) return ok(`${name.toLowerCase()}${port}`)
  return fail(
    `${text} is no real server; write 10.0.0.1:80, [2001:db8::1]:80, an address or a name that lists real servers`,
  )
}

/** Does a virtual server, or the one of this key, have its real servers from the DNS by this name? Just now it may list none. */
export const isSourceName = (
  { virtualServers }: Pick<Configuration, 'virtualServers'>,
  named: string,
  service?: string,
) =>
  virtualServers.some(
    ({ key, serverSources = [] }) =>
      (service === undefined || service === key) &&
      serverSources.some((source) => source.kind === 'dns' && source.name === named),
  )

/** As many are told by name. */
const MOST_TOLD = 5

/** What to say where nobody is meant: what there is at the same address, if anything. */
export function nobodyNamed(named: string, places: readonly ServerPlace[], service: string | undefined): string {
  const there = service === undefined ? 'no virtual server has' : `${service} does not have`
  const others = new Set<string>()
  for (const { address, realServer, hostName } of places)
    if ([hostOf(realServer), hostName].includes(hostOf(named)))
      others.add(realServer.endsWith(':0') ? address : realServer)
  const shown = [...others].slice(0, MOST_TOLD).join(', ')
  const more = others.size > MOST_TOLD ? ` and ${others.size - MOST_TOLD} more` : ''
  if (others.size > 0) return `${there} a real server ${named}; there is ${shown}${more}`
  const isName = parseAddress(named) === undefined && parseEndpoint(named) === undefined
  const whose = isName ? '; only those that real_server dns or srv lists have a name, the others their address' : ''
  return `${there} a real server ${named}${whose}`
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
  server.key,
  ...(server.group === undefined ? [] : [server.group.name]),
  ...servicesOf(server).flatMap((one) => [
    serviceKey(one),
    ...(one.kind === 'fwmark' ? [`fwmark ${one.mark}`] : [endpoint(one)]),
  ]),
]
