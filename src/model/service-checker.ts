import type { CheckTarget, CheckTiming } from './checker.ts'

/** Greets a mail server, says HELO and QUIT. */
export type SmtpChecker = {
  readonly kind: 'smtp'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  readonly heloName: string
}
