import { familyOf, type IpAddress } from '../../base/index.ts'
import {
  type Command,
  endpoint,
  type Persistence,
  portInService,
  type RealServer,
  type SchedulerFlag,
  type SchedulerName,
  type ServiceAddress,
  type SorryServer,
  schedulerFlags,
  schedulers,
  serviceKey,
  type VirtualServer,
  virtualServerKey,
  withinWeights,
} from '../../model/index.ts'
import { DEFAULT_PERSISTENCE, usualChoice } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, type Lowering } from './arguments.ts'
import type { LoweredSession } from './bfd-session.ts'
import type { Globals } from './global-defs.ts'
import { serviceDefaults } from './inherited.ts'
import { keptOf } from './kept-line.ts'
import type { LocalAddressGroup } from './local-address-group.ts'
import { type Forwarding, methodNames, methods } from './method.ts'
import { smtpAlert } from './notification-lines.ts'
import { finishRealServer, portOf, type RealServerDraft, remarkLoopback, type ServiceValues } from './real-server.ts'
import { serverSourcesOf } from './server-source.ts'
import { shareParts } from './share-parts.ts'
import type { LoweredFile } from './tracker.ts'
import { familyOfEntry, type ServerGroup } from './virtual-server-group.ts'
import { readServerHead, type ServerHead } from './virtual-server-head.ts'
import { readServer, type ServerDraft } from './virtual-server-lines.ts'

export type LoweredServer = {
  readonly value: VirtualServer
  readonly at: Span
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
}

/** What stands elsewhere in the file. */
export type Surroundings = {
  readonly globals: Globals
  readonly localGroups: ReadonlyMap<string, LocalAddressGroup>
  readonly serverGroups: ReadonlyMap<string, ServerGroup>
  readonly sessions: ReadonlyMap<string, LoweredSession>
  readonly files: ReadonlyMap<string, LoweredFile>
}

const protocols = ['tcp', 'udp', 'sctp'] as const

const usual = {
  scheduler: usualChoice('virtual_server', 'lb_algo', schedulers),
  method: usualChoice('virtual_server', 'lb_kind', methods, (one) => methodNames[one]),
  protocol: usualChoice('virtual_server', 'protocol', protocols, (one) => one.toUpperCase()),
}

/** `virtual_server IP [PORT] | fwmark N | group NAME { … }`; undefined, and something said, if there is nothing to forward to. */
export function lowerVirtualServer(to: Lowering, node: Node, around: Surroundings): LoweredServer | undefined {
  const head = readServerHead(to, node, around.serverGroups)
  if (head === undefined) return undefined
  return finish(to, node, head, readServer(to, node), around)
}

