import process from 'node:process'
import { askDaemon, complain } from './daemon-request.ts'
import { whoAsks } from './who-asks.ts'

/** Asks for a reload and tells how it ended; the exit code. */
export async function requestReload(runDirectory: string, allowEmpty: boolean, graceful: boolean): Promise<number> {
  const request = { request: 'reload', allowEmpty, ...(graceful ? { gracefulFor: whoAsks() } : {}) }
  const result = await askDaemon(runDirectory, request, () => 'enough')
  if (!result.ok) return complain(result.error)
  process.stdout.write('reloaded\n')
  return 0
}
