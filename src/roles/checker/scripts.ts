import type { MiscChecker } from '../../model/index.ts'
import { question } from '../../proto/health/index.ts'
import { judgeMisc, type Outcome } from '../../proto/probe/index.ts'
import type { CancelSignal } from '../../sys/net/index.ts'
import type { FromChecker, ToChecker } from '../ipc/index.ts'

type Ended = Extract<ToChecker, { readonly type: 'script-ended' }>

/** Scripts of MISC_CHECK. The supervisor runs them: this role has neither the right to change users nor to fork as root. */
export type Scripts = {
  /** As a probe; after an abort the script is ended and the outcome never comes. */
  run(checker: MiscChecker, signal: CancelSignal): Promise<Outcome>
  ended(message: Ended): void
}

export function createScripts(send: (message: FromChecker) => void): Scripts {
  const waiting = new Map<number, (message: Ended) => void>()
  let last = 0
  return {
    run(checker, signal) {
      const id = ++last
      return new Promise((resolve) => {
        waiting.set(id, ({ end }) => resolve(judgeMisc(checker, end)))
        signal.addEventListener('abort', () => {
          if (waiting.delete(id)) send({ type: 'end-script', id })
        })
        // By what it is and not by how it is run: nobody here can have anything run that is not configured.
        send({ type: 'run-script', id, script: question(checker) })
      })
    },
    ended(message) {
      waiting.get(message.id)?.(message)
      waiting.delete(message.id)
    },
  }
}
