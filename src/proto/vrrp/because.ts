import { compareAddresses, elapsed, type Instant, type IpAddress, type Micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Cause } from './action.ts'
import type { VrrpEvent } from './event.ts'
import type { VrrpState } from './state.ts'

/** The last advertisement that was accepted, whatever became of it. */
export type LastHeard = { readonly source: IpAddress; readonly priority: number; readonly at: Instant }

/** One change of state, as the machine saw it. */
export type Change = {
  readonly event: VrrpEvent
  readonly cause: Cause
  readonly before: VrrpState
  readonly after: VrrpState
  readonly now: Instant
  /** When the state before was entered. */
  readonly enteredAt: Instant
  readonly lastHeard: LastHeard | undefined
  /** The sync group it is in. */
  readonly group: string | undefined
}

/** Why the state was entered, in words for the user, with the figures that decided. */
export function because(router: Pick<VirtualRouter, 'priority'>, change: Change): string {
  const { event, cause, before, after, lastHeard } = change
  const group = change.group === undefined ? 'its sync group' : `its sync group ${change.group}`
  switch (cause) {
    case 'started':
      return after.name === 'master' ? 'it was started and owns its addresses' : 'it was started'
    case 'resumed':
      return 'it goes on where an earlier process was master'
    case 'master-silent':
      return silence(router, change)
    case 'master-resigned':
      return lastHeard === undefined ? 'the master resigned' : `the master ${lastHeard.source} resigned (priority 0)`
    case 'stronger-master':
      return event.type === 'advertisement-received' ? stronger(router, event) : 'a stronger master was heard'
    case 'rival-owner':
      return event.type === 'advertisement-received'
        ? `${event.source} owns the same addresses and does not give way`
        : 'another owner of the same addresses does not give way'
    case 'failover':
      return event.type === 'advertisement-received'
        ? `it was told to fail over, and ${event.source} has taken its place`
        : 'it was told to fail over'
    case 'sync-group':
      return after.name === 'master' ? `${group} became master` : `another member of ${group} is not master any more`
    case 'fault':
      return after.name === 'fault' ? after.reason : 'it may not run'
    case 'fault-cleared':
      return before.name === 'fault' ? `what kept it in fault is over (${before.reason})` : 'its fault is over'
    case 'stopped':
      return event.type === 'advertisement-received'
        ? `the daemon stops, and ${event.source} has taken its place`
        : 'the daemon stops'
    case 'deleted':
      return 'it was taken out of the configuration'
    default:
      return cause
  }
}

function silence({ priority }: Pick<VirtualRouter, 'priority'>, { now, enteredAt, lastHeard }: Change): string {
  if (lastHeard === undefined || lastHeard.at < enteredAt)
    return `no master was heard for ${time(elapsed(enteredAt, now))}`
  const { source, at } = lastHeard
  return lastHeard.priority > 0 && lastHeard.priority < priority
    ? `its priority ${priority} is above ${lastHeard.priority}, that of the master ${source}`
    : `the master ${source} (priority ${lastHeard.priority}) was silent for ${time(elapsed(at, now))}`
}

function stronger(
  router: Pick<VirtualRouter, 'priority'>,
  { source, priority, self }: Extract<VrrpEvent, { type: 'advertisement-received' }>,
): string {
  if (priority > router.priority) return `${source} advertises priority ${priority}, above its ${router.priority}`
  return priority === router.priority && compareAddresses(source, self) > 0
    ? `${source} has the same priority ${priority} and the higher address`
    : `${source} is master with priority ${priority}`
}

/** To the millisecond: `3.609 s`. */
const time = (of: Micros): string => `${Number((of / 1_000_000).toFixed(3))} s`