function finish(
  to: Lowering,
  node: Node,
  head: ServerHead,
  draft: ServerDraft,
  { globals, localGroups, sessions, files }: Surroundings,
): LoweredServer | undefined {
  const { at } = node
  const [service, ...others] = servicesFor(to, node, head, draft)
  if (service === undefined) return undefined
  const group = head.kind === 'group' ? { name: head.name, others } : undefined
  const title = serverTitle({ service, ...(group === undefined ? {} : { group }) })
  const remark = (message: string, remedy?: string, rule?: string) =>
    to.report.warning('remark', at, `${title} ${message}`, {
      ...(remedy === undefined ? {} : { remedy }),
      ...(rule === undefined ? {} : { rule }),
    })

  if (draft.scheduler === undefined) remark(`has no lb_algo; using ${usual.scheduler}`, 'add lb_algo and a scheduler')
  if (draft.forwarding === undefined)
    remark(`has no lb_kind; using ${methodNames[usual.method]}`, 'add lb_kind NAT, DR, TUN or FNAT')
  const forwarding = draft.forwarding ?? { method: usual.method }
  const scheduler = draft.scheduler ?? usual.scheduler
  const flags = flagsOf(to, draft, scheduler)
  const localAddresses = localAddressesOf(to, draft, service, localGroups)
  const ported = portedLike([service, ...others])
  const values = {
    service: ported,
    ...(group === undefined ? {} : { group: true as const }),
    inherited: draft.inherited,
    weight: draft.weight,
    forwarding,
    inhibitOnFailure: draft.inhibitOnFailure,
    slowStart: draft.slowStart,
    logAllFailures: globals.checkerLogAllFailures,
    alerts: globals.alerts,
    sessions,
    files,
  }
  const inReach = <T extends { readonly method: Forwarding['method'] }>(one: T): boolean =>
    one.method !== 'fullnat' || localAddresses.length > 0
  const all = realServersOf(to, draft, values, title)
  const wish = sorryServerOf(to, draft, values)
  const realServers = all.filter(inReach)
  const allSources = serverSourcesOf(to, draft.sources, values)
  const serverSources = allSources.filter(({ template }) => inReach(template))
  const sorryServer = wish !== undefined && inReach(wish) ? wish : undefined
  const isOutOfReach = realServers.length < all.length || serverSources.length < allSources.length
  if (isOutOfReach || sorryServer !== wish)
    to.report.error('object', at, `${title}: FNAT needs local addresses; its servers by FNAT are left out`, {
      remedy: 'write local_address_group NAME { ADDRESS … } and, in the virtual server, laddr_group_name NAME',
    })
  if (realServers.length + serverSources.length === 0) {
    remark('has no real servers; it is left out', 'add real_server')
    return undefined
  }
  const persistence = persistenceOf(to, draft, [service, ...others], remark)
  const protocols = [service, ...others].map((one) => (one.kind === 'fwmark' ? undefined : one.protocol))
  const onePacket = draft.opsAt !== undefined && protocols.every((one) => one === undefined || one === 'udp')
  if (draft.opsAt !== undefined && !onePacket)
    to.report.warning('remark', draft.opsAt, `ops is for UDP and firewall marks; ${title} goes without`)
  const { quorum, hysteresis } =
    serverSources.length > 0
      ? { quorum: draft.quorum, hysteresis: draft.hysteresis }
      : quorumOf(draft, realServers, remark)
  const full = [
    ...realServers,
    ...serverSources.map(({ template }) => template),
    ...(sorryServer === undefined ? [] : [sorryServer]),
  ].some(({ method }) => method === 'fullnat')
  const tcp = protocols.some((one) => one === undefined || one === 'tcp')
  if (draft.localGroup !== undefined && !full && !isOutOfReach)
    to.report.warning('remark', draft.localGroup.at, `laddr_group_name is for FNAT; ${title} goes without`, {
      remedy: 'write lb_kind FNAT',
    })
  if (draft.toaAt !== undefined && !(full && tcp))
    to.report.warning('remark', draft.toaAt, `toa is for FNAT of TCP; ${title} goes without`)
  if (draft.persistenceEngine !== undefined && persistence === undefined)
    to.report.warning(
      'remark',
      draft.persistenceEngine.at,
      `persistence_engine does nothing without persistence_timeout`,
    )
  return {
    value: {
      key: virtualServerKey({ service, ...(group === undefined ? {} : { group }) }),
      service,
      ...(group === undefined ? {} : { group }),
      scheduler,
      ...(flags.length === 0 ? {} : { schedulerFlags: flags }),
      ...(persistence === undefined ? {} : { persistence }),
      ...(draft.persistenceEngine === undefined ? {} : { persistenceEngine: draft.persistenceEngine.value }),
      onePacket,
      ...(full ? { localAddresses } : {}),
      ...(full && tcp && draft.toaAt !== undefined ? { tcpOptionAddress: true } : {}),
      realServers,
      ...(serverSources.length === 0 ? {} : { serverSources }),
      ...(sorryServer === undefined ? {} : { sorryServer }),
      quorum,
      hysteresis,
      alpha: draft.inherited.alpha ?? serviceDefaults.alpha,
      omega: draft.omega,
      ...(draft.quorumUp === undefined ? {} : { quorumUp: draft.quorumUp }),
      ...(draft.quorumDown === undefined ? {} : { quorumDown: draft.quorumDown }),
      ...smtpAlert(draft.smtpAlert, globals.alerts, 'virtualServer'),
      ...(suspends(to, draft, [service, ...others], title) ? { haSuspend: true } : {}),
      ...(draft.panicThreshold === undefined || draft.panicThreshold === 0
        ? {}
        : { panicThreshold: draft.panicThreshold }),
      ...(draft.snmpName === undefined ? {} : { snmpName: draft.snmpName }),
      ...keptOf(draft.kept),
    },
    at,
    scripts: draft.scripts,
  }
}

/** ha_suspend looks for addresses, and a firewall mark has none. */
function suspends(
  to: Lowering,
  { haSuspendAt }: ServerDraft,
  services: readonly ServiceAddress[],
  title: string,
): boolean {
  if (haSuspendAt === undefined) return false
  if (services.every(({ kind }) => kind === 'address')) return true
  to.report.warning('remark', haSuspendAt, `ha_suspend is not for firewall marks; ${title} is always checked`)
  return false
}

