import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, type Instant, instant, type Micros, micros, seconds } from '../../../src/base/index.ts'
import type { Checker, CheckTiming } from '../../../src/model/index.ts'
import {
  beginHealth,
  type CheckerHealth,
  countsAsUp,
  isAlive,
  realServerState,
  reconfigureHealth,
  sameQuestion,
  stepHealth,
} from '../../../src/proto/health/index.ts'

const timing: CheckTiming = {
  delayLoop: seconds(6),
  retry: 3,
  delayBeforeRetry: seconds(2),
  warmup: seconds(6),
  alpha: false,
  logAllFailures: false,
}
const target = { address: address('192.0.2.1'), port: 80, connectTimeout: seconds(5) }
const tcp = (over: Partial<CheckTiming> = {}): Checker => ({ kind: 'tcp', timing: { ...timing, ...over }, target })
const http = (paths: readonly string[], over: Partial<CheckTiming> = {}, fastRecovery = false): Checker => ({
  kind: 'http',
  timing: { ...timing, ...over },
  target,
  requests: paths.map((path) => ({ path, statusCodes: [{ from: 200, to: 299 }] })),
  httpVersion: '1.0',
  fastRecovery,
})

/** Runs one probe after the other, + for success, - for failure, ? for inconclusive; each takes no time. */
function run(checker: Checker, results: string, from: CheckerHealth = beginHealth(checker, instant(0), 0)) {
  let state = from
  let now = state.phase.name === 'waiting' ? state.phase.probeAt : instant(0)
  const log: string[] = []
  for (const result of results) {
    const started = stepHealth(checker, state, { type: 'deadline-reached' }, now)
    const [start] = started.actions
    const request = start?.type === 'start-probe' ? start.request : Number.NaN
    const meaning = result === '+' ? 'success' : result === '-' ? 'failure' : 'inconclusive'
    const ended = stepHealth(checker, started.state, { type: 'probe-ended', meaning }, now)
    state = ended.state
    if (state.phase.name !== 'waiting') throw new Error('a probe that ended is followed by a wait')
    const said = ended.actions
      .map((action) => (action.type === 'announce-verdict' ? ` ${action.verdict}` : ''))
      .join('')
    log.push(`${request}${result}${said} ${(state.phase.probeAt - now) / 1e6}s`)
    now = state.phase.probeAt
  }
  return { log, state }
}

const rows: readonly [claim: string, checker: Checker, results: string, log: readonly string[]][] = [
  ['the first success makes it up', tcp(), '+', ['0+ up 6s']],
  ['the first result forgives nothing', tcp(), '-', ['0- down 6s']],
  [
    'retry 3 means three repetitions after a first failure, delay_before_retry apart',
    tcp(),
    '+----',
    ['0+ up 6s', '0- 2s', '0- 2s', '0- 2s', '0- down 6s'],
  ],
  [
    'a success in between forgives all',
    tcp(),
    '+---+----',
    ['0+ up 6s', '0- 2s', '0- 2s', '0- 2s', '0+ 6s', '0- 2s', '0- 2s', '0- 2s', '0- down 6s'],
  ],
  ['retry 0 forgives nothing', tcp({ retry: 0 }), '+-', ['0+ up 6s', '0- down 6s']],
  [
    'a TCP checker that is down asks every delay_loop',
    tcp({ delayBeforeRetry: seconds(9) }),
    '--',
    ['0- down 6s', '0- 6s'],
  ],
  ['one success makes a TCP checker up again', tcp(), '-+', ['0- down 6s', '0+ up 6s']],
  ['an inconclusive probe says nothing, at the start', tcp(), '?+', ['0? 6s', '0+ up 6s']],
  [
    'an inconclusive probe neither counts nor forgives',
    tcp({ retry: 1 }),
    '+-?-',
    ['0+ up 6s', '0- 2s', '0? 6s', '0- down 6s'],
  ],
  [
    'an HTTP checker asks its urls in turn, one a period',
    http(['/a', '/b']),
    '++++',
    ['0+ 6s', '1+ up 6s', '0+ 6s', '1+ 6s'],
  ],
  ['any url of the first round may bring it down', http(['/a', '/b']), '+-', ['0+ 6s', '1- down 6s']],
  [
    'a url is repeated before the next has its turn',
    http(['/a', '/b'], { retry: 1 }),
    '++-+',
    ['0+ 6s', '1+ up 6s', '0- 2s', '0+ 6s'],
  ],
  [
    'each url has all retries',
    http(['/a', '/b'], { retry: 1 }),
    '++-+-+',
    ['0+ 6s', '1+ up 6s', '0- 2s', '0+ 6s', '1- 2s', '1+ 6s'],
  ],
  [
    'the url that failed is the only one tried until it succeeds, then all once',
    http(['/a', '/b', '/c'], { retry: 0 }),
    '++++---++++',
    ['0+ 6s', '1+ 6s', '2+ up 6s', '0+ 6s', '1- down 6s', '1- 6s', '1- 6s', '1+ 6s', '0+ 6s', '1+ 6s', '2+ up 6s'],
  ],
  [
    'so a single url has to succeed twice',
    http(['/'], { retry: 0 }),
    '+-++',
    ['0+ up 6s', '0- down 6s', '0+ 6s', '0+ up 6s'],
  ],
  [
    'an HTTP checker that is down asks every max(delay_loop, delay_before_retry)',
    http(['/'], { delayBeforeRetry: seconds(9) }),
    '--',
    ['0- down 9s', '0- 9s'],
  ],
  [
    'fast_recovery does not wait between urls while coming up',
    http(['/a', '/b'], { retry: 0 }, true),
    '+++-+++',
    ['0+ 0s', '1+ up 6s', '0+ 6s', '1- down 6s', '1+ 0s', '0+ 0s', '1+ up 6s'],
  ],
  [
    'a url that fails while coming up is again the only one tried',
    http(['/a', '/b'], { retry: 5 }),
    '-++-+++',
    ['0- down 6s', '0+ 6s', '0+ 6s', '1- 6s', '1+ 6s', '0+ 6s', '1+ up 6s'],
  ],
]
for (const [claim, checker, results, log] of rows)
  test(`health, keepalived.conf(5): ${claim}`, () => expect(run(checker, results).log).toEqual(log))

