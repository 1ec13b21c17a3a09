import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys, type Outcome } from '../../native/index.ts'

/** A system call that failed: `code` is the errno name, `call` what was attempted, `message` a sentence for the user. */
export type SystemError = { readonly code: string; readonly call: string; readonly message: string }

/**
 * The error behind a negative outcome.
 * @param call     what was attempted, as the manual pages call it: `bind`, `setsockopt SO_BINDTODEVICE`
 * @param subject  the thing it concerns, which opens the message: an interface, a path
 */
export function systemError(call: string, outcome: Outcome, subject?: string): SystemError {
  const { errorName, errorText } = hfsys()
  const code = errorName(-outcome) ?? `errno ${-outcome}`
  const sentence = `${call}: ${errorText(-outcome)} (${code})`
  return { code, call, message: subject === undefined ? sentence : `${subject}: ${sentence}` }
}

/** The outcome itself, or the error behind it. */
export function checked(call: string, outcome: Outcome, subject?: string): Result<number, SystemError> {
  return outcome < 0 ? fail(systemError(call, outcome, subject)) : ok(outcome)
}

/** The same from what `node:fs` and `process` throw; an error without a code is a bug and thrown on. */
export function systemErrorOf(call: string, error: unknown, subject: string): SystemError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
  if (errno !== undefined && errno < 0) return systemError(call, errno, subject)
  return { code: error.code, call, message: `${subject}: ${error.message}` }
}
