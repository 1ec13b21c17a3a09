import { addressFromBytes, familyOf } from '../../base/index.ts'
import {
  describedServers,
  type Persistence,
  type RealServer,
  type ServerSource,
  type ServiceAddress,
  servicesOf,
  type VirtualServer,
} from '../../model/index.ts'
import { checkerText } from './checker.ts'
import { commandText, keptText, type Text, timeText, word } from './words.ts'

/** The local_address_group blocks that FULLNAT services need, and the name of each by its addresses. */
export function localGroupsText(servers: readonly VirtualServer[]): {
  readonly texts: readonly Text[]
  readonly names: ReadonlyMap<string, string>
} {
  const names = new Map<string, string>()
  const texts: Text[] = []
  for (const { localAddresses } of servers) {
    if (localAddresses === undefined || names.has(localAddresses.join())) continue
    const name = `local_${names.size + 1}`
    names.set(localAddresses.join(), name)
    texts.push({ head: `local_address_group ${name}`, body: localAddresses })
  }
  return { texts, names }
}

/** The virtual_server_group blocks: each has the services of all virtual servers that use it, by protocol and family. */
export function serverGroupsText(servers: readonly VirtualServer[]): readonly Text[] {
  const groups = new Map<string, Set<string>>()
  for (const server of servers) {
    if (server.group === undefined) continue
    const lines = groups.get(server.group.name) ?? new Set()
    for (const one of servicesOf(server))
      lines.add(one.kind === 'fwmark' ? `${serviceText(one)} ${familyText(server)}` : serviceText(one))
    groups.set(server.group.name, lines)
  }
  return [...groups].map(([name, lines]) => ({ head: `virtual_server_group ${word(name)}`, body: [...lines] }))
}

const serviceText = (of: ServiceAddress): string => (of.kind === 'fwmark' ? `fwmark ${of.mark}` : withPort(of))
const familyText = (of: VirtualServer): string => (familyOfServer(of) === 4 ? 'inet' : 'inet6')

/** One virtual_server with its real servers; what checkers inherit is written in each of them. */
export function serverText(server: VirtualServer, localGroups: ReadonlyMap<string, string>): Text {
  const { service } = server
  const method = methodText(describedServers(server)[0] ?? { method: 'nat' })
  const head = server.group === undefined ? serviceText(service) : `group ${word(server.group.name)}`
  const services = servicesOf(server)
  const protocol = services.find((one) => one.kind === 'address')?.protocol
  const body: Text[] = [
    ...(service.kind === 'fwmark' || server.group !== undefined ? [`ip_family ${familyText(server)}`] : []),
    ...(protocol === undefined ? [] : [`protocol ${protocol.toUpperCase()}`]),
    `lb_algo ${server.scheduler}`,
    `lb_kind ${method}`,
    ...(server.schedulerFlags ?? []),
  ]
  const when = (condition: boolean, line: Text) => {
    if (condition) body.push(line)
  }
  if (server.persistence !== undefined) body.push(...persistenceText(server.persistence, familyOfServer(server)))
  when(server.persistenceEngine !== undefined, `persistence_engine ${word(server.persistenceEngine ?? '')}`)
  when(server.onePacket, 'ops')
  const localGroup = localGroups.get(server.localAddresses?.join() ?? '')
  when(localGroup !== undefined, `laddr_group_name ${localGroup}`)
  when(server.tcpOptionAddress === true, 'toa')
  when(server.alpha, 'alpha')
  when(server.omega, 'omega')
  body.push(`quorum ${server.quorum}`, `hysteresis ${server.hysteresis}`)
  if (server.quorumUp !== undefined) body.push(`quorum_up ${commandText(server.quorumUp)}`)
  if (server.quorumDown !== undefined) body.push(`quorum_down ${commandText(server.quorumDown)}`)
  when(server.smtpAlert === true, 'smtp_alert')
  when(server.haSuspend === true, 'ha_suspend')
  if (server.panicThreshold !== undefined) body.push(`panic_threshold ${server.panicThreshold}`)
  body.push(...keptText(server.kept))
  if (server.snmpName !== undefined) body.push(`snmp_name ${word(server.snmpName)}`)
  const sorry = server.sorryServer
  if (sorry !== undefined) {
    body.push(`sorry_server ${withPort(sorry)}`, `sorry_server_lvs_method ${methodText(sorry)}`)
    when(sorry.inhibit, 'sorry_server_inhibit')
  }
  return {
    head: `virtual_server ${head}`,
    body: [
      ...body,
      ...server.realServers.map((one) => realServerText(one, withPort(one), method)),
      ...(server.serverSources ?? []).map((source) => sourceText(source, method)),
    ],
  }
}

