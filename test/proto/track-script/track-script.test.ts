import { describe, expect, test } from 'vitest'
import { type Instant, instant, seconds } from '../../../src/base/index.ts'
import type { TrackScript } from '../../../src/model/index.ts'
import {
  initialTrackScript,
  stepTrackScript,
  type TrackScriptAction,
  type TrackScriptState,
} from '../../../src/proto/track-script/index.ts'

const at = (of: number): Instant => instant(of * 1_000_000)
const script: TrackScript = {
  name: 'chk',
  command: { argv: ['/bin/chk'] },
  interval: seconds(2),
  timeout: seconds(3),
  rise: 1,
  fall: 1,
  initFail: false,
}

/** Verdicts reported, in order, when the runs end as given: + with exit code 0. */
function reports(of: Partial<TrackScript>, results: string): string {
  const one = { ...script, ...of }
  let state = initialTrackScript(one, at(0))
  let told = ''
  for (const result of results) {
    const now = state.deadline
    state = stepTrackScript(one, state, { type: 'deadline-reached' }, now).state
    const ended = stepTrackScript(one, state, { type: 'run-ended', ok: result === '+' }, now)
    state = ended.state
    const report = ended.actions.find((action) => action.type === 'report')
    told += report?.type === 'report' ? (report.good ? 'G' : 'B') : '.'
  }
  return told
}

describe('results', () => {
  const rows: readonly [rule: string, of: Partial<TrackScript>, results: string, told: string][] = [
    ['rise 1, fall 1: each change is told', {}, '++-+--', 'G.BGB.'],
    ['the first result decides alone, a success', { rise: 3, fall: 3 }, '+---+', 'G..B.'],
    ['the first result decides alone, a failure', { rise: 3, fall: 3 }, '-+++', 'B..G'],
    ['a failure on the way up begins anew', { rise: 3 }, '-++-+++', 'B.....G'],
    ['a success on the way down wipes the failures', { fall: 3 }, '+--+---', 'G.....B'],
    ['init_fail: it takes all of rise from the start', { rise: 2, initFail: true }, '+-++', '...G'],
    ['init_fail: a first failure is no news', { initFail: true }, '-+', '.G'],
  ]
  for (const [rule, of, results, told] of rows) test(rule, () => expect(reports(of, results)).toBe(told))
})

describe('times', () => {
  const running: TrackScriptState = {
    deadline: at(13),
    count: 1,
    verdict: 'good',
    run: { startedAt: at(10), signals: 0 },
  }
  const rows: readonly [
    rule: string,
    state: TrackScriptState,
    now: number,
    actions: readonly TrackScriptAction[],
    deadline: number,
  ][] = [
    ['it is run when due, and has so long', { ...initialTrackScript(script, at(10)) }, 10, [{ type: 'run' }], 13],
    ['a ring too early changes nothing', running, 12.9, [], 13],
    [
      'at its time-out it gets SIGTERM, and the failure counts at once',
      running,
      13,
      [
        { type: 'signal', signal: 'SIGTERM' },
        { type: 'report', good: false },
      ],
      15,
    ],
    [
      'two seconds later SIGKILL',
      { ...running, deadline: at(15), run: { startedAt: at(10), signals: 1 } },
      15,
      [{ type: 'signal', signal: 'SIGKILL' }],
      25,
    ],
    [
      'and again every ten',
      { ...running, deadline: at(25), run: { startedAt: at(10), signals: 2 } },
      25,
      [{ type: 'signal', signal: 'SIGKILL' }],
      35,
    ],
  ]
  for (const [rule, state, now, actions, deadline] of rows)
    test(rule, () => {
      const step = stepTrackScript(script, state, { type: 'deadline-reached' }, at(now))
      expect({ actions: step.actions, deadline: step.state.deadline }).toEqual({ actions, deadline: at(deadline) })
    })

  test('it is due again an interval after its start, not after its end', () => {
    const { state } = stepTrackScript(script, running, { type: 'run-ended', ok: true }, at(11.5))
    expect(state).toEqual({ deadline: at(12), count: 1, verdict: 'good' })
  })

  test('one that is still running when due is not started again; it waits for its next turn', () => {
    const { state, actions } = stepTrackScript(script, running, { type: 'run-ended', ok: true }, at(12.5))
    expect(state.deadline).toBe(at(14))
    expect(actions).toEqual([{ type: 'log-skipped', turns: 1 }])
  })

  test('the end of one that was told to end counts no second time', () => {
    const told: TrackScriptState = { ...running, verdict: 'bad', count: 0, run: { startedAt: at(10), signals: 1 } }
    const { state, actions } = stepTrackScript(script, told, { type: 'run-ended', ok: true }, at(13.5))
    expect({ verdict: state.verdict, actions }).toEqual({
      verdict: 'bad',
      actions: [{ type: 'log-skipped', turns: 1 }],
    })
  })
})
