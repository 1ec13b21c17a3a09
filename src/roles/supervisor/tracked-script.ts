import { assertNever, elapsed, micros, type Result } from '../../base/index.ts'
import type { Command, Observation, TrackScript } from '../../model/index.ts'
import {
  initialTrackScript,
  stepTrackScript,
  type TrackScriptAction,
  type TrackScriptEvent,
  type TrackScriptState,
} from '../../proto/track-script/index.ts'
import type { RunningCommand, SupervisorPorts } from './ports.ts'
import { exitText } from './role-keeper.ts'

/** What a script with init_fail comes to before its first run. */
export const NOT_YET_RUN = { type: 'bad', reason: 'has not run yet' } as const

/** A script that is run over and over. */
export type TrackedScript = {
  readonly script: TrackScript
  readonly state: () => TrackScriptState
  /** Undefined: it has not said anything yet. */
  observation(): Observation | undefined
  /** How its last failed run ended. */
  readonly reason: () => string
  close(): void
}

/**
 * @param before  a script of the same name and command that this one follows: it has no first result to wait for
 */
export function trackScript(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'run' | 'log'>,
  script: TrackScript,
  identify: (command: Command) => Result<Command, string>,
  before: Pick<TrackedScript, 'state' | 'reason'> | undefined,
  onChange: () => void,
): TrackedScript {
  const { clock, log } = ports
  const { name } = script
  let state: TrackScriptState = resumed(script, initialTrackScript(script, clock.now()), before?.state())
  let running: RunningCommand | undefined
  let cancel: (() => void) | undefined
  let closed = false
  let refused: string | undefined
  let reason: string = before?.reason() ?? NOT_YET_RUN.reason

  function dispatch(event: TrackScriptEvent): void {
    if (closed) return
    const { state: next, actions } = stepTrackScript(script, state, event, clock.now())
    state = next
    for (const action of actions) perform(action)
    cancel?.()
    const wait = micros(Math.max(0, elapsed(clock.now(), state.deadline)))
    cancel = ports.schedule(wait, () => dispatch({ type: 'deadline-reached' }))
  }

  function perform(action: TrackScriptAction): void {
    switch (action.type) {
      case 'run':
        return run()
      case 'signal':
        reason = `takes longer than ${script.timeout / 1_000_000} s`
        log.warn('tracked script takes too long', { script: name, signal: action.signal })
        running?.kill(action.signal)
        return
      case 'report':
        if (action.good) log.info('tracked script succeeded', { script: name })
        else log.warn('tracked script failed', { script: name, reason })
        return onChange()
      case 'log-skipped':
        return log.debug('tracked script was still running when it was due', { script: name, turns: action.turns })
      default:
        return assertNever(action)
    }
  }

  function run(): void {
    const identified = identify(script.command)
    if (!identified.ok) {
      if (refused !== identified.error)
        log.error('tracked script is not run and counts for nothing', { script: name, reason: identified.error })
      const isNew = refused === undefined
      refused = identified.error
      state = { ...state, run: { startedAt: clock.now(), signals: 1 } }
      ports.schedule(micros(0), () => dispatch({ type: 'run-ended', ok: false }))
      if (isNew) onChange()
      return
    }
    refused = undefined
    running = ports.run(identified.value, (end) => {
      running = undefined
      const ok = end.ok && end.value.code === 0
      // A run that was told to end has its reason already.
      if (!ok && (state.run?.signals ?? 0) === 0)
        reason = !end.ok ? `cannot be run: ${end.error.message}` : `ended with ${exitText(end.value)}`
      dispatch({ type: 'run-ended', ok })
    })
  }

  cancel = ports.schedule(micros(0), () => dispatch({ type: 'deadline-reached' }))
  return {
    script,
    state: () => state,
    reason: () => reason,
    observation() {
      if (refused !== undefined) return { type: 'ignored' }
      if (state.verdict === 'unknown') return undefined
      return state.verdict === 'good' ? { type: 'good' } : { type: 'bad', reason }
    },
    close() {
      closed = true
      cancel?.()
      running?.kill('SIGTERM')
    },
  }
}

const resumed = (
  script: TrackScript,
  fresh: TrackScriptState,
  before: TrackScriptState | undefined,
): TrackScriptState =>
  before === undefined || before.verdict === 'unknown'
    ? fresh
    : { ...fresh, verdict: before.verdict, count: before.verdict === 'good' ? script.rise + script.fall - 1 : 0 }
