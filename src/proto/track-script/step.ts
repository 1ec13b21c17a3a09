import { after, assertNever, elapsed, type Instant, micros, seconds } from '../../base/index.ts'
import type { TrackScript } from '../../model/index.ts'
import type { TrackScriptAction } from './action.ts'
import type { TrackScriptEvent } from './event.ts'
import type { TrackScriptState } from './state.ts'

export type TrackScriptStep = { readonly state: TrackScriptState; readonly actions: readonly TrackScriptAction[] }

/** SIGTERM is followed by SIGKILL, and that by others (keepalived). */
const GRACE = seconds(2)
const AGAIN = seconds(10)

/** One event in the life of a tracked script. */
export function stepTrackScript(
  script: TrackScript,
  state: TrackScriptState,
  event: TrackScriptEvent,
  now: Instant,
): TrackScriptStep {
  switch (event.type) {
    case 'deadline-reached':
      if (now < state.deadline) return { state, actions: [] }
      return state.run === undefined ? start(script, state, now) : hurry(script, state, state.run, now)
    case 'run-ended':
      return state.run === undefined ? { state, actions: [] } : end(script, state, state.run, event.ok, now)
    default:
      return assertNever(event)
  }
}

const start = (script: TrackScript, state: TrackScriptState, now: Instant): TrackScriptStep => ({
  state: { ...state, deadline: after(now, script.timeout), run: { startedAt: now, signals: 0 } },
  actions: [{ type: 'run' }],
})

type Run = NonNullable<TrackScriptState['run']>

/**
 * It takes too long. The failure counts at once: a script that no signal reaches must not hold up what it stands for.
 * (keepalived waits for its end.)
 */
function hurry(script: TrackScript, state: TrackScriptState, run: Run, now: Instant): TrackScriptStep {
  const signal = run.signals === 0 ? 'SIGTERM' : 'SIGKILL'
  const counted = run.signals === 0 ? count(script, state, false) : { state, actions: [] }
  return {
    state: {
      ...counted.state,
      deadline: after(now, run.signals === 0 ? GRACE : AGAIN),
      run: { ...run, signals: run.signals + 1 },
    },
    actions: [{ type: 'signal', signal }, ...counted.actions],
  }
}

/** Due again a whole number of intervals after its start. */
function end(script: TrackScript, state: TrackScriptState, run: Run, ok: boolean, now: Instant): TrackScriptStep {
  const { state: counted, actions: reports } = run.signals === 0 ? count(script, state, ok) : { state, actions: [] }
  const { run: _, ...idle } = counted
  const turns = Math.max(1, Math.ceil(elapsed(run.startedAt, now) / script.interval))
  const deadline = after(run.startedAt, micros(turns * script.interval))
  return {
    state: { ...idle, deadline },
    actions: turns === 1 ? reports : [...reports, { type: 'log-skipped', turns: turns - 1 }],
  }
}

/**
 * keepalived's one counter: below `rise` a success adds one and a failure begins anew; reaching `rise` goes to the top at
 * once, from where each failure takes one away; falling below `rise` goes to 0 at once. The first result decides alone.
 */
function count(script: TrackScript, state: TrackScriptState, ok: boolean): TrackScriptStep {
  const top = script.rise + script.fall - 1
  const isGood = state.count >= script.rise
  const stays = ok ? !isGood && state.count < script.rise - 1 : state.count > script.rise
  if (stays) return { state: { ...state, count: state.count + (ok ? 1 : -1) }, actions: [] }
  const verdict = ok ? 'good' : 'bad'
  return {
    state: { ...state, count: ok ? top : 0, verdict },
    actions: state.verdict === verdict ? [] : [{ type: 'report', good: ok }],
  }
}
