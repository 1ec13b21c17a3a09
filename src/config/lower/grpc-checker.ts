import { usualTruth } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { type Lowering, required } from './arguments.ts'
import { probeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingDefaults, timingOf } from './checker-timing.ts'
import { inherit } from './inherited.ts'
import { keptOf } from './kept-line.ts'
import type { PendingChecker } from './pending-checker.ts'
import { type Fault, faultOf, faultyLines, strictly } from './strictly.ts'
import { speaksTls, tlsDraft, tlsLine, tlsOf } from './tls-lines.ts'

const BLOCK = 'virtual_server/real_server/GRPC_CHECK'
const TIMING = timingDefaults(BLOCK)

/** `GRPC_CHECK { … }`, of ours. */
export function readGrpcChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  const tls = tlsDraft()
  let service = ''
  const faults: Fault[] = []
  const lines = node.block?.nodes ?? []
  const spoken = speaksTls(to, lines, faults) ?? usualTruth(BLOCK, 'tls')
  for (const line of lines) {
    if (probeLine(to, line, draft) || tlsLine(to, line, tls, spoken)) continue
    switch (line.keyword.text) {
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
    const all = [...faults, ...tls.faults]
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
