import { ROUTE_PROTOCOL } from '../../model/index.ts'
import type { LineName } from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'
import type { OptionLine } from './option-line.ts'

/** What a route and a rule say of whether they are watched, and for whom. */
export type Tracking = { untracked?: true | undefined; trackGroup?: Word; protocol?: number | undefined }

export function readTracking<Line extends LineName>(
  line: OptionLine<Line>,
  word: Word,
  option: 'no_track' | 'track_group',
  draft: Tracking,
): void {
  if (option === 'no_track') {
    draft.untracked = true
    return
  }
  const name = line.value(word)
  if (name !== undefined) draft.trackGroup = name
}

/** What is watched is known by its protocol, so that another has no effect unless it is not. */
export function watchedAs(
  to: Lowering,
  node: Node,
  title: string,
  { untracked = undefined, protocol = ROUTE_PROTOCOL }: Tracking,
): { readonly untracked: boolean; readonly protocol: number } {
  if (untracked === true) return { untracked, protocol }
  if (protocol !== ROUTE_PROTOCOL)
    to.report.warning('remark', node.at, `${title} has protocol ${ROUTE_PROTOCOL} for as long as it is watched`, {
      remedy: 'add no_track, or remove protocol',
    })
  return { untracked: false, protocol: ROUTE_PROTOCOL }
}
