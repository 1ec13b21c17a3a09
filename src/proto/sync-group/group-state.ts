import type { VrrpState } from '../vrrp/index.ts'

export type GroupState = VrrpState['name']

/** What a group of members in these states is: master where all are, fault where one is, backup where all have begun. */
export function groupState(members: readonly VrrpState[]): GroupState {
  if (members.some(({ name }) => name === 'fault')) return 'fault'
  if (members.some(({ name }) => name === 'initialize')) return 'initialize'
  return members.every(({ name }) => name === 'master') ? 'master' : 'backup'
}
