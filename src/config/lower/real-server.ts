import { familyOf, type IpAddress, type Micros } from '../../base/index.ts'
import { type Checker, type Command, endpoint, type RealServer, type ServiceAddress } from '../../model/index.ts'
import { usualNumber } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { addressWord, boolean, command, integer, type Lowering, portWord, required, timer } from './arguments.ts'
import type { LoweredSession } from './bfd-session.ts'
import { checkerReaders } from './checkers.ts'
import { type Inherited, inheritedLine } from './inherited.ts'
import { type Forwarding, forwardingMethod, methodNames } from './method.ts'
import { readMiscChecker } from './misc-checker.ts'
import type { Mutable } from './mutable.ts'
import { type AlertDefaults, sendsAlerts } from './notification-lines.ts'
import type { CheckerParents, PendingChecker } from './pending-checker.ts'
import { type NameLines, nameLine, remarkNameLines } from './server-name-lines.ts'
import { readSessionChecker, type SessionCheckerDraft, sessionCheckersOf } from './session-checker.ts'
import type { LoweredFile } from './tracker.ts'

/** A real server as written; what it inherits is known when its virtual server has been read to the end. */
export type RealServerDraft = {
  readonly at: Span
  readonly address: IpAddress
  /** It stands for the servers that are listed there: `file PATH`, `dns NAME` or `srv NAME`. */
  readonly list?: string
  /** 0: none written. */
  readonly port: number
  readonly inherited: Inherited
  weight?: number | undefined
  forwarding?: Forwarding | undefined
  inhibitOnFailure?: boolean | undefined
  upperThreshold: number
  lowerThreshold: number
  smtpAlert?: boolean | undefined
  slowStart?: Micros | undefined
  snmpName?: string | undefined
  notifyUp?: Command | undefined
  notifyDown?: Command | undefined
  readonly checkers: PendingChecker[]
  readonly sessionCheckers: SessionCheckerDraft[]
  readonly scripts: { command: Command; at: Span }[]
  readonly nameLines: NameLines
}

/** What the virtual server gives its real servers. */
export type ServiceValues = {
  /** Of a group its first, without port where those of the group have several. */
  readonly service: ServiceAddress
  /** It is a group, whose ports a reload may change: its servers are what they are by the port that is written. */
  readonly group?: true
  readonly inherited: Inherited
  readonly weight: number
  readonly forwarding: Forwarding
  readonly inhibitOnFailure: boolean
  readonly slowStart: Micros | undefined
  readonly logAllFailures: boolean
  readonly alerts: AlertDefaults
  readonly sessions: ReadonlyMap<string, LoweredSession>
  readonly files: ReadonlyMap<string, LoweredFile>
}

/** `real_server IP [PORT] { … }`; `forwarding` is the service's so far, which counts if the server has none of its own. */
export function readRealServer(
  to: Lowering,
  node: Node,
  forwarding: Forwarding | undefined,
): RealServerDraft | undefined {
  const word = required(to, node, 'an address')
  const address = word === undefined ? undefined : addressWord(to, 'real_server', word)
  if (address === undefined) return undefined
  const draft = readDraft(to, node, forwarding, address, node.words[1])
  if (draft !== undefined) remarkNameLines(to, draft.nameLines, endpoint(draft))
  return draft
}

