import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'

/** The kernel's own choice of program, as ipvsadm and iptables take it. */
const NAMED_IN = '/proc/sys/kernel/modprobe'
const USUAL = '/sbin/modprobe'
const LIMIT_MS = 10_000

/** Loads a kernel module and those it needs; one that is loaded, or built in, succeeds. */
export function loadModule(name: string): Result<void, { readonly message: string }> {
  const program = modprobe()
  const { status, error, stderr } = spawnSync(program, ['--', name], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return ok(undefined)
  const reason = error?.message ?? (stderr.trim().split('\n').at(-1) || `${program} ended with status ${status}`)
  return fail({ message: reason })
}

function modprobe(): string {
  try {
    return readFileSync(NAMED_IN, 'utf8').trim() || USUAL
  } catch {
    // A container may hide it.
    return USUAL
  }
}
