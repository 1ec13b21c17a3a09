import { bfdSessionKey } from '../../model/index.ts'
import type { LoweredSession } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Is each bfd_instance the only one with its neighbour, source and kind? The neighbour would take two for one. */
export function checkBfdSessions(sessions: readonly LoweredSession[], report: Report): readonly LoweredSession[] {
  const taken = new Map<string, LoweredSession>()
  return sessions.filter((session) => {
    const key = bfdSessionKey(session.value)
    const first = taken.get(key)
    if (first === undefined) {
      taken.set(key, session)
      return true
    }
    const { name } = session.value
    report.error('object', session.at, `bfd_instance ${name} has the addresses of another; it is left out`, {
      remedy: `remove it, and track ${first.value.name} instead`,
      related: [{ at: first.at, message: 'first used here' }],
    })
    return false
  })
}
