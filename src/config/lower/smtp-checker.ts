import type { SmtpChecker } from '../../model/index.ts'
import { MAIL_PORT, usualWord } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { type Lowering, required } from './arguments.ts'
import { type ProbeDraft, probeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingDefaults, timingLine, timingOf } from './checker-timing.ts'
import type { PendingChecker } from './pending-checker.ts'

const BLOCK = 'virtual_server/real_server/SMTP_CHECK'
const TIMING = timingDefaults(BLOCK)

/**
 * `SMTP_CHECK { … }`: one checker, and one more for each `host { … }`, an old way to write several; the first of these takes
 * the place of a checker that does not say where.
 */
export function readSmtpChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  const hosts: ProbeDraft[] = []
  let heloName = usualWord(BLOCK, 'helo_name')
  for (const line of node.block?.nodes ?? [])
    if (line.keyword.text === 'helo_name') heloName = required(to, line, 'a name')?.text ?? heloName
    else if (line.keyword.text === 'host') hosts.push(readHost(to, line, draft))
    else probeLine(to, line, draft)
  const targets = hosts.length > 0 && !saysWhere(draft) ? hosts : [draft, ...hosts]
  return (parents) =>
    targets.flatMap((one): readonly SmtpChecker[] => {
      const around = { ...parents, inherited: [draft.inherited, ...parents.inherited] }
      const target = targetOf(to, one, around, MAIL_PORT)
      return target === undefined ? [] : [{ kind: 'smtp', timing: timingOf(draft, parents, TIMING), target, heloName }]
    })
}

/** Where to connect is its own; the timing set in it is the whole checker's (keepalived). */
function readHost(to: Lowering, node: Node, checker: ProbeDraft): ProbeDraft {
  const host: ProbeDraft = { ...probeDraft(node), keyword: checker.keyword }
  for (const line of node.block?.nodes ?? [])
    if (line.keyword.text === 'connect_timeout' || !timingLine(to, line, checker)) probeLine(to, line, host)
  return host
}

const saysWhere = ({ address, port, bindAddress, bindPort, bindInterface, fwmark }: ProbeDraft): boolean =>
  [address, port, bindAddress, bindPort, bindInterface, fwmark].some((one) => one !== undefined)
