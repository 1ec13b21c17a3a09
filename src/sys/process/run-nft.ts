import { spawnSync } from 'node:child_process'
import { fail, ok, type Result } from '../../base/index.ts'

const LIMIT_MS = 10_000

/** Carries out an nft script as one transaction: all of it or nothing. */
export function runNft(script: string): Result<void, { readonly message: string }> {
  const { status, error, stderr } = spawnSync('nft', ['-f', '-'], {
    input: script,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  if (status === 0) return ok(undefined)
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    return fail({ message: 'the program nft is missing; install the package nftables' })
  return fail({ message: error?.message ?? `nft: ${stderr.trim().split('\n')[0] ?? `status ${status}`}` })
}
