import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import { judgeMisc, meaningOf, type ScriptEnd } from '../../../src/proto/probe/index.ts'

const exited = (code: number): ScriptEnd => ({ type: 'exited', code })
const killed: ScriptEnd = { type: 'killed', signal: 'SIGSEGV' }

/** `dynamicFrom`: misc_dynamic, on a server of that weight. */
const rows: readonly [
  claim: string,
  dynamicFrom: number | undefined,
  end: ScriptEnd,
  reason: string,
  contribution: number | undefined,
][] = [
  ['exit code 0 is good, and says nothing of the weight', undefined, exited(0), 'accepted', undefined],
  ['exit code 1 is not', undefined, exited(1), 'script-failed', undefined],
  ['without misc_dynamic no other is', undefined, exited(2), 'script-failed', undefined],
  ['with misc_dynamic 0 sets the configured weight again', 10, exited(0), 'accepted', 0],
  ['1 is a failure, and leaves the weight alone', 10, exited(1), 'script-failed', undefined],
  ['2 is a weight of 0', 10, exited(2), 'accepted', -10],
  ['255 is one of 253', 10, exited(255), 'accepted', 243],
  ['a signal is a failure', 10, killed, 'script-failed', undefined],
  ['a run that is too long is one', 10, { type: 'timed-out' }, 'script-timeout', undefined],
  ['a script that cannot be run is no verdict', 10, { type: 'not-run', reason: 'ENOENT' }, 'local-error', undefined],
]
for (const [claim, dynamicFrom, end, reason, contribution] of rows)
  test(`MISC_CHECK: ${claim}`, () => {
    const judged = judgeMisc({ timeout: seconds(5), ...(dynamicFrom === undefined ? {} : { dynamicFrom }) }, end)
    expect(judged.reason).toBe(reason)
    expect(judged.contribution).toBe(contribution)
  })

test('MISC_CHECK says how the script ended', () => {
  const said = (end: ScriptEnd) => judgeMisc({ timeout: seconds(2.5), dynamicFrom: 1 }, end).detail
  expect(said(exited(12))).toBe('the script ended with exit code 12: weight 10')
  expect(said(killed)).toBe('the script was ended by SIGSEGV')
  expect(said({ type: 'timed-out' })).toBe('the script takes longer than 2.5 s')
  expect(said({ type: 'not-run', reason: 'no such user' })).toBe('the script is not run: no such user')
  expect(meaningOf('script-timeout')).toBe('failure')
  expect(meaningOf('local-error')).toBe('inconclusive')
})
