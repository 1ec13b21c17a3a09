import type { VrrpEvent, VrrpState } from '../vrrp/index.ts'

/** An event for another member. */
export type Consequence<Member> = {
  readonly member: Member
  readonly event: Extract<VrrpEvent, { type: 'group-became-master' | 'group-became-backup' }>
}

/**
 * What a step of one member means for the others.
 * - It became master: so do all that are backup.
 * - It gave way as master: so do all that are master.
 * - It is backup, has begun to follow another router's master, and others are master: they give way. That is a member that
 *   came to a group of masters, by a reload for instance; it cannot join them, so they join it.
 * A fault is no matter of this: it reaches the others as a fault of their own.
 */
export function consequences<Member>(
  before: VrrpState,
  state: VrrpState,
  others: ReadonlyMap<Member, VrrpState>,
): readonly Consequence<Member>[] {
  const tell = (name: VrrpState['name'], type: Consequence<Member>['event']['type']): readonly Consequence<Member>[] =>
    [...others].flatMap(([member, one]) => (one.name === name ? [{ member, event: { type } }] : []))
  if (state.name === 'master') return before.name === 'master' ? [] : tell('backup', 'group-became-master')
  if (state.name !== 'backup') return []
  return before.name === 'master' || follows(before, state) ? tell('master', 'group-became-backup') : []
}

const follows = (before: VrrpState, { heard, wishes }: Extract<VrrpState, { name: 'backup' }>): boolean =>
  heard !== undefined && heard.priority > 0 && wishes !== true && !(before.name === 'backup' && before.heard === heard)
