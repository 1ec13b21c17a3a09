import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf } from '../../native/index.ts'
import { type SystemError, systemError, systemErrorOf } from '../descriptor/index.ts'

const BPF_FS_MAGIC = 0xcafe4a11
const STANDARD_MOUNT = '/sys/fs/bpf'

/**
 * Makes a directory for pins; where its file system is not a bpffs yet and the path lies below /sys/fs/bpf, one is
 * mounted there.
 */
export function preparePinDirectory(path: string): Result<void, SystemError> {
  if (path.startsWith(`${STANDARD_MOUNT}/`) && !isBpffs(STANDARD_MOUNT)) {
    const outcome = hfbpf().mountBpffs(STANDARD_MOUNT)
    if (outcome < 0) return fail(systemError('mount', outcome, STANDARD_MOUNT))
  }
  if (isBpffs(nearestExisting(path))) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    } catch (error) {
      return fail(systemErrorOf('mkdir', error, path))
    }
    return ok(undefined)
  }
  return fail({
    code: 'EINVAL',
    call: 'statfs',
    message: `${path}: not on a bpffs; choose a directory below ${STANDARD_MOUNT}`,
  })
}

/** The path itself or the closest directory above it that is there. */
function nearestExisting(path: string): string {
  let at = path
  while (!existsSync(at)) at = dirname(at)
  return at
}

function isBpffs(path: string): boolean {
  try {
    return statfsSync(path).type === BPF_FS_MAGIC
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** Names of what is pinned in a directory. */
export const listPins = (directory: string): readonly string[] => readdirSync(directory)

/** Nothing there is fine. */
export function removePin(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

export function removePinDirectory(path: string): void {
  for (const name of listPins(path)) removePin(`${path}/${name}`)
  rmdirSync(path)
}