/** When the probes of a checker begin, each `late` after it was due and `taking` long, in seconds. */
function begunAt(
  checker: Checker,
  late: readonly number[],
  taking: number,
  from: CheckerHealth,
  meaning: 'success' | 'failure' = 'success',
): readonly number[] {
  let state = from
  return late.map((after) => {
    if (state.phase.name !== 'waiting') throw new Error('a probe that ended is followed by a wait')
    const begun = instant(state.phase.probeAt + after * 1e6)
    state = stepHealth(checker, state, { type: 'deadline-reached' }, begun).state
    const ended = instant(begun + taking * 1e6)
    state = stepHealth(checker, state, { type: 'probe-ended', meaning }, ended).state
    return begun / 1e6
  })
}

const misc: Checker = {
  kind: 'misc',
  timing,
  command: { argv: ['/bin/true'] },
  timeout: seconds(5),
}

test('a probe that begins late does not make the period longer', () => {
  const up = run(tcp(), '+').state
  expect(begunAt(tcp(), [0, 0.2, 0.2, 0.2, 0], 0, up)).toEqual([7, 13.2, 19.2, 25.2, 31])
  expect(begunAt(misc, [0, 0.2, 0.2], 0.5, up)).toEqual([7, 13.2, 19.2])
})

test('nor does a probe that takes its time and succeeds', () => {
  const up = run(tcp(), '+').state
  expect(begunAt(tcp(), [0, 0.2, 0.2], 0.5, up)).toEqual([7, 13.2, 19.2])
  // But between two there is time, for a server that is slow because it has much to do.
  expect(begunAt(tcp(), [0, 0, 0], 3, up)).toEqual([7, 14.5, 22])
})

test('what fails is asked again as long after its failure as is configured', () => {
  const down = run(tcp(), '-').state
  expect(begunAt(tcp(), [0, 0.2, 0.2], 3, down, 'failure')).toEqual([7, 16.2, 25.2])
})

test('however late it begins, at most a quarter of the next wait is left out', () => {
  const up = run(tcp(), '+').state
  expect(begunAt(tcp(), [100, 0], 0, up)).toEqual([107, 111.5])
  const atOnce = http(['/a', '/b'], {}, true)
  expect(begunAt(atOnce, [1, 0, 0], 0, beginHealth(atOnce, instant(0), 0))).toEqual([2, 2, 8])
})

test('the first probe comes after 1 s and a random part of warmup', () => {
  for (const [random, at] of [
    [0, 1],
    [0.5, 4],
  ] as const)
    expect(beginHealth(tcp(), instant(0), random).phase).toEqual({ name: 'waiting', probeAt: instant(at * 1e6) })
  expect(beginHealth(tcp({ warmup: micros(0) }), instant(0), 0.9).phase).toMatchObject({ probeAt: 1e6 })
})

test('unknown counts as up, with alpha as down', () => {
  expect(countsAsUp(beginHealth(tcp(), instant(0), 0))).toBe(true)
  expect(countsAsUp(beginHealth(tcp({ alpha: true }), instant(0), 0))).toBe(false)
})

test('an inherited verdict holds until a probe changes it, and with its retries', () => {
  const up = beginHealth(tcp({ retry: 1 }), instant(0), 0, { verdict: 'up' })
  expect(run(tcp({ retry: 1 }), '--', up).log).toEqual(['0- 2s', '0- down 6s'])
  const down = beginHealth(tcp(), instant(0), 0, { verdict: 'down' })
  expect(countsAsUp(down)).toBe(false)
  expect(run(tcp(), '-+', down).log).toEqual(['0- 6s', '0+ up 6s'])
  expect(countsAsUp(beginHealth(tcp(), instant(0), 0, { presumedUp: false }))).toBe(false)
})

