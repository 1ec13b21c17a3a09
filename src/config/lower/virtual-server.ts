import { type Family, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import {
  type Command,
  endpoint,
  type ForwardingMethod,
  type Persistence,
  type Protocol,
  type RealServer,
  realServerKey,
  type SchedulerName,
  type ServiceAddress,
  type SorryServer,
  schedulers,
  serviceKey,
  type VirtualServer,
} from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import {
  addressWord,
  badValue,
  command,
  integer,
  integerWord,
  type Lowering,
  portWord,
  prefixOfMask,
  required,
  shown,
} from './arguments.ts'
import { type Globals, MOST_32 } from './global-defs.ts'
import { type Inherited, inheritedLine } from './inherited.ts'
import { forwardingMethod } from './method.ts'
import { finishRealServer, MOST_WEIGHT, type RealServerDraft, readRealServer } from './real-server.ts'

export type LoweredServer = {
  readonly value: VirtualServer
  readonly at: Span
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
}

type Head =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'fwmark'; readonly mark: number }

type Draft = {
  readonly inherited: Inherited
  readonly servers: RealServerDraft[]
  readonly scripts: { command: Command; at: Span }[]
  family?: { value: Family; at: Span }
  scheduler?: SchedulerName
  method?: ForwardingMethod | undefined
  protocol?: { value: Protocol; at: Span }
  opsAt?: Span
  persistenceTimeout?: number | undefined
  granularity?: { word: Word; value: number }
  quorum: number
  hysteresis: number
  omega: boolean
  inhibitOnFailure: boolean
  weight: number
  quorumUp?: Command | undefined
  quorumDown?: Command | undefined
  sorry?: { address: IpAddress; port: number; at: Span }
  sorryInhibit: boolean
  sorryMethod?: ForwardingMethod | undefined
}

const DEFAULT_PERSISTENCE = 360
const LONGEST_PERSISTENCE = 2_678_400

