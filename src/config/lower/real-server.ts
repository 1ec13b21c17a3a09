import { familyOf, type IpAddress } from '../../base/index.ts'
import {
  type Command,
  endpoint,
  type ForwardingMethod,
  type RealServer,
  type ServiceAddress,
} from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { addressWord, boolean, command, integer, type Lowering, MOST_32, portWord, required } from './arguments.ts'
import { finishChecker } from './checker.ts'
import { type CheckerDraft, readChecker } from './checker-lines.ts'
import { type Inherited, inheritedLine } from './inherited.ts'
import { forwardingMethod } from './method.ts'

export const MOST_WEIGHT = 2_147_483_647

/** A real server as written; what it inherits is known when its virtual server has been read to the end. */
export type RealServerDraft = {
  readonly at: Span
  readonly address: IpAddress
  /** 0: none written. */
  readonly port: number
  readonly inherited: Inherited
  weight?: number | undefined
  method?: ForwardingMethod | undefined
  inhibitOnFailure?: boolean | undefined
  upperThreshold: number
  lowerThreshold: number
  notifyUp?: Command | undefined
  notifyDown?: Command | undefined
  readonly checkers: CheckerDraft[]
  readonly scripts: { command: Command; at: Span }[]
}

/** What the virtual server gives its real servers. */
export type ServiceValues = {
  readonly service: ServiceAddress
  readonly inherited: Inherited
  readonly weight: number
  readonly method: ForwardingMethod
  readonly inhibitOnFailure: boolean
  readonly logAllFailures: boolean
}

/** `real_server IP [PORT] { … }`; `method` is the service's so far, which counts if the server has none of its own. */
export function readRealServer(
  to: Lowering,
  node: Node,
  method: ForwardingMethod | undefined,
): RealServerDraft | undefined {
  const word = required(to, node, 'an address')
  const address = word === undefined ? undefined : addressWord(to, 'real_server', word)
  if (address === undefined) return undefined
  const portWritten = node.words[1]
  const port = portWritten === undefined ? 0 : portWord(to, 'real_server', portWritten)
  if (port === undefined) return undefined
  const draft: RealServerDraft = {
    at: node.at,
    address,
    port,
    inherited: {},
    method,
    upperThreshold: 0,
    lowerThreshold: 0,
    checkers: [],
    scripts: [],
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return draft
}

function readLine(to: Lowering, node: Node, draft: RealServerDraft): void {
  if (inheritedLine(to, node, draft.inherited, 1)) return
  switch (node.keyword.text) {
    case 'weight':
      draft.weight = integer(to, node, { min: 0, max: MOST_WEIGHT }) ?? draft.weight
      return
    case 'lvs_method':
      draft.method = forwardingMethod(to, node) ?? draft.method
      return
    case 'inhibit_on_failure':
      draft.inhibitOnFailure = boolean(to, node) ?? draft.inhibitOnFailure
      return
    case 'uthreshold':
      draft.upperThreshold = integer(to, node, { min: 0, max: MOST_32 }) ?? draft.upperThreshold
      return
    case 'lthreshold':
      draft.lowerThreshold = integer(to, node, { min: 0, max: MOST_32 }) ?? draft.lowerThreshold
      return
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    case 'notify_up':
      draft.notifyUp ??= script(to, node, draft)
      return
    case 'notify_down':
      draft.notifyDown ??= script(to, node, draft)
      return
    case 'TCP_CHECK':
    case 'HTTP_GET':
      draft.checkers.push(readChecker(to, node))
      return
  }
}

function script(to: Lowering, node: Node, draft: RealServerDraft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}

/** Undefined, and an error said, if the service cannot use the server. */
export function finishRealServer(to: Lowering, draft: RealServerDraft, from: ServiceValues): RealServer | undefined {
  const { service } = from
  const method = draft.method ?? from.method
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
  const port = portOf(to, draft, service, method)
  const parents = {
    inherited: [draft.inherited, from.inherited],
    address: draft.address,
    // The checker asks the port that was written, also where forwarding cannot use it.
    port: draft.port === 0 ? port : draft.port,
    logAllFailures: from.logAllFailures,
  }
  return {
    address: draft.address,
    port,
    weight: draft.weight ?? from.weight,
    method,
    inhibitOnFailure: draft.inhibitOnFailure ?? from.inhibitOnFailure,
    upperThreshold: draft.upperThreshold,
    lowerThreshold: draft.lowerThreshold,
    checkers: draft.checkers.flatMap((checker) => finishChecker(to, checker, parents) ?? []),
    ...(draft.notifyUp === undefined ? {} : { notifyUp: draft.notifyUp }),
    ...(draft.notifyDown === undefined ? {} : { notifyDown: draft.notifyDown }),
  }
}

/** NAT may map ports; direct routing and tunnels cannot, and a firewall mark has none. */
function portOf(to: Lowering, draft: RealServerDraft, service: ServiceAddress, method: ForwardingMethod): number {
  if (service.kind === 'fwmark') return 0
  if (draft.port === 0) return service.port
  if (method === 'nat' || draft.port === service.port) return draft.port
  to.report.warning(
    'remark',
    draft.at,
    `real_server ${endpoint(draft)}: ${method.toUpperCase()} keeps the port of the virtual server; using ${service.port}`,
    { remedy: 'write the same port, or lb_kind NAT to map ports' },
  )
  return service.port
}
