import type { TrackedWeight, TrackProcess } from '../../model/index.ts'
import { usualNumber, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { choiceOf, integer, type Lowering, required, timer } from './arguments.ts'
import { usualTime } from './usual.ts'
import { firstWeight, shownWeight, usualWeight } from './weight.ts'

export type LoweredProcess = { readonly value: TrackProcess; readonly weight: TrackedWeight; readonly at: Span }

const usual = {
  fullCommand: usualTruth('vrrp_track_process', 'full_command'),
  weight: usualWeight('vrrp_track_process'),
  quorum: usualNumber('vrrp_track_process', 'quorum'),
  forkDelay: usualTime('vrrp_track_process', 'fork_delay'),
  terminateDelay: usualTime('vrrp_track_process', 'terminate_delay'),
}

/** `vrrp_track_process NAME { … }`; undefined, and an error said, if nothing says which processes. */
export function lowerProcess(to: Lowering, node: Node): LoweredProcess | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  let words: readonly Word[] | undefined
  let match: TrackProcess['match']
  let { fullCommand, weight, forkDelay, terminateDelay } = usual
  let quorum: number | undefined
  let most: { readonly value: number; readonly at: Span } | undefined
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'process':
        if (words !== undefined) to.report.warning('remark', line.at, 'process is given already; the first one is used')
        else if (required(to, line, 'the name of a process') !== undefined) words = line.words
        break
      case 'param_match':
        if (line.words.length === 0) match = 'exact'
        else match = choiceOf(to, line, ['initial', 'partial']) ?? match
        break
      case 'full_command':
        fullCommand = true
        break
      case 'weight':
        weight = firstWeight(to, line, weight, usual.weight)
        break
      case 'quorum':
        quorum = integer(to, line) ?? quorum
        break
      case 'quorum_max': {
        const value = integer(to, line)
        if (value !== undefined) most = { value, at: line.at }
        break
      }
      case 'delay':
        forkDelay = timer(to, line) ?? forkDelay
        terminateDelay = timer(to, line) ?? terminateDelay
        break
      case 'fork_delay':
        forkDelay = timer(to, line) ?? forkDelay
        break
      case 'terminate_delay':
        terminateDelay = timer(to, line) ?? terminateDelay
        break
    }
  const [command, ...rest] = words ?? []
  if (command === undefined || command.text === '') {
    to.report.error('object', node.at, `vrrp_track_process ${name.text} has no process; it is left out`, {
      remedy: 'add process and its name',
    })
    return undefined
  }
  // None may run: then none is the least, too.
  const least = quorum ?? (most?.value === 0 ? 0 : usual.quorum)
  if (most !== undefined && most.value < least) {
    to.report.error(
      'object',
      most.at,
      `vrrp_track_process ${name.text} has a quorum_max ${most.value} below its quorum ${least}; it is left out`,
      { remedy: 'raise quorum_max, or lower quorum' },
    )
    return undefined
  }
  const list = rest.map((word) => word.text)
  const compared = match ?? (list.length > 0 ? 'exact' : undefined)
  return {
    value: {
      name: name.text,
      command: command.text,
      arguments: list,
      fullCommand: fullCommand || compared !== undefined,
      ...(compared === undefined ? {} : { match: compared }),
      quorum: least,
      ...(most === undefined ? {} : { most: most.value }),
      forkDelay,
      terminateDelay,
      ...shownWeight(weight, usual.weight),
    },
    weight,
    at: node.at,
  }
}