/** `virtual_server IP [PORT] | fwmark N { … }`; undefined, and something said, if there is nothing to forward to. */
export function lowerVirtualServer(to: Lowering, node: Node, globals: Globals): LoweredServer | undefined {
  const head = readHead(to, node)
  if (head === undefined) return undefined
  const draft: Draft = {
    inherited: {},
    servers: [],
    scripts: [],
    quorum: 1,
    hysteresis: 0,
    omega: false,
    inhibitOnFailure: false,
    weight: 1,
    sorryInhibit: false,
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return finish(to, node, head, draft, globals)
}

function readHead(to: Lowering, node: Node): Head | undefined {
  const word = required(to, node, 'an address, fwmark or group')
  if (word === undefined) return undefined
  if (word.text === 'group') {
    to.report.warning('unsupported', word.at, 'virtual_server group is not supported yet; its block has no effect')
    return undefined
  }
  if (word.text === 'fwmark') {
    const mark = required(to, node, 'a firewall mark', 1)
    const value = mark === undefined ? undefined : integerWord(to, 'fwmark', mark, { min: 0, max: MOST_32 })
    return value === undefined ? undefined : { kind: 'fwmark', mark: value }
  }
  const address = parseAddress(word.text)
  if (address === undefined) {
    to.report.error(
      'object',
      word.at,
      `virtual_server ${shown(word)} is not an address; the virtual server is left out`,
    )
    return undefined
  }
  const written = node.words[1]
  if (written === undefined) return { kind: 'address', address, port: 0 }
  const port = /^\d{1,5}$/.test(written.text) ? Number(written.text) : Number.NaN
  if (port <= 65_535) return { kind: 'address', address, port }
  to.report.error(
    'object',
    written.at,
    `port ${shown(written)} is not a whole number from 1 to 65535; virtual_server ${address} is left out`,
    /^[a-z]/i.test(written.text) ? { remedy: 'write the number; names of services are not known' } : {},
  )
  return undefined
}

function readLine(to: Lowering, node: Node, draft: Draft): void {
  if (inheritedLine(to, withoutFlagWord(node), draft.inherited, 1)) return
  switch (node.keyword.text) {
    case 'ip_family': {
      const word = required(to, node, 'inet or inet6')
      if (word?.text === 'inet' || word?.text === 'inet6')
        draft.family = { value: word.text === 'inet' ? 4 : 6, at: word.at }
      else if (word !== undefined) badValue(to, 'ip_family', word, 'is neither inet nor inet6')
      return
    }
    case 'lb_algo':
    case 'lvs_sched': {
      const word = required(to, node, 'a scheduler')
      const scheduler = schedulers.find((name) => name === word?.text)
      if (scheduler !== undefined) draft.scheduler = scheduler
      else if (word !== undefined)
        badValue(to, node.keyword.text, word, 'is no scheduler', `known are ${schedulers.join(', ')}`)
      return
    }
    case 'lb_kind':
    case 'lvs_method':
      draft.method = forwardingMethod(to, node) ?? draft.method
      return
    case 'protocol': {
      const word = required(to, node, 'TCP, UDP or SCTP')
      const protocol = word?.text.toLowerCase()
      if (word === undefined) return
      if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp')
        draft.protocol = { value: protocol, at: word.at }
      else badValue(to, 'protocol', word, 'is not TCP, UDP or SCTP')
      return
    }
    case 'ops':
      draft.opsAt = node.at
      return
    case 'persistence_timeout':
      draft.persistenceTimeout =
        node.words.length === 0
          ? DEFAULT_PERSISTENCE
          : (integer(to, node, { min: 1, max: LONGEST_PERSISTENCE }) ?? draft.persistenceTimeout)
      return
    case 'persistence_granularity':
      return readGranularity(to, node, draft)
    case 'omega':
      draft.omega = true
      return
    case 'quorum':
      draft.quorum = integer(to, node, { min: 1, max: MOST_32 }) ?? 1
      return
    case 'hysteresis':
      draft.hysteresis = integer(to, node, { min: 0, max: MOST_32 }) ?? draft.hysteresis
      return
    case 'quorum_up':
      draft.quorumUp ??= script(to, node, draft)
      return
    case 'quorum_down':
      draft.quorumDown ??= script(to, node, draft)
      return
    case 'inhibit_on_failure':
      draft.inhibitOnFailure = true
      return
    case 'weight':
      draft.weight = integer(to, node, { min: 1, max: MOST_WEIGHT }) ?? draft.weight
      return
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    default:
      readServerLine(to, node, draft)
  }
}

/** In a virtual server alpha is a flag; `alpha 1` is written by many and means alpha. */
const withoutFlagWord = (node: Node): Node => (node.keyword.text === 'alpha' ? { ...node, words: [] } : node)

function readServerLine(to: Lowering, node: Node, draft: Draft): void {
  switch (node.keyword.text) {
    case 'sorry_server': {
      const word = required(to, node, 'an address')
      const address = word === undefined ? undefined : addressWord(to, 'sorry_server', word)
      if (address === undefined) return
      const written = node.words[1]
      const port = written === undefined ? 0 : portWord(to, 'sorry_server', written)
      if (port !== undefined) draft.sorry = { address, port, at: node.at }
      return
    }
    case 'sorry_server_inhibit':
      if (draft.sorry === undefined)
        to.report.error('value', node.at, 'sorry_server_inhibit stands before sorry_server; it has no effect')
      else draft.sorryInhibit = true
      return
    case 'sorry_server_lvs_method':
      if (draft.sorry === undefined)
        to.report.error('value', node.at, 'sorry_server_lvs_method stands before sorry_server; it has no effect')
      else draft.sorryMethod = forwardingMethod(to, node) ?? draft.sorryMethod
      return
    case 'real_server': {
      const server = readRealServer(to, node, draft.method)
      if (server === undefined) return
      draft.servers.push(server)
      draft.scripts.push(...server.scripts)
      return
    }
  }
}

/** A dotted mask or a number of bits; masks with holes exist in IPVS and not here. */
function readGranularity(to: Lowering, node: Node, draft: Draft): void {
  const word = required(to, node, 'a netmask or prefix length')
  if (word === undefined) return
  const mask = parseAddress(word.text)
  const value =
    mask === undefined ? integerWord(to, 'persistence_granularity', word, { min: 1, max: 128 }) : prefixOfMask(mask)
  if (value !== undefined) draft.granularity = { word, value }
  else if (mask !== undefined)
    badValue(
      to,
      'persistence_granularity',
      word,
      'is not a contiguous IPv4 netmask',
      'write 255.255.255.0, for instance',
    )
}

function script(to: Lowering, node: Node, draft: Draft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}

function finish(to: Lowering, node: Node, head: Head, draft: Draft, globals: Globals): LoweredServer | undefined {
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

function serviceOf(to: Lowering, node: Node, head: Head, draft: Draft): ServiceAddress {
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
  draft: Draft,
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
  draft: Draft,
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
  draft: Draft,
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
  draft: Draft,
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
