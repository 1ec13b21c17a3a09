import { constants } from 'node:os'
import { hfsys } from '../../native/index.ts'
import type { SignalName } from './signals.ts'

/** What a relayed signal arrives as. */
export const RELAYED = 'SIGUSR2' satisfies SignalName

let descriptor = -1

/**
 * From here on these signals reach this process before our own handlers, which they have already, and whatever our event
 * loop is doing. One process at a time; that it ends does no harm. Where the kernel has no pidfd nothing is relayed.
 */
export function relaySignals(signals: readonly SignalName[], pid: number): void {
  const system = hfsys()
  const before = descriptor
  descriptor = system.pidfdOpen(pid)
  system.relayTo(descriptor, constants.signals[RELAYED])
  if (before >= 0) system.close(before)
  for (const signal of signals) system.relaySignal(constants.signals[signal])
}
