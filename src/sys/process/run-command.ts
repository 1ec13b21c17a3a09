import { spawnSync } from 'node:child_process'
import { fail, ok, type Result } from '../../base/index.ts'

const LIMIT_MS = 10_000

/** Runs a program of the host to its end, ten seconds at most; what it wrote, or the first line of its complaint. */
export function runCommand(file: string, ...words: readonly string[]): Result<string, { readonly message: string }> {
  const { status, error, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', timeout: LIMIT_MS })
  if (status === 0) return ok(stdout)
  const complaint = error?.message ?? (stderr.trim().split('\n')[0] || `status ${status}`)
  return fail({ message: `${file} ${words.join(' ')}: ${complaint}` })
}