/** As its first line has it. */
export function serverTitle({ service, group }: Pick<VirtualServer, 'service' | 'group'>): string {
  if (group !== undefined) return `virtual_server group ${group.name}`
  return service.kind === 'fwmark' ? `virtual_server fwmark ${service.mark}` : `virtual_server ${endpoint(service)}`
}

/** None, and something said: there is nothing to listen to. */
function servicesFor(to: Lowering, node: Node, head: ServerHead, draft: ServerDraft): readonly ServiceAddress[] {
  const first = draft.servers[0]
  const byServers = first === undefined ? undefined : familyOf(first.address)
  if (head.kind === 'fwmark') {
    if (draft.protocol !== undefined)
      to.report.warning('remark', draft.protocol.at, 'a firewall mark has no protocol; the line has no effect')
    return [{ kind: 'fwmark', family: draft.family?.value ?? byServers ?? 4, mark: head.mark }]
  }
  const title = head.kind === 'group' ? `virtual_server group ${head.name}` : `virtual_server ${endpoint(head)}`
  const needsProtocol = head.kind === 'address' || head.group.entries.some(({ kind }) => kind === 'address')
  if (draft.protocol === undefined && needsProtocol)
    to.report.warning('remark', node.at, `${title} has no protocol; using UDP`, {
      remedy: 'add protocol TCP or protocol UDP',
    })
  const protocol = draft.protocol?.value ?? usual.protocol
  if (head.kind === 'address') {
    if (draft.family !== undefined && draft.family.value !== familyOf(head.address))
      to.report.error('value', draft.family.at, `ip_family contradicts ${head.address}; the line has no effect`)
    return [{ ...head, protocol }]
  }
  const { entries, at } = head.group
  const families = new Set(entries.flatMap((entry) => familyOfEntry(entry) ?? []))
  const [only] = families.size === 1 ? families : []
  const family = draft.family?.value ?? only ?? byServers ?? 4
  const services = new Map<string, ServiceAddress>()
  for (const entry of entries) {
    if ((familyOfEntry(entry) ?? family) !== family) continue
    const service: ServiceAddress = entry.kind === 'fwmark' ? { ...entry, family } : { ...entry, protocol }
    services.set(serviceKey(service), service)
  }
  if (families.size === 2 && draft.family === undefined)
    to.report.warning('remark', node.at, `${title} has entries of both families; using those of IPv${family}`, {
      remedy: 'write two of them, one with ip_family inet and one with ip_family inet6',
    })
  if (services.size === 0 && entries.length > 0)
    to.report.error('object', node.at, `${title} has no entry of IPv${family}; it is left out`, {
      related: [{ at, message: 'the group is written here' }],
    })
  return [...services.values()]
}

/** What servers of a group take for the service where a port is concerned: one without port if there are several. */
function portedLike(services: readonly [ServiceAddress, ...ServiceAddress[]]): ServiceAddress {
  const [first] = services
  const addressed = services.find((one) => one.kind === 'address')
  if (addressed === undefined) return first
  const same = services.every((one) => one.kind === 'address' && one.port === addressed.port)
  return same ? first : { ...addressed, port: 0 }
}

function realServersOf(
  to: Lowering,
  draft: ServerDraft,
  values: Parameters<typeof finishRealServer>[2],
  title: string,
): readonly RealServer[] {
  const servers: RealServer[] = []
  const taken = new Map<string, RealServerDraft>()
  const share = shareParts()
  for (const server of draft.servers) {
    const value = finishRealServer(to, server, values)
    if (value === undefined) continue
    for (const checker of value.checkers) share(checker)
    const key = endpoint({ ...value, port: portInService(value, values.service) })
    const before = taken.get(key)
    if (before === undefined) {
      servers.push(value)
      taken.set(key, server)
    } else leaveOutSecond(to, server, before, title)
  }
  return servers
}

/** Written twice it is an error. Where only ports that cannot be used tell the two apart keepalived goes on, at a reload too. */
function leaveOutSecond(to: Lowering, second: RealServerDraft, first: RealServerDraft, title: string): void {
  const related = [{ at: first.at, message: 'first written here' }]
  if (second.port === first.port)
    to.report.error(
      'object',
      second.at,
      `real_server ${endpoint(second)} is there twice in ${title}; the second is left out`,
      { related },
    )
  else
    to.report.warning(
      'remark',
      second.at,
      `real_server ${endpoint(second)} is the same destination of ${title} as real_server ${endpoint(first)}; it is left out`,
      { rule: 'port-mapping', remedy: 'remove one of them, or write lb_kind NAT or FNAT to map ports', related },
    )
}

