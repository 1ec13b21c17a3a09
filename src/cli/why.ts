import process from 'node:process'
import { type DaemonSnapshot, type Times, why } from '../observe/index.ts'
import { askDaemon, complain } from './daemon-request.ts'
import { pointInTime } from './journal/index.ts'
import { since } from './status/amounts.ts'

/** `holdfast why NAME`: the exit code. */
export async function explain(
  name: string,
  options: { readonly json?: true; readonly runDir: string },
): Promise<number> {
  let snapshot: DaemonSnapshot | undefined
  const asked = await askDaemon(options.runDir, { request: 'status', history: true }, (answer) => {
    snapshot = answer['snapshot'] as DaemonSnapshot
    return 'enough'
  })
  if (!asked.ok || snapshot === undefined) return complain(asked.ok ? 'no answer' : asked.error)
  const explained = why(snapshot, name, timesFrom(Date.now()))
  if (!explained.ok) return complain(explained.error)
  const { sentences } = explained.value
  process.stdout.write(
    options.json ? `${JSON.stringify(explained.value, undefined, 2)}\n` : `${sentences.join('\n')}\n`,
  )
  return 0
}

const timesFrom = (now: number): Times => ({
  at: (iso) => pointInTime(Date.parse(iso)),
  // Below a minute the question is usually one of milliseconds.
  ago: (iso) => {
    const milliseconds = Math.max(0, now - Date.parse(iso))
    return milliseconds < 60_000 ? `${(milliseconds / 1_000).toFixed(1)} s` : since(iso, now)
  },
})
