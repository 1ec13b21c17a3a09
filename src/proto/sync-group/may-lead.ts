import type { VirtualRouter } from '../../model/index.ts'
import { eagerOwner, type VrrpState } from '../vrrp/index.ts'

/** Whether a member whose timer has run out may become master: each of the others is, or wants to be. */
export const mayLead = (others: readonly VrrpState[]): boolean =>
  others.every((state) => state.name === 'master' || (state.name === 'backup' && state.wishes === true))

/** Only where all own their addresses and wish it does a group begin as master (keepalived). */
export const mayBeginAsMaster = (members: readonly VirtualRouter[]): boolean => members.every(eagerOwner)