test('a timer that fires early, twice or during a probe does no harm', () => {
  const state = beginHealth(tcp(), instant(0), 0)
  expect(stepHealth(tcp(), state, { type: 'deadline-reached' }, instant(999_999))).toEqual({ state, actions: [] })
  const probing = stepHealth(tcp(), state, { type: 'deadline-reached' }, instant(1e6)).state
  expect(stepHealth(tcp(), probing, { type: 'deadline-reached' }, instant(2e6))).toEqual({
    state: probing,
    actions: [],
  })
  expect(stepHealth(tcp(), state, { type: 'probe-ended', meaning: 'failure' }, instant(0))).toEqual({
    state,
    actions: [],
  })
})

test('a server is up when all of its checkers are, and always without any', () => {
  const { state: up } = run(tcp(), '+')
  const { state: down } = run(tcp(), '-')
  const unknown = beginHealth(tcp(), instant(0), 0)
  const alpha = beginHealth(tcp({ alpha: true }), instant(0), 0)
  const cases: readonly [readonly CheckerHealth[], boolean, string][] = [
    [[], true, 'up'],
    [[up, up], true, 'up'],
    [[up, down], false, 'down'],
    [[up, unknown], true, 'unknown'],
    [[unknown, down], false, 'down'],
    [[up, alpha], false, 'unknown'],
  ]
  for (const [checkers, alive, state] of cases)
    expect([isAlive(checkers), realServerState(checkers)]).toEqual([alive, state])
})

test('the question of a checker is its kind, its target and its urls, not its timing', () => {
  expect(sameQuestion(tcp(), tcp({ retry: 9, delayLoop: seconds(1), alpha: true }))).toBe(true)
  expect(sameQuestion(tcp(), { ...tcp(), target: { ...target, port: 81 } } as Checker)).toBe(false)
  expect(sameQuestion(tcp(), http(['/']))).toBe(false)
  expect(sameQuestion(http(['/']), http(['/'], {}, true))).toBe(true)
  expect(sameQuestion(http(['/']), http(['/', '/b']))).toBe(false)
})

test('a reload keeps verdict, counters and schedule; a shorter period brings the next probe forward', () => {
  const { state } = run(tcp(), '+-')
  expect(reconfigureHealth(tcp(), state, instant(7e6))).toEqual(state)
  const sooner = reconfigureHealth(
    tcp({ delayLoop: seconds(1), delayBeforeRetry: micros(500_000) }),
    state,
    instant(7e6),
  )
  expect(sooner).toEqual({ ...state, phase: { name: 'waiting', probeAt: instant(8e6) } })
  expect(reconfigureHealth(tcp({ retry: 0 }), state, instant(7e6)).failures).toBe(0)
})

test('whatever happens, probes never overlap, failures stay within retry, and the next probe is armed', () => {
  const event = fc.oneof(
    fc.constant({ type: 'deadline-reached' } as const),
    fc.constantFrom('success', 'failure', 'inconclusive').map((meaning) => ({ type: 'probe-ended', meaning }) as const),
  )
  const anyChecker = fc.oneof(
    fc.record({ retry: fc.nat(3), alpha: fc.boolean() }).map(tcp),
    fc
      .tuple(
        fc.array(fc.constantFrom('/a', '/b'), { minLength: 1, maxLength: 4 }),
        fc.record({ retry: fc.nat(3) }),
        fc.boolean(),
      )
      .map(([paths, over, fast]) => http(paths, over, fast)),
  )
  fc.assert(
    fc.property(anyChecker, fc.array(fc.tuple(event, fc.nat(10e6))), (checker, events) => {
      let now: Instant = instant(0)
      let state = beginHealth(checker, now, 0.5)
      let probing = false
      for (const [what, later] of events) {
        now = instant(now + later)
        const before = state
        const { state: next, actions } = stepHealth(checker, state, what, now)
        state = next
        for (const action of actions) {
          if (action.type === 'start-probe') {
            expect(probing).toBe(false)
            probing = true
          }
          if (action.type === 'announce-verdict') expect(action.verdict).not.toBe(before.verdict)
        }
        if (what.type === 'probe-ended') probing = false
        expect(state.phase.name).toBe(probing ? 'probing' : 'waiting')
        expect(state.failures).toBeLessThanOrEqual(checker.timing.retry)
        const limit: Micros = micros(Math.max(checker.timing.delayLoop, checker.timing.delayBeforeRetry, 7e6))
        if (state.phase.name === 'waiting' && before.phase.name === 'probing')
          expect(state.phase.probeAt - now).toBeLessThanOrEqual(limit)
      }
    }),
  )
})
