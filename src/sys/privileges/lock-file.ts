import { openSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, type SystemError, systemErrorOf } from '../descriptor/index.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** Held until closed, or until the process ends in any way. The file stays. */
export type FileLock = { close(): void }

/** Takes the lock or fails at once: EAGAIN (which is EWOULDBLOCK) where another process holds it. */
export function lockFile(path: string): Result<FileLock, SystemError> {
  const opened = openForLock(path)
  if (!opened.ok) return opened
  const locked = checked('flock', hfsys().flock(opened.value.fd, LOCK_EX | LOCK_NB), path)
  if (locked.ok) return opened
  opened.value.close()
  return locked
}

function openForLock(path: string): Result<Descriptor, SystemError> {
  try {
    // Append: whoever holds the lock may have written to the file, and it must not be emptied.
    return ok(new Descriptor(openSync(path, 'a', 0o600)))
  } catch (error) {
    return fail(systemErrorOf('open', error, path))
  }
}
