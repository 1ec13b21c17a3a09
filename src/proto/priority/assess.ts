import type { Observation, Track } from '../../model/index.ts'
import { OWNER } from '../vrrp/index.ts'

export type Assessment = {
  /** Effective: 1–254, or 255 for an owner. */
  readonly priority: number
  /** Why the virtual router may not run, in words for the user. */
  readonly fault?: string
  /** Something that may be a fault is not known yet: a virtual router that has not begun waits for it. */
  readonly pending: boolean
}

/** What one tracker comes to. */
type Contribution = { readonly weight: number; readonly fault?: string; readonly pending?: true }

const LEAST = 1
const MOST = 254
/** A file that takes off this much, or more, is a fault. */
const FATAL = -254
const MOST_OF_A_FILE = 253

/**
 * The base priority and all that trackers add and take away, kept within 1 to 254. An owner's priority never changes, and
 * nothing makes an owner (RFC 9568 §5.2.4). The sum is made anew each time, so what goes away leaves nothing behind.
 * @param observe undefined: not known yet
 */
export function assess(
  base: number,
  tracks: readonly Track[],
  observe: (track: Track) => Observation | undefined,
): Assessment {
  const all = tracks.map((track) => contribution(track, observe(track)))
  const sum = all.reduce((total, { weight }) => total + weight, base)
  const fault = all.find((one) => one.fault !== undefined)?.fault
  return {
    priority: base === OWNER ? OWNER : Math.min(MOST, Math.max(LEAST, sum)),
    ...(fault === undefined ? {} : { fault }),
    pending: all.some(({ pending }) => pending === true),
  }
}

function contribution(track: Track, observation: Observation | undefined): Contribution {
  const { weight, reverse } = track
  if (observation === undefined) return weight === 0 ? { weight: 0, pending: true } : { weight: 0 }
  switch (observation.type) {
    case 'ignored':
      return { weight: 0 }
    case 'value':
      return ofFile(track, observation.value)
    case 'good':
      if (weight === 0) return reverse ? fault(track, 'is good') : { weight: 0 }
      return { weight: weight > 0 ? signed(weight, reverse) : 0 }
    case 'bad':
      if (weight === 0) return reverse ? { weight: 0 } : fault(track, observation.reason)
      return { weight: weight < 0 ? signed(weight, reverse) : 0 }
  }
}

function ofFile(track: Track, value: number): Contribution {
  const { weight, reverse } = track
  if (weight === 0) return (value !== 0) === reverse ? { weight: 0 } : fault(track, `holds ${value}`)
  const product = signed(value * weight, reverse)
  return product <= FATAL ? fault(track, `holds ${value}`) : { weight: Math.min(product, MOST_OF_A_FILE) }
}

const signed = (weight: number, reverse: boolean): number => (reverse ? -weight : weight)

const fault = ({ kind, name }: Track, what: string): Contribution => ({
  weight: 0,
  fault: kind === 'interface' ? `tracked ${name}: ${what}` : `tracked ${kind} ${name} ${what}`,
})
