/** When all connections are fetched, and which request that answers. */
import { expect, test } from 'vitest'
import { address, type Instant, type LogFields, silentLog } from '../../../src/base/index.ts'
import type { CatchUpOutcome, CatchUpProgress } from '../../../src/forwarding/index.ts'
import { createCatchUpKeeper } from '../../../src/roles/forwarding/catch-up-keeper.ts'

const from = address('192.0.2.12')
const complete: CatchUpOutcome = { type: 'complete', from, connections: 7 }
const at = (time: number) => time as Instant

function keeper() {
  const runs: { progress: (progress: CatchUpProgress) => void; end: (outcome: CatchUpOutcome) => Promise<void> }[] = []
  const done: number[] = []
  const said: string[] = []
  const note =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void said.push(`${level} ${message}${fields['reason'] === undefined ? '' : ` | ${fields['reason']}`}`)
  const backend = {
    catchUp: (progress: (progress: CatchUpProgress) => void) =>
      new Promise<CatchUpOutcome>((resolve) =>
        runs.push({
          progress,
          async end(outcome) {
            resolve(outcome)
            await new Promise((settled) => setImmediate(settled))
          },
        }),
      ),
  }
  const log = { ...silentLog, info: note('info'), warn: note('warn') }
  const one = createCatchUpKeeper(backend, log, (request) => void done.push(request))
  return { ...one, runs, done, said }
}

test('when the backup daemon has started, without being asked', async () => {
  const { backupRuns, runs, done, snapshot, said } = keeper()
  backupRuns()
  expect(snapshot()).toMatchObject({ state: 'asking' })
  runs[0]?.progress({ from, connections: 3 })
  expect(snapshot()).toMatchObject({ state: 'fetching', from, connections: 3 })
  await runs[0]?.end(complete)
  expect(snapshot()).toMatchObject({ state: 'complete', from, connections: 7 })
  expect([runs.length, done, said]).toEqual([1, [], ['info all connections are here']])
})

test('who has missed nothing is content with that, be it under way or over', async () => {
  const { backupRuns, ask, runs, done } = keeper()
  backupRuns()
  runs[0]?.progress({ from, connections: 0 })
  ask(at(5), false)
  expect(done).toEqual([])
  await runs[0]?.end(complete)
  expect(done).toEqual([5])
  ask(at(6), false)
  expect([runs.length, done]).toEqual([1, [5, 6]])
})

test('who may have missed something, the asking too, has one of its own', async () => {
  const { backupRuns, ask, runs, done } = keeper()
  backupRuns()
  ask(at(5), true)
  expect(runs).toHaveLength(2)
  await runs[0]?.end({ type: 'called-off' })
  runs[1]?.progress({ from, connections: 0 })
  ask(at(6), true)
  ask(at(7), true)
  await runs[1]?.end(complete)
  expect([runs.length, done]).toEqual([3, [5]])
  await runs[2]?.end({ type: 'no-answer' })
  expect([runs.length, done]).toEqual([3, [5, 7]])
  ask(at(8), true)
  expect(runs).toHaveLength(4)
})

test('a daemon that was stopped and started again fetches anew', async () => {
  const { backupRuns, backupEnded, ask, runs, done } = keeper()
  backupRuns()
  await runs[0]?.end(complete)
  backupEnded()
  backupRuns()
  ask(at(5), false)
  expect(runs).toHaveLength(2)
  await runs[1]?.end({ type: 'called-off' })
  expect(done).toEqual([5])
})

test('what broke off is said, and nobody is kept waiting for it', async () => {
  const { ask, runs, done, said, snapshot } = keeper()
  ask(at(5), true)
  await runs[0]?.end({ type: 'broken', reason: 'it takes too long' })
  expect([done, said]).toEqual([[5], ['warn not all connections could be fetched | it takes too long']])
  expect(snapshot()).toMatchObject({ state: 'broken', reason: 'it takes too long' })
})

test('a backend that cannot answers at once', () => {
  const done: number[] = []
  createCatchUpKeeper({}, silentLog, (request) => void done.push(request)).ask(at(5), true)
  expect(done).toEqual([5])
})
