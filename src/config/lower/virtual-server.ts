import { familyOf } from '../../base/index.ts'
import {
  type Command,
  endpoint,
  type ForwardingMethod,
  type Persistence,
  type RealServer,
  realServerKey,
  type ServiceAddress,
  type SorryServer,
  serviceKey,
  type VirtualServer,
} from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, type Lowering } from './arguments.ts'
import type { Globals } from './global-defs.ts'
import { finishRealServer } from './real-server.ts'

import { readServerHead, type ServerHead } from './virtual-server-head.ts'
import { DEFAULT_PERSISTENCE, readServer, type ServerDraft } from './virtual-server-lines.ts'

export type LoweredServer = {
  readonly value: VirtualServer
  readonly at: Span
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
}

/** `virtual_server IP [PORT] | fwmark N { … }`; undefined, and something said, if there is nothing to forward to. */
export function lowerVirtualServer(to: Lowering, node: Node, globals: Globals): LoweredServer | undefined {
  const head = readServerHead(to, node)
  if (head === undefined) return undefined
  return finish(to, node, head, readServer(to, node), globals)
}

function finish(
  to: Lowering,
  node: Node,
  head: ServerHead,
  draft: ServerDraft,
  globals: Globals,
): LoweredServer | undefined {
  const { at } = node
  const service = serviceOf(to, node, head, draft)
  const title = serviceTitle(service)
  const remark = (message: string, remedy?: string) =>
    to.report.warning('remark', at, `${title} ${message}`, remedy === undefined ? {} : { remedy })

  if (draft.scheduler === undefined) remark('has no lb_algo; using wlc', 'add lb_algo and a scheduler')
  if (draft.method === undefined) remark('has no lb_kind; using NAT', 'add lb_kind NAT, DR or TUN')
  const method = draft.method ?? 'nat'
  const values = {
    service,
    inherited: draft.inherited,
    weight: draft.weight,
    method,
    inhibitOnFailure: draft.inhibitOnFailure,
    logAllFailures: globals.checkerLogAllFailures,
  }
  const realServers = realServersOf(to, draft, values, title)
  if (realServers.length === 0) {
    remark('has no real servers; it is left out', 'add real_server')
    return undefined
  }
  const persistence = persistenceOf(to, draft, service, remark)
  const onePacket = draft.opsAt !== undefined && (service.kind === 'fwmark' || service.protocol === 'udp')
  if (draft.opsAt !== undefined && !onePacket)
    to.report.warning('remark', draft.opsAt, `ops is for UDP and firewall marks; ${title} goes without`)
  const { quorum, hysteresis } = quorumOf(draft, realServers, remark)
  const sorryServer = sorryServerOf(to, draft, service, method)
  return {
    value: {
      key: serviceKey(service),
      service,
      scheduler: draft.scheduler ?? 'wlc',
      ...(persistence === undefined ? {} : { persistence }),
      onePacket,
      realServers,
      ...(sorryServer === undefined ? {} : { sorryServer }),
      quorum,
      hysteresis,
      alpha: draft.inherited.alpha ?? false,
      omega: draft.omega,
      ...(draft.quorumUp === undefined ? {} : { quorumUp: draft.quorumUp }),
      ...(draft.quorumDown === undefined ? {} : { quorumDown: draft.quorumDown }),
    },
    at,
    scripts: draft.scripts,
  }
}

export const serviceTitle = (service: ServiceAddress): string =>
  service.kind === 'fwmark' ? `virtual_server fwmark ${service.mark}` : `virtual_server ${endpoint(service)}`

function serviceOf(to: Lowering, node: Node, head: ServerHead, draft: ServerDraft): ServiceAddress {
  if (head.kind === 'fwmark') {
    if (draft.protocol !== undefined)
      to.report.warning('remark', draft.protocol.at, 'a firewall mark has no protocol; the line has no effect')
    const first = draft.servers[0]
    const family = draft.family?.value ?? (first === undefined ? 4 : familyOf(first.address))
    return { kind: 'fwmark', family, mark: head.mark }
  }
  const family = familyOf(head.address)
  if (draft.family !== undefined && draft.family.value !== family)
    to.report.error('value', draft.family.at, `ip_family contradicts ${head.address}; the line has no effect`)
  if (draft.protocol === undefined)
    to.report.warning('remark', node.at, `virtual_server ${endpoint(head)} has no protocol; using UDP`, {
      remedy: 'add protocol TCP or protocol UDP',
    })
  return { ...head, protocol: draft.protocol?.value ?? 'udp' }
}

function realServersOf(
  to: Lowering,
  draft: ServerDraft,
  values: Parameters<typeof finishRealServer>[2],
  title: string,
): readonly RealServer[] {
  const servers: RealServer[] = []
  const taken = new Map<string, Span>()
  for (const server of draft.servers) {
    const value = finishRealServer(to, server, values)
    if (value === undefined) continue
    const key = realServerKey(value)
    const before = taken.get(key)
    if (before === undefined) servers.push(value)
    else
      to.report.error('object', server.at, `real_server ${key} is there twice in ${title}; the second is left out`, {
        related: [{ at: before, message: 'first written here' }],
      })
    taken.set(key, before ?? server.at)
  }
  return servers
}

function persistenceOf(
  to: Lowering,
  draft: ServerDraft,
  service: ServiceAddress,
  remark: (message: string, remedy?: string) => void,
): Persistence | undefined {
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  const full = family === 4 ? 32 : 128
  const anyPort = service.kind === 'address' && service.port === 0
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

/** The quorum is at most what all servers together weigh, the hysteresis less than the quorum. */
function quorumOf(
  draft: ServerDraft,
  servers: readonly RealServer[],
  remark: (message: string) => void,
): { quorum: number; hysteresis: number } {
  const total = servers.reduce((sum, server) => sum + server.weight, 0)
  const quorum = Math.min(draft.quorum, Math.max(1, total))
  if (quorum < draft.quorum)
    remark(`has quorum ${draft.quorum}, but all weights together are ${total}; using ${quorum}`)
  const hysteresis = Math.min(draft.hysteresis, quorum - 1)
  if (hysteresis < draft.hysteresis)
    remark(`has hysteresis ${draft.hysteresis}, which must be less than the quorum ${quorum}; using ${hysteresis}`)
  return { quorum, hysteresis }
}

function sorryServerOf(
  to: Lowering,
  draft: ServerDraft,
  service: ServiceAddress,
  inherited: ForwardingMethod,
): SorryServer | undefined {
  const { sorry } = draft
  if (sorry === undefined) return undefined
  const method = draft.sorryMethod ?? inherited
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  if (familyOf(sorry.address) !== family && method !== 'tun') {
    to.report.error(
      'value',
      sorry.at,
      `sorry_server ${sorry.address} is not IPv${family} as its virtual server is; it is left out`,
    )
    return undefined
  }
  const servicePort = service.kind === 'fwmark' ? 0 : service.port
  const keepsPort = method !== 'nat' && service.kind === 'address'
  if (keepsPort && sorry.port !== 0 && sorry.port !== servicePort)
    to.report.warning(
      'remark',
      sorry.at,
      `sorry_server: ${method.toUpperCase()} keeps the port of the virtual server; using ${servicePort}`,
    )
  const port = service.kind === 'fwmark' ? 0 : keepsPort || sorry.port === 0 ? servicePort : sorry.port
  return { address: sorry.address, port, method, inhibit: draft.sorryInhibit }
}