function persistenceOf(
  to: Lowering,
  draft: ServerDraft,
  services: readonly [ServiceAddress, ...ServiceAddress[]],
  remark: (message: string, remedy?: string) => void,
): Persistence | undefined {
  const [service] = services
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  const full = family === 4 ? 32 : 128
  const anyPort = services.some((one) => one.kind === 'address' && one.port === 0)
  if (anyPort && draft.persistenceTimeout === undefined)
    remark(
      `takes every port, which needs persistence; using persistence_timeout ${DEFAULT_PERSISTENCE}`,
      'write a port',
    )
  const granularity = draft.granularity
  const timeout = draft.persistenceTimeout ?? (anyPort || granularity !== undefined ? DEFAULT_PERSISTENCE : undefined)
  if (timeout === undefined) return undefined
  if (granularity !== undefined && granularity.value > full) {
    badValue(
      to,
      'persistence_granularity',
      granularity.word,
      `is more than the ${full} bits of an IPv${family} address`,
    )
    return { timeout, prefixLength: full }
  }
  return { timeout, prefixLength: granularity?.value ?? full }
}

/** As written, as far as the servers and each other let them. */
function quorumOf(
  draft: ServerDraft,
  servers: readonly RealServer[],
  remark: (message: string, remedy?: string, rule?: string) => void,
): { quorum: number; hysteresis: number } {
  const total = servers.reduce((sum, server) => sum + server.weight, 0)
  const { quorum, hysteresis } = withinWeights(draft, servers)
  if (quorum < draft.quorum)
    remark(
      `has quorum ${draft.quorum}, but all weights together are ${total}; using ${quorum}`,
      undefined,
      'quorum-too-high',
    )
  if (hysteresis < draft.hysteresis)
    remark(`has hysteresis ${draft.hysteresis}, which must be less than the quorum ${quorum}; using ${hysteresis}`)
  return { quorum, hysteresis }
}

function sorryServerOf(
  to: Lowering,
  draft: ServerDraft,
  values: Pick<ServiceValues, 'service' | 'group' | 'forwarding'>,
): SorryServer | undefined {
  const { service } = values
  const { sorry } = draft
  if (sorry === undefined) return undefined
  const forwarding = draft.sorryForwarding ?? values.forwarding
  const { method } = forwarding
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  if (familyOf(sorry.address) !== family && method !== 'tun') {
    to.report.error(
      'value',
      sorry.at,
      `sorry_server ${sorry.address} is not IPv${family} as its virtual server is; it is left out`,
      { remedy: 'only by TUN may it differ' },
    )
    return undefined
  }
  const port = portOf(to, 'sorry_server', sorry, values, method)
  remarkLoopback(to, 'sorry_server', sorry, method)
  return { address: sorry.address, port, ...forwarding, inhibit: draft.sorryInhibit }
}

/** In IPVS's order; a word of another scheduler has no effect. */
function flagsOf(to: Lowering, draft: ServerDraft, scheduler: SchedulerName): readonly SchedulerFlag[] {
  const set = new Set<SchedulerFlag>()
  for (const { flag, for: only, word } of draft.flags) {
    if (only === undefined || only === scheduler) set.add(flag)
    else
      to.report.error('value', word.at, `${word.text} is for lb_algo ${only}, not ${scheduler}; it has no effect`, {
        remedy: `write lb_algo ${only}`,
      })
  }
  return schedulerFlags.filter((flag) => set.has(flag))
}

/** None: no group is named, or it is of no use here and that is said. */
function localAddressesOf(
  to: Lowering,
  { localGroup }: ServerDraft,
  service: ServiceAddress,
  groups: Surroundings['localGroups'],
): readonly IpAddress[] {
  if (localGroup === undefined) return []
  const { name, at } = localGroup
  const group = groups.get(name)
  if (group === undefined) {
    to.report.error('value', at, `there is no local_address_group ${name}`, {
      ...(groups.size === 0 ? {} : { remedy: `there are ${[...groups.keys()].join(', ')}` }),
    })
    return []
  }
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  const [first] = group.addresses
  if (first === undefined || familyOf(first) === family) return group.addresses
  to.report.error(
    'value',
    at,
    `local_address_group ${name} is IPv${familyOf(first)}, its virtual server IPv${family}; it has no effect`,
    { related: [{ at: group.at, message: 'the group is written here' }] },
  )
  return []
}
