import { RESIGNED, step } from '../../proto/vrrp/index.ts'
import { place } from './address-keeper.ts'
import { addressesOf, type Parts } from './parts.ts'
import { outgoingAt, type RunningRouter } from './running-router.ts'

/** An index that no interface has: the kernel refuses it after reading the whole request. */
const NO_INTERFACE = 0x7fffffff

/**
 * Does once, without effect, what a backup's takeover does, and makes ready what it needs: code that runs for the first
 * time takes ten times as long, and at 10 ms advertisements that is a good part of the outage.
 */
export function rehearse({ view, announcer, routes }: Parts, one: RunningRouter): void {
  if (one.state.name !== 'backup') return
  const { router, state } = one
  step(router, state, { type: 'deadline-reached' }, state.downAt)
  outgoingAt(one, router.priority)
  outgoingAt(one, RESIGNED)
  const placed = addressesOf(router).flatMap((address) => place(address, view) ?? [])
  announcer.rehearse(one.key, placed, router.announcements)
  for (const each of placed.slice(0, 1)) routes.addAddress({ ...each, interfaceIndex: NO_INTERFACE })
}