/** What is listed elsewhere; SRV records have the port themselves. */
function sourceText(source: ServerSource, method: string): Text {
  const { template } = source
  const port = template.port === 0 || source.kind === 'srv' ? '' : ` ${template.port}`
  if (source.kind === 'file') return realServerText(template, `file ${word(source.path)}${port}`, method)
  const text = realServerText(template, `${source.kind} ${word(source.name)}${port}`, method)
  const lines = [
    `ttl_min ${timeText(source.minTtl)}`,
    `ttl_max ${timeText(source.maxTtl)}`,
    `nxdomain ${source.nxdomain}`,
  ]
  return { ...text, body: [...lines, ...text.body] }
}

const CHECKSUMS = { none: 'nocsum', checksum: 'csum', 'remote-checksum': 'remcsum' } as const

/** The arguments of lb_kind. */
function methodText({ method, tunnel }: Pick<RealServer, 'method' | 'tunnel'>): string {
  if (method !== 'tun' || tunnel === undefined) return method === 'fullnat' ? 'FNAT' : method.toUpperCase()
  const port = tunnel.type === 'gue' ? ` port ${tunnel.port}` : ''
  const checksum = tunnel.type === 'ipip' ? '' : ` ${CHECKSUMS[tunnel.checksum]}`
  return `TUN type ${tunnel.type}${port}${checksum}`
}

const withPort = (of: { readonly address: string; readonly port: number }): string =>
  of.port === 0 ? of.address : `${of.address} ${of.port}`
const familyOfServer = ({ service }: VirtualServer) =>
  service.kind === 'fwmark' ? service.family : familyOf(service.address)

function persistenceText(of: Persistence, family: 4 | 6): readonly string[] {
  const timeout = `persistence_timeout ${of.timeout}`
  if (of.prefixLength === (family === 4 ? 32 : 128)) return [timeout]
  if (family === 6) return [timeout, `persistence_granularity ${of.prefixLength}`]
  const bits = of.prefixLength === 0 ? 0 : (0xffff_ffff << (32 - of.prefixLength)) >>> 0
  const mask = addressFromBytes(Uint8Array.of(bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255))
  return [timeout, `persistence_granularity ${mask}`]
}

function realServerText(server: RealServer, head: string, inherited: string): Exclude<Text, string> {
  const body: Text[] = [`weight ${server.weight}`]
  if (methodText(server) !== inherited) body.push(`lvs_method ${methodText(server)}`)
  if (server.inhibitOnFailure) body.push('inhibit_on_failure')
  if (server.upperThreshold > 0) body.push(`uthreshold ${server.upperThreshold}`)
  if (server.lowerThreshold > 0) body.push(`lthreshold ${server.lowerThreshold}`)
  if (server.notifyUp !== undefined) body.push(`notify_up ${commandText(server.notifyUp)}`)
  if (server.notifyDown !== undefined) body.push(`notify_down ${commandText(server.notifyDown)}`)
  if (server.smtpAlert === true) body.push('smtp_alert')
  if (server.slowStart !== undefined) body.push(`slow_start ${timeText(server.slowStart)}`)
  if (server.snmpName !== undefined) body.push(`snmp_name ${word(server.snmpName)}`)
  return {
    head: `real_server ${head}`,
    body: [...body, ...server.checkers.map((checker) => checkerText(checker, server))],
  }
}
