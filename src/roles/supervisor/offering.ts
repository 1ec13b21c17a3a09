import { fail, type Result, seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** How long a role may take to answer an offer: to load the embedded core takes a busy machine many seconds. */
const answerLimit = seconds(60)

/** The one offer a role has not answered yet, if there is one. It is sent when the role can hear it, and once. */
export type Offering<Slice> = {
  /** Takes the place of an offer that is open; that one is withdrawn and its answer never comes. */
  make(revision: number, slice: Slice, onAnswer: (answer: Result<void, string>) => void): void
  /** The role has started, or something is to be sent. */
  sendTo(send: (revision: number, slice: Slice) => void): void
  settle(revision: number, answer: Result<void, string>): void
  /** Another process takes the place of the one it was sent to; it has what was left of the time. */
  repeat(): void
  /** Settles whatever is open. */
  fail(reason: string): void
  /** Forgets it, without an answer. */
  abandon(revision: number): void
  readonly open: () => number | undefined
}

export function createOffering<Slice>(role: string, ports: Pick<SupervisorPorts, 'schedule'>): Offering<Slice> {
  type Open = {
    readonly revision: number
    readonly slice: Slice
    readonly onAnswer: (answer: Result<void, string>) => void
    readonly cancel: () => void
    sent: boolean
  }
  let current: Open | undefined

  function settle(revision: number, answer: Result<void, string>): void {
    if (current?.revision !== revision) return
    const answered = current
    current = undefined
    answered.cancel()
    answered.onAnswer(answer)
  }

  return {
    make(revision, slice, onAnswer) {
      current?.cancel()
      const cancel = ports.schedule(answerLimit, () => settle(revision, fail(`the ${role} role does not answer`)))
      current = { revision, slice, onAnswer, cancel, sent: false }
    },
    sendTo(send) {
      if (current === undefined || current.sent) return
      current.sent = true
      send(current.revision, current.slice)
    },
    settle,
    repeat() {
      if (current !== undefined) current.sent = false
    },
    fail(reason) {
      if (current !== undefined) settle(current.revision, fail(reason))
    },
    abandon(revision) {
      if (current?.revision !== revision) return
      current.cancel()
      current = undefined
    },
    open: () => current?.revision,
  }
}
