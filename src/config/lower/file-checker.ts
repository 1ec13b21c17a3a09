import { micros } from '../../base/index.ts'
import type { CheckTiming, TrackedWeight } from '../../model/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type Lowering, required, shown } from './arguments.ts'
import type { PendingChecker } from './pending-checker.ts'
import { readWeight } from './weight.ts'

/** It asks nothing: keepalived.conf(5) gives it no words for that, and what a real server says of them is not for it. */
const untimed: CheckTiming = {
  delayLoop: micros(0),
  retry: 0,
  delayBeforeRetry: micros(0),
  warmup: micros(0),
  alpha: false,
  logAllFailures: false,
}

/** `FILE_CHECK { … }`: names a track_file, and may weigh it otherwise than the file's own block does. */
export function readFileChecker(to: Lowering, node: Node): PendingChecker {
  let name: Word | undefined
  let written: TrackedWeight | undefined
  for (const line of node.block?.nodes ?? [])
    if (line.keyword.text === 'track_file') name = required(to, line, 'the name of a track_file') ?? name
    else if (line.keyword.text === 'weight') written = readWeight(to, line) ?? written
  return ({ files }) => {
    if (name === undefined) {
      to.report.error('object', node.at, 'FILE_CHECK has no track_file; the checker is left out', {
        remedy: 'add track_file and the name of one',
      })
      return []
    }
    const file = files.get(name.text)
    if (file !== undefined) return [{ kind: 'file', timing: untimed, file: name.text, ...(written ?? file.weight) }]
    to.report.error(
      'object',
      name.at,
      `FILE_CHECK names ${shown(name)}, and there is no such track_file; the checker is left out`,
      {
        remedy: `add track_file ${name.text} { … }`,
      },
    )
    return []
  }
}
