import type { Instant } from '../../base/index.ts'
import type { TrackScript } from '../../model/index.ts'

export type Verdict = 'unknown' | 'good' | 'bad'

export type TrackScriptState = {
  /** When the next run, or while one runs the next signal to it, is due. */
  readonly deadline: Instant
  /** 0 … rise + fall − 1; good from `rise` on. */
  readonly count: number
  readonly verdict: Verdict
  readonly run?: {
    readonly startedAt: Instant
    /** Signals sent: from the first on it has failed. */
    readonly signals: number
  }
}

/** The first run is due at once. */
export const initialTrackScript = (script: TrackScript, now: Instant): TrackScriptState => ({
  deadline: now,
  count: script.initFail ? 0 : script.rise - 1,
  verdict: script.initFail ? 'bad' : 'unknown',
})
