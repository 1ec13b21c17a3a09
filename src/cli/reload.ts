import process from 'node:process'
import { askDaemon, complain } from './daemon-request.ts'

/** Asks for a reload and tells how it ended; the exit code. */
export async function requestReload(runDirectory: string, allowEmpty: boolean): Promise<number> {
  const result = await askDaemon(runDirectory, { request: 'reload', allowEmpty }, () => 'enough')
  if (!result.ok) return complain(result.error)
  process.stdout.write('reloaded\n')
  return 0
}