/** @param list  where the servers are listed that it stands for */
export function readDraft(
  to: Lowering,
  node: Node,
  forwarding: Forwarding | undefined,
  address: IpAddress,
  portWritten: Word | undefined,
  list?: string,
): RealServerDraft | undefined {
  const port = portWritten === undefined ? 0 : portWord(to, 'real_server', portWritten)
  if (port === undefined) return undefined
  const draft: RealServerDraft = {
    at: node.at,
    address,
    ...(list === undefined ? {} : { list }),
    port,
    inherited: {},
    forwarding,
    upperThreshold: usualNumber('virtual_server/real_server', 'uthreshold'),
    lowerThreshold: usualNumber('virtual_server/real_server', 'lthreshold'),
    checkers: [],
    sessionCheckers: [],
    scripts: [],
    nameLines: { lines: [] },
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return draft
}

function readLine(to: Lowering, node: Node, draft: RealServerDraft): void {
  if (inheritedLine(to, node, draft.inherited) || nameLine(to, node, draft.nameLines)) return
  switch (node.keyword.text) {
    case 'weight':
      draft.weight = integer(to, node) ?? draft.weight
      return
    case 'lvs_method':
      draft.forwarding = forwardingMethod(to, node) ?? draft.forwarding
      return
    case 'inhibit_on_failure':
      draft.inhibitOnFailure = boolean(to, node) ?? draft.inhibitOnFailure
      return
    case 'uthreshold':
      draft.upperThreshold = integer(to, node) ?? draft.upperThreshold
      return
    case 'lthreshold':
      draft.lowerThreshold = integer(to, node) ?? draft.lowerThreshold
      return
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    case 'slow_start':
      draft.slowStart = timer(to, node) ?? draft.slowStart
      return
    case 'snmp_name':
      draft.snmpName = required(to, node, 'a name')?.text ?? draft.snmpName
      return
    case 'smtp_alert':
      draft.smtpAlert = boolean(to, node) ?? draft.smtpAlert
      return
    case 'notify_up':
      draft.notifyUp ??= script(to, node, draft)
      return
    case 'notify_down':
      draft.notifyDown ??= script(to, node, draft)
      return
    case 'MISC_CHECK':
      draft.checkers.push(readMiscChecker(to, node, draft.scripts))
      return
    case 'BFD_CHECK':
      draft.sessionCheckers.push(readSessionChecker(to, node))
      return
  }
  const readChecker = checkerReaders[node.keyword.text]
  if (readChecker !== undefined) draft.checkers.push(readChecker(to, node))
}

function script(to: Lowering, node: Node, draft: RealServerDraft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}

/** Undefined, and an error said, if the service cannot use the server. */
export function finishRealServer(to: Lowering, draft: RealServerDraft, from: ServiceValues): RealServer | undefined {
  const { service } = from
  const forwarding = draft.forwarding ?? from.forwarding
  const { method } = forwarding
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  if (familyOf(draft.address) !== family && method !== 'tun') {
    to.report.error(
      'object',
      draft.at,
      `real_server ${draft.address} is not IPv${family} as its virtual server is; it is left out`,
      { remedy: 'only TUN servers may differ' },
    )
    return undefined
  }
  const port = portOf(to, 'real_server', draft, from, method)
  remarkLoopback(to, 'real_server', draft, method)
  const { upperThreshold } = draft
  // IPVS refuses a lower limit above the upper one, also where there is no upper one.
  const lowerThreshold = draft.lowerThreshold > upperThreshold ? 0 : draft.lowerThreshold
  if (lowerThreshold < draft.lowerThreshold)
    to.report.warning(
      'remark',
      draft.at,
      `${titleOf(draft)}: lthreshold ${draft.lowerThreshold} is above uthreshold ${upperThreshold}; using none`,
      { remedy: 'write an lthreshold below uthreshold' },
    )
  const parents = {
    inherited: [draft.inherited, from.inherited],
    address: draft.address,
    // The checker asks the port that was written, also where forwarding cannot use it.
    port: draft.port === 0 ? port : draft.port,
    weight: draft.weight ?? from.weight,
    files: from.files,
    logAllFailures: from.logAllFailures,
  }
  const server: Mutable<RealServer> = {
    address: draft.address,
    port,
    weight: parents.weight,
    method,
    inhibitOnFailure: draft.inhibitOnFailure ?? from.inhibitOnFailure,
    upperThreshold,
    lowerThreshold,
    checkers: checkersOf(to, draft, parents, from),
  }
  if (forwarding.tunnel !== undefined) server.tunnel = forwarding.tunnel
  if (draft.notifyUp !== undefined) server.notifyUp = draft.notifyUp
  if (draft.notifyDown !== undefined) server.notifyDown = draft.notifyDown
  if (sendsAlerts(draft.smtpAlert, from.alerts, 'realServer')) server.smtpAlert = true
  const slowStart = draft.slowStart ?? from.slowStart
  // 0 is none.
  if (slowStart !== undefined && slowStart !== 0) server.slowStart = slowStart
  if (draft.snmpName !== undefined) server.snmpName = draft.snmpName
  return server
}

function checkersOf(
  to: Lowering,
  draft: RealServerDraft,
  parents: CheckerParents,
  { sessions }: ServiceValues,
): readonly Checker[] {
  const checkers: Checker[] = []
  for (const finish of draft.checkers) checkers.push(...finish(parents))
  if (draft.sessionCheckers.length > 0)
    checkers.push(...sessionCheckersOf(to, draft.sessionCheckers, { inherited: parents.inherited, sessions }))
  return checkers
}

type Place = { readonly at: Span; readonly address: IpAddress; readonly port: number; readonly list?: string }

const titleOf = (of: Omit<Place, 'at'>): string => `real_server ${of.list ?? endpoint(of)}`

/**
 * NAT may map ports, behind a firewall mark too; direct routing and tunnels cannot. In a group a server keeps that which is written,
 * by which it is known, and is reached by that of each service.
 */
export function portOf(
  to: Lowering,
  keyword: 'real_server' | 'sorry_server',
  written: Place,
  { service, group }: Pick<ServiceValues, 'service' | 'group'>,
  method: Forwarding['method'],
): number {
  const own = service.kind === 'fwmark' ? 0 : service.port
  if (written.port === 0) return own
  if (method === 'nat' || method === 'fullnat' || written.port === own) return written.port
  const title = keyword === 'real_server' ? titleOf(written) : keyword
  if (group) {
    to.report.warning(
      'remark',
      written.at,
      `${title}: ${methodNames[method]} keeps the port of each service of the group, which is not always ${written.port}`,
      { rule: 'port-mapping', remedy: 'leave the port out, or write lb_kind NAT or FNAT to map ports' },
    )
    return written.port
  }
  if (service.kind === 'fwmark') {
    to.report.warning(
      'remark',
      written.at,
      `${title}: behind a firewall mark ${methodNames[method]} keeps the port of the packet; using none`,
      {
        rule: 'port-mapping',
        remedy: 'leave the port out and write connect_port in its checkers, or lb_kind NAT to map ports',
      },
    )
    return 0
  }
  to.report.warning(
    'remark',
    written.at,
    `${title}: ${methodNames[method]} keeps the port of the virtual server; using ${service.port}`,
    { rule: 'port-mapping', remedy: 'write the same port, or lb_kind NAT or FNAT to map ports' },
  )
  return service.port
}

/** Packets from the network are not taken for a loopback address; only what is handed up unchanged arrives. */
export function remarkLoopback(
  to: Lowering,
  keyword: 'real_server' | 'sorry_server',
  { at, address }: Place,
  method: Forwarding['method'],
): void {
  if (method === 'dr' || !(address === '::1' || address.startsWith('127.'))) return
  to.report.warning(
    'remark',
    at,
    `${keyword} ${address}: ${methodNames[method]} cannot reach a loopback address from the network`,
    {
      remedy:
        'use DR, which hands packets to what listens on the virtual address here, or another address of this host',
    },
  )
}
