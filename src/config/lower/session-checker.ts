import { micros } from '../../base/index.ts'
import type { BfdChecker } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { boolean, type Lowering, required, shown } from './arguments.ts'
import type { LoweredSession } from './bfd-session.ts'
import type { Inherited } from './inherited.ts'

/** `BFD_CHECK { … }` as written. */
export type SessionCheckerDraft = {
  readonly at: Span
  readonly session: Word | undefined
  readonly alpha: boolean | undefined
}

export function readSessionChecker(to: Lowering, node: Node): SessionCheckerDraft {
  let session: Word | undefined
  let alpha: boolean | undefined
  for (const line of node.block?.nodes ?? [])
    if (line.keyword.text === 'name') session = required(to, line, 'the name of a bfd_instance') ?? session
    else if (line.keyword.text === 'alpha') alpha = boolean(to, line) ?? alpha
  return { at: node.at, session, alpha }
}

/** Those of one real server; one without a session that tells checkers, or with the session of another, is left out. */
export function sessionCheckersOf(
  to: Lowering,
  drafts: readonly SessionCheckerDraft[],
  around: { readonly inherited: readonly Inherited[]; readonly sessions: ReadonlyMap<string, LoweredSession> },
): readonly BfdChecker[] {
  const checkers: BfdChecker[] = []
  const reject = (at: Span, why: string, remedy: string) =>
    to.report.error('object', at, `BFD_CHECK ${why}; the checker is left out`, { remedy })
  for (const { at, session: name, alpha } of drafts) {
    if (name === undefined) {
      reject(at, 'has no name', 'add name and that of a bfd_instance')
      continue
    }
    const session = around.sessions.get(name.text)
    if (session === undefined)
      reject(name.at, `names ${shown(name)}, and there is no such bfd_instance`, `add bfd_instance ${name.text} { … }`)
    else if (!session.value.checker)
      reject(
        name.at,
        `names ${shown(name)}, which tells VRRP only`,
        `write checker in bfd_instance ${name.text} as well`,
      )
    else if (checkers.some((one) => one.session === name.text))
      reject(name.at, `names ${shown(name)} a second time`, 'remove it')
    else
      checkers.push({
        kind: 'bfd',
        session: name.text,
        timing: {
          delayLoop: micros(0),
          retry: 0,
          delayBeforeRetry: micros(0),
          warmup: micros(0),
          alpha: alpha ?? around.inherited.find((one) => one.alpha !== undefined)?.alpha ?? false,
          logAllFailures: false,
        },
      })
  }
  return checkers
}
