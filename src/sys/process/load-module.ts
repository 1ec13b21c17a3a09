import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
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

/** A container may hide the name. */
const modprobe = (): string => textOf(NAMED_IN)?.trim() || USUAL

/**
 * The names of all modules that this kernel has: loaded, built in, or there to be loaded. Undefined where that cannot be
 * told, as in a container without the host's /lib/modules.
 */
export function kernelModules(): ReadonlySet<string> | undefined {
  const files = `/lib/modules/${release()}`
  const installed = textOf(`${files}/modules.dep`)
  if (installed === undefined) return undefined
  const all = [installed, textOf(`${files}/modules.builtin`) ?? ''].join('\n')
  const loaded = (textOf('/proc/modules') ?? '').matchAll(/^\S+/gm)
  // A file may have a dash where the kernel has an underscore.
  const names = [...all.matchAll(/^[^:\n]*?([^/:\n]+)\.ko/gm)].map(([, name]) => (name ?? '').replaceAll('-', '_'))
  return new Set([...names, ...[...loaded].map(([name]) => name)])
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
