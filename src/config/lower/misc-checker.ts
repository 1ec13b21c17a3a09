import { type Micros, micros } from '../../base/index.ts'
import type { Command, MiscChecker } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { command, groupOf, type Lowering, required, timer } from './arguments.ts'
import { type TimingDraft, timingDefaults, timingLine, timingOf } from './checker-timing.ts'
import { inherit, serviceDefaults } from './inherited.ts'
import type { PendingChecker } from './pending-checker.ts'

const TIMING = timingDefaults('virtual_server/real_server/MISC_CHECK')

/**
 * `MISC_CHECK { … }`.
 * @param scripts  where its script is noted for those who look whether it can be run
 */
export function readMiscChecker(to: Lowering, node: Node, scripts: { command: Command; at: Span }[]): PendingChecker {
  const draft: TimingDraft = { inherited: {} }
  let written: { readonly argv: readonly string[]; readonly at: Span } | undefined
  let identity: Omit<Command, 'argv'> = {}
  let timeout: Micros = micros(0)
  let dynamic = false
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'misc_path': {
        const found = command(to, line)
        if (found !== undefined) written = { argv: found.argv, at: line.at }
        break
      }
      case 'misc_timeout':
        timeout = timer(to, line) ?? timeout
        break
      case 'misc_dynamic':
        dynamic = true
        break
      case 'user': {
        const user = required(to, line, 'a user')
        if (user !== undefined) identity = { user: user.text, ...groupOf(line.words[1]) }
        break
      }
      default:
        timingLine(to, line, draft)
    }
  if (written === undefined) {
    to.report.error('object', node.at, 'MISC_CHECK has no misc_path; the checker is left out', {
      remedy: 'add misc_path and a command',
    })
    return () => []
  }
  const script: Command = { argv: written.argv, ...identity }
  scripts.push({ command: script, at: written.at })
  return (parents): readonly MiscChecker[] => [
    {
      kind: 'misc',
      timing: timingOf(draft, parents, TIMING),
      command: script,
      timeout: timeout > 0 ? timeout : (inherit(parents.inherited.slice(-1), 'delayLoop') ?? serviceDefaults.delayLoop),
      ...(dynamic ? { dynamicFrom: parents.weight } : {}),
    },
  ]
}
