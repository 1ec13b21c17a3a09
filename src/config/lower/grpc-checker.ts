import { usualTruth } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, type Lowering, required } from './arguments.ts'
import { probeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingDefaults, timingOf } from './checker-timing.ts'
import { inherit } from './inherited.ts'
import { keptOf } from './kept-line.ts'
import type { PendingChecker } from './pending-checker.ts'
import { type Fault, faultOf, faultyLines, strictly } from './strictly.ts'
import { tlsDraft, tlsLine, tlsOf } from './tls-lines.ts'

const BLOCK = 'virtual_server/real_server/GRPC_CHECK'
const TIMING = timingDefaults(BLOCK)

/** `GRPC_CHECK { … }`, of ours. */
export function readGrpcChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  const tls = tlsDraft()
  let spoken = usualTruth(BLOCK, 'tls')
  let service = ''
  const faults: Fault[] = []
  for (const line of node.block?.nodes ?? []) {
    if (probeLine(to, line, draft) || tlsLine(to, line, tls)) continue
    switch (line.keyword.text) {
      case 'tls':
        spoken = boolean(strictly(to, line, faults), line) ?? spoken
        break
      case 'service':
        service = required(strictly(to, line, faults), line, 'the name of a service')?.text ?? service
        break
      case 'virtualhost':
        draft.inherited.virtualHost = required(to, line, 'a host name')?.text ?? draft.inherited.virtualHost
        break
    }
  }
  return (parents) => {
    const target = targetOf(to, draft, parents)
    if (target === undefined) return []
    const all = [...faults, ...(spoken ? tls.faults : [])]
    const virtualHost = inherit([draft.inherited, ...parents.inherited], 'virtualHost')
    return [
      {
        kind: 'grpc',
        timing: timingOf(draft, parents, TIMING),
        target,
        service,
        ...(virtualHost === undefined ? {} : { virtualHost }),
        ...(spoken ? { tls: tlsOf(tls) } : {}),
        ...faultOf(all),
        ...keptOf(faultyLines(all)),
      },
    ]
  }
}
