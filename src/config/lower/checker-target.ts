import { familyOf, type IpAddress, isLinkLocal6 } from '../../base/index.ts'
import type { CheckTarget } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { address, integer, interfaceName, type Lowering } from './arguments.ts'
import { type TimingDraft, timingLine } from './checker-timing.ts'
import { inherit, serviceDefaults } from './inherited.ts'
import type { Mutable } from './mutable.ts'
import type { CheckerParents } from './pending-checker.ts'
import { telling } from './strictly.ts'

/** A checker that connects, as written: the timing set, and where to connect to and from. */
export type ProbeDraft = TimingDraft & {
  /** `TCP_CHECK`; complaints name it. */
  readonly keyword: string
  readonly at: Span
  address?: { value: IpAddress; at: Span } | undefined
  port?: number | undefined
  bindAddress?: { value: IpAddress; at: Span } | undefined
  bindPort?: number | undefined
  bindInterface?: Word | undefined
  fwmark?: number | undefined
}

export const probeDraft = (node: Node): ProbeDraft => ({ keyword: node.keyword.text, at: node.at, inherited: {} })

/** Checkers that keepalived does not have. */
const ours: ReadonlySet<string> = new Set(['GRPC_CHECK', 'HTTP2_GET'])

const alike = (keyword: string): string => (ours.has(keyword) ? '' : ' (as with keepalived)')

/** With a wrong connect_ip keepalived 2.2.7 finds no socket for its check, and tries for ever; but for that of SMTP. */
function ownAddress(keyword: string): string {
  const instead = "the check asks at the real server's own address, unless another line names one"
  if (ours.has(keyword) || keyword === 'SMTP_CHECK') return `${instead}${alike(keyword)}`
  return `${instead} (that of keepalived then asks nowhere, and the server stays as it began)`
}

const ownPort = (keyword: string): string =>
  `the check asks at the real server's own port, unless another line names one${alike(keyword)}`

const anySource = (keyword: string): string =>
  `the check comes from the address that the kernel chooses, unless another line names one${alike(keyword)}`

/** Reads the line if it is one of the timing or connection set (keepalived.conf(5)); false: it is another. */
export function probeLine(to: Lowering, node: Node, draft: ProbeDraft): boolean {
  if (timingLine(to, node, draft)) return true
  switch (node.keyword.text) {
    case 'connect_ip':
      draft.address = address(telling(to, ownAddress(draft.keyword)), node) ?? draft.address
      return true
    case 'connect_port':
      draft.port = integer(telling(to, ownPort(draft.keyword)), node) ?? draft.port
      return true
    case 'bindto':
      draft.bindAddress = address(telling(to, anySource(draft.keyword)), node) ?? draft.bindAddress
      return true
    case 'bind_port':
      draft.bindPort = integer(to, node) ?? draft.bindPort
      return true
    case 'bind_if':
      draft.bindInterface = interfaceName(to, node) ?? draft.bindInterface
      return true
    case 'fwmark':
      draft.fwmark = integer(to, node) ?? draft.fwmark
      return true
    default:
      return false
  }
}

/**
 * Where the probe connects; undefined, and an error said, where it cannot.
 * @param defaultPort  where neither the checker nor its real server has a port; `none`: the protocol has no ports
 */
export function targetOf(
  to: Lowering,
  draft: ProbeDraft,
  parents: CheckerParents,
  defaultPort?: number | 'none',
): CheckTarget | undefined {
  const target = draft.address?.value ?? parents.address
  const port = defaultPort === 'none' ? 0 : (draft.port ?? (parents.port === 0 ? (defaultPort ?? 0) : parents.port))
  if (port === 0 && defaultPort !== 'none') {
    to.report.error('object', draft.at, `${draft.keyword} knows no port; the checker is left out`, {
      remedy: 'add connect_port',
    })
    return undefined
  }
  let bind = draft.bindAddress
  if (bind !== undefined && familyOf(bind.value) !== familyOf(target)) {
    const source = `the check comes from the address that the kernel chooses${alike(draft.keyword)}`
    to.report.error('value', bind.at, `bindto ${bind.value} is not of the family of ${target}; ${source}`)
    bind = undefined
  }
  if (isLinkLocal6(target) && draft.bindInterface === undefined) {
    to.report.error(
      'object',
      draft.at,
      `${draft.keyword} of the link-local ${target} has no bind_if; the checker is left out`,
      { remedy: 'add bind_if and the interface' },
    )
    return undefined
  }
  const found: Mutable<CheckTarget> = {
    address: target,
    port,
    connectTimeout:
      draft.inherited.connectTimeout ?? inherit(parents.inherited, 'connectTimeout') ?? serviceDefaults.connectTimeout,
  }
  if (bind !== undefined) found.bindAddress = bind.value
  if (draft.bindPort !== undefined) found.bindPort = draft.bindPort
  if (draft.bindInterface !== undefined) found.bindInterface = draft.bindInterface.text
  if (draft.fwmark !== undefined && draft.fwmark !== 0) found.fwmark = draft.fwmark
  return found
}
