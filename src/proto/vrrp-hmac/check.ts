import { fail, type IpAddress, ok, type Result } from '../../base/index.ts'
import type { HmacSettings } from '../../model/index.ts'
import type { HmacTrailer } from '../../wire/vrrp/index.ts'
import { type Marks, marked } from './marks.ts'
import { age, isLater } from './sequence.ts'

/** Why a trailer, or its absence, is refused; keepalived's counter in brackets. */
export type HmacRejection =
  /** Not signed, in enforce mode (auth_ext_missing). */
  | 'hmac-missing'
  /** Unicast from none of the peers. */
  | 'source'
  /** Another type, or reserved bits set (auth_ext_malformed). */
  | 'hmac-malformed'
  /** The sender's clock and ours differ by more than the window (auth_ext_stale). */
  | 'hmac-stale'
  /** (auth_ext_unknown_key) */
  | 'hmac-unknown-key'
  /** (auth_ext_invalid_hmac) */
  | 'hmac-invalid'
  /** Not later than the last that was accepted of this sender (auth_ext_replay). */
  | 'hmac-replay'

export type HmacArrival = {
  readonly source: IpAddress
  /** Undefined: multicast. */
  readonly isPeer?: boolean
  /** Absent: not signed; undefined: signed in a form that is not known. */
  readonly trailer?: HmacTrailer | undefined
}

export type Verified = {
  readonly marks: Marks
  /** Seconds that the sender's clock is behind ours, where that is more than half the window. */
  readonly skew?: number
}

/**
 * Cheap questions first: a stale trailer costs no digest. What is refused leaves the marks as they are.
 * @param wall    milliseconds since 1970
 * @param verify  asked once at most; undefined: there is no such key
 */
export function checkHmac(
  settings: HmacSettings,
  marks: Marks,
  arrival: HmacArrival,
  wall: number,
  verify: (trailer: HmacTrailer) => boolean | undefined,
): Result<Verified, HmacRejection> {
  const { antiReplay, window, mode } = settings
  if (!('trailer' in arrival)) return mode === 'enforce' ? fail('hmac-missing') : ok({ marks })
  const { source, isPeer, trailer } = arrival
  if (isPeer === false) return fail('source')
  if (trailer === undefined) return fail('hmac-malformed')
  const { sequence } = trailer
  const behind = age(wall / 1_000, sequence)
  if (antiReplay === 'time' && Math.abs(behind) > window) return fail('hmac-stale')
  const right = verify(trailer)
  if (right === undefined) return fail('hmac-unknown-key')
  if (!right) return fail('hmac-invalid')
  const last = marks.find((one) => one.source === source)?.sequence
  // A mark outside the window is from before a clock was set: nothing accepted now could repeat it.
  const counts = last !== undefined && !(antiReplay === 'time' && Math.abs(age(wall / 1_000, last)) > window)
  if (counts && !isLater(sequence, last)) return fail('hmac-replay')
  const skewed = antiReplay === 'time' && Math.abs(behind) > window / 2
  return ok({ marks: marked(marks, source, sequence, isPeer !== undefined), ...(skewed ? { skew: behind } : {}) })
}
