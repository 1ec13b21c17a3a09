import { type Family, familyOf, type IpAddress, type Micros } from '../base/index.ts'
import type { Checker } from './checker.ts'
import { type RealServer, realServerKey, type VirtualServer } from './virtual-server.ts'

/** A name that is asked for: its addresses of one family, or its services (SRV) and the addresses of their hosts. */
export type ServerName = {
  readonly kind: 'dns' | 'srv'
  /** Absolute, in lower case, without the dot at its end. */
  readonly name: string
  readonly family: Family
  /** An answer counts as long as it says itself, but no shorter and no longer than this; a failure as long as the first. */
  readonly minTtl: Micros
  readonly maxTtl: Micros
}

/** A list of real servers that is kept elsewhere: in a file, or in the DNS. */
export type ServerList =
  | {
      readonly kind: 'file'
      /** Absolute. */
      readonly path: string
    }
  | (ServerName & {
      /** What becomes of the servers when the name is said not to exist. */
      readonly nxdomain: 'keep' | 'remove'
    })

/** Where real servers come from that are not written in the configuration. */
export type ServerSource = ServerList & {
  /** What each of them is like; its address is the unspecified one of the service's family, and stands for theirs. */
  readonly template: RealServer
}

/** One question, however often it is asked. */
export const nameKey = ({ kind, name, family }: ServerName): string => `${kind} ${name} IPv${family}`

/** As it is written behind `real_server`. */
export const sourceTitle = (source: ServerList): string =>
  `${source.kind} ${source.kind === 'file' ? source.path : source.name}`

/** What a source tells of one of its servers; the rest is the template's. */
export type ListedServer = {
  readonly address: IpAddress
  readonly port?: number
  readonly weight?: number
  /** Of whom it is an address. */
  readonly hostName?: string
}

/** Those that are written, and what those that are not written are like. */
export const describedServers = ({
  realServers,
  serverSources,
}: Pick<VirtualServer, 'realServers' | 'serverSources'>): readonly RealServer[] =>
  serverSources === undefined ? realServers : [...realServers, ...serverSources.map(({ template }) => template)]

/** The quorum is at most what all servers together weigh, the hysteresis less than the quorum. */
export function withinWeights(
  wanted: Pick<VirtualServer, 'quorum' | 'hysteresis'>,
  servers: readonly Pick<RealServer, 'weight'>[],
): Pick<VirtualServer, 'quorum' | 'hysteresis'> {
  const total = servers.reduce((sum, server) => sum + server.weight, 0)
  const quorum = Math.min(wanted.quorum, Math.max(1, total))
  return { quorum, hysteresis: Math.min(wanted.hysteresis, quorum - 1) }
}

/** The template as one of the servers it stands for. */
function serverLike(
  template: RealServer,
  { address, port, weight = template.weight, hostName }: ListedServer,
): RealServer {
  const maps = template.method === 'nat' || template.method === 'fullnat'
  return {
    ...template,
    address,
    port: maps ? (port ?? template.port) : template.port,
    weight,
    ...(hostName === undefined ? {} : { hostName }),
    checkers: template.checkers.map((checker) => checkerOf(checker, template, { address, port, weight })),
  }
}

/** What asks the template asks the server: its address, and its port where that is the template's. */
function checkerOf(
  checker: Checker,
  template: RealServer,
  to: { readonly address: IpAddress; readonly port: number | undefined; readonly weight: number },
): Checker {
  if (checker.kind === 'misc')
    return checker.dynamicFrom === undefined ? checker : { ...checker, dynamicFrom: to.weight }
  if (!('target' in checker) || checker.target.address !== template.address) return checker
  const { target } = checker
  const port = target.port !== 0 && target.port === template.port ? (to.port ?? target.port) : target.port
  return { ...checker, target: { ...target, address: to.address, port } }
}

/**
 * The virtual server with the servers that its sources list. One that is written comes before one that is listed; those of another
 * family are left out.
 */
export function withListed(
  server: VirtualServer,
  listed: (source: ServerSource) => readonly ListedServer[],
): VirtualServer {
  const { serverSources, ...rest } = server
  if (serverSources === undefined) return server
  const servers = new Map(server.realServers.map((real) => [realServerKey(real), real]))
  for (const source of serverSources)
    for (const one of listed(source)) {
      if (familyOf(one.address) !== familyOf(source.template.address)) continue
      const real = serverLike(source.template, one)
      if (!servers.has(realServerKey(real))) servers.set(realServerKey(real), real)
    }
  const realServers = [...servers.values()]
  return { ...rest, realServers, ...withinWeights(server, realServers) }
}
