import type { Node } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'
import { probeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingDefaults, timingOf } from './checker-timing.ts'
import type { PendingChecker } from './pending-checker.ts'

const TIMING = timingDefaults('virtual_server/real_server/TCP_CHECK')

/** `TCP_CHECK { … }`. */
export function readTcpChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  for (const line of node.block?.nodes ?? []) probeLine(to, line, draft)
  return (parents) => {
    const target = targetOf(to, draft, parents)
    return target === undefined ? [] : [{ kind: 'tcp', timing: timingOf(draft, parents, TIMING), target }]
  }
}
