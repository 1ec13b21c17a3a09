import { fail, ok, type Result } from '../../base/index.ts'
import type { Unsupported } from '../../forwarding/index.ts'
import { overwriteText, readText } from '../../sys/files/index.ts'
import { type FileLock, lockFile } from '../../sys/privileges/index.ts'

/** Milliseconds: a command that works on the table by hand is soon done, and many may stand in line. */
const PATIENCE_WITH_ONE = 10_000
const PAUSE = 20

/**
 * Takes the lock, after those who came before: only one who keeps it for ten seconds is too slow. Its holder writes its pid into
 * the file, so that others see when it is another's turn.
 * @param wait  milliseconds
 */
export async function lockInTurn(
  path: string,
  pid: number,
  wait: (length: number) => Promise<void> = (length) => new Promise((resolve) => setTimeout(resolve, length)),
): Promise<Result<FileLock, Unsupported>> {
  let holder = ''
  for (let waited = 0; ; waited += PAUSE) {
    const locked = lockFile(path)
    if (locked.ok) {
      const written = overwriteText(path, `${pid}\n`)
      if (written.ok) return ok(locked.value)
      locked.value.close()
      return fail({ reason: 'system', message: written.error.message })
    }
    const { code, message } = locked.error
    if (code !== 'EAGAIN')
      return fail({ reason: code === 'EACCES' || code === 'EPERM' ? 'no-privileges' : 'system', message })
    const text = readText(path)
    const now = text.ok ? text.value.trim() : ''
    // It is empty while its next holder writes.
    if (now !== '' && now !== holder) {
      holder = now
      waited = 0
    }
    if (waited > PATIENCE_WITH_ONE) {
      const who = holder === '' ? 'another process' : `process ${holder}`
      return fail({
        reason: 'system',
        message: `${path}: ${who} has held it for ${PATIENCE_WITH_ONE / 1_000} s; end it`,
      })
    }
    await wait(PAUSE)
  }
}
