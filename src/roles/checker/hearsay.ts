import type { Checker } from '../../model/index.ts'
import type { HealthEvent } from '../../proto/health/index.ts'
import { judgeFile, type Outcome, outcome } from '../../proto/probe/index.ts'
import type { TrackedNumber } from '../ipc/index.ts'

export type News = {
  readonly event: Extract<HealthEvent, { readonly type: 'session-told' }>
  readonly outcome: Outcome
}

/** What others have found out for checkers that ask nothing themselves: BFD sessions and the numbers in tracked files. */
export type Hearsay = {
  sessions(told: readonly { readonly name: string; readonly up: boolean }[]): void
  files(told: readonly TrackedNumber[]): void
  /** What that comes to for a checker; undefined: it asks for itself, or nothing is known yet. */
  of(checker: Checker): News | undefined
}

export function hearsay(): Hearsay {
  const sessions = new Map<string, boolean>()
  const numbers = new Map<string, number>()
  return {
    sessions(told) {
      for (const { name, up } of told) sessions.set(name, up)
    },
    files(told) {
      for (const { name, value } of told) numbers.set(name, value)
    },
    of(checker) {
      switch (checker.kind) {
        case 'bfd': {
          const up = sessions.get(checker.session)
          if (up === undefined) return undefined
          const detail = `BFD session ${checker.session} ${up ? 'is up' : 'was lost'}`
          return { event: { type: 'session-told', up }, outcome: outcome(up ? 'session-up' : 'session-down', detail) }
        }
        case 'file': {
          const value = numbers.get(checker.file)
          if (value === undefined) return undefined
          const { up, outcome: judged } = judgeFile(checker, value)
          const { contribution = 0 } = judged
          return { event: { type: 'session-told', up, contribution }, outcome: judged }
        }
        default:
          return undefined
      }
    },
  }
}
