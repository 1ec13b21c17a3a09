import { assertNever, elapsed, type Instant } from '../../base/index.ts'
import type { TransitionSnapshot } from '../../observe/index.ts'
import { because, type VrrpAction, type VrrpEvent, type VrrpState } from '../../proto/vrrp/index.ts'
import type { Parts } from './parts.ts'
import type { RunningRouter } from './running-router.ts'

/** A virtual router has changed its state; in full, once all that belongs to it is done. */
export type TransitionReport = (one: RunningRouter, transition: TransitionSnapshot) => void

/** What is noted while the actions of a change are carried out. */
export type TransitionNote = {
  done(action: VrrpAction): void
  transition(): TransitionSnapshot
}

/**
 * Begins to note a change of state, before the role's own notes of it are renewed; undefined: the state is what it was. Words
 * are made only in the end, for nothing may come between a decision and its advertisement.
 */
export function noteChange(
  { clock, groups }: Pick<Parts, 'clock' | 'groups'>,
  one: RunningRouter,
  before: VrrpState,
  event: VrrpEvent,
  now: Instant,
): TransitionNote | undefined {
  const { state: after, router, enteredAt, lastHeard } = one
  if (after.name === before.name) return undefined
  const done: { readonly action: VrrpAction; readonly at: Instant }[] = []
  return {
    done: (action) => void done.push({ action, at: clock.now() }),
    transition() {
      const notice = done.flatMap(({ action }) => (action.type === 'notify' ? action.cause : []))
      const [cause = 'started'] = notice
      const group = groups.get(one.key)?.group.name
      return {
        at: new Date(one.since).toISOString(),
        from: before.name,
        to: after.name,
        event: event.type,
        cause,
        because: because(router, { event, cause, before, after, now, enteredAt, lastHeard, group }),
        consequences: done.map(({ action, at }) => ({
          what: inWords(action, one),
          after: elapsed(now, at) / 1_000_000,
        })),
      }
    },
  }
}

function inWords(action: VrrpAction, { router }: RunningRouter): string {
  const addresses = router.addresses.length + router.excludedAddresses.length
  switch (action.type) {
    case 'send-advertisement':
      return action.priority === 0 ? 'resigned (priority 0)' : `advertised priority ${action.priority}`
    case 'install-addresses':
      return `took ${addresses} ${addresses === 1 ? 'address' : 'addresses'}`
    case 'remove-addresses':
      return `gave up ${addresses} ${addresses === 1 ? 'address' : 'addresses'}`
    case 'announce-addresses':
      return 'told the neighbours'
    case 'cease-announcing':
      return 'told the neighbours no more'
    case 'notify':
      return `notified ${action.entered}`
    default:
      return assertNever(action)
  }
}
