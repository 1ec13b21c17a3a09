import process from 'node:process'
import { fail, type IpAddress, isMulticast, ok, parseAddress, type Result } from '../../base/index.ts'
import { loadConfiguration } from '../../config/index.ts'
import { type RealServer, servicesOf } from '../../model/index.ts'
import type { Arrival } from '../../proto/real-server/index.ts'
import { configurationFiles, fullHostName, shortHostName } from '../../sys/files/index.ts'

export type RealServerOptions = {
  /** The director's configuration. */
  readonly config?: string
  /** `direct`, `ipip`, `gre`, `gue:PORT`. */
  readonly arrival?: string
  readonly stateDir: string
  readonly watch?: true
  readonly json?: true
}

/** The virtual addresses of this host, where clients ask for them, and how their packets come. */
export type Duties = {
  readonly addresses: readonly IpAddress[]
  readonly arrivals: readonly Arrival[]
  /** Ports where something should listen; none known without a configuration. */
  readonly ports: readonly { readonly address: IpAddress; readonly port: number }[]
}

/** @param own  addresses of this host */
export function dutiesOf(
  words: readonly string[],
  options: Pick<RealServerOptions, 'config' | 'arrival'>,
  own: ReadonlySet<IpAddress>,
): Result<Duties, string> {
  const arrival = options.arrival === undefined ? undefined : arrivalOf(options.arrival)
  if (options.arrival !== undefined && arrival === undefined)
    return fail(`${options.arrival}: packets come direct, by ipip, by gre or by gue:PORT`)
  const named: IpAddress[] = []
  for (const word of words) {
    const address = parseAddress(word)
    if (address === undefined || isMulticast(address)) return fail(`${word} is not an address that a service can have`)
    named.push(address)
  }
  const given: Duties = { addresses: named, arrivals: arrival === undefined ? [] : [arrival], ports: [] }
  if (options.config === undefined)
    return named.length > 0
      ? ok(given)
      : fail('name virtual addresses, or the configuration of the director: --config FILE')
  const read = dutiesIn(options.config, own)
  if (!read.ok) return read
  return ok({
    addresses: [...new Set([...named, ...read.value.addresses])],
    arrivals: arrival === undefined ? read.value.arrivals : [arrival],
    ports: read.value.ports,
  })
}

function arrivalOf(word: string): Arrival | undefined {
  const [kind = '', port, ...rest] = word.split(':')
  if (kind === 'gue' && /^\d{1,5}$/.test(port ?? '') && Number(port) > 0 && Number(port) < 65536 && rest.length === 0)
    return { kind, port: Number(port) }
  if (port !== undefined) return undefined
  return kind === 'direct' || kind === 'ipip' || kind === 'gre' ? { kind } : undefined
}

/** Services of which a real server that is reached by direct routing or a tunnel is this host. */
function dutiesIn(file: string, own: ReadonlySet<IpAddress>): Result<Duties, string> {
  const loaded = loadConfiguration(configurationFiles, file, {
    hostName: fullHostName(),
    configId: shortHostName(),
    environment: process.env,
  })
  if (loaded.configuration === undefined) return fail(`${file}: no configuration; holdfast config check ${file}`)
  const addresses = new Set<IpAddress>()
  const arrivals = new Map<string, Arrival>()
  const ports: { address: IpAddress; port: number }[] = []
  for (const virtualServer of loaded.configuration.virtualServers)
    for (const realServer of virtualServer.realServers) {
      if (!own.has(realServer.address)) continue
      const arrival = arrivalAt(realServer)
      if (arrival === undefined) continue
      arrivals.set(JSON.stringify(arrival), arrival)
      for (const service of servicesOf(virtualServer)) {
        if (service.kind === 'fwmark') continue
        addresses.add(service.address)
        if (service.protocol === 'tcp' && service.port !== 0)
          ports.push({ address: service.address, port: service.port })
      }
    }
  if (addresses.size === 0)
    return fail(`${file}: no real_server of direct routing or tunnels has an address of this host`)
  return ok({ addresses: [...addresses], arrivals: [...arrivals.values()], ports })
}

function arrivalAt({ method, tunnel }: RealServer): Arrival | undefined {
  if (method === 'dr') return { kind: 'direct' }
  if (method !== 'tun') return undefined
  if (tunnel === undefined || tunnel.type === 'ipip') return { kind: 'ipip' }
  return tunnel.type === 'gue' ? { kind: 'gue', port: tunnel.port } : { kind: 'gre' }
}
