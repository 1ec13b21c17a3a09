import { fail, ok, type Result, seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** Between two pieces of an answer. */
const limit = seconds(30)

export type AnswerPart = { readonly part: unknown; readonly more: boolean }

/** Questions to the forwarding role that were put by hand and wait for their answers. */
export type ForwardingAsks = {
  /** Calls back for each piece; the failure, after which nothing comes, is a sentence. */
  ask(send: (id: number) => void, onPart: (part: Result<AnswerPart, string>) => void): void
  came(id: number, part: AnswerPart): void
  /** The process is gone: no answers will come. */
  giveUp(): void
}

export function createForwardingAsks(ports: Pick<SupervisorPorts, 'schedule'>): ForwardingAsks {
  type Waiting = { readonly onPart: (part: Result<AnswerPart, string>) => void; cancel: () => void }
  const waiting = new Map<number, Waiting>()
  let last = 0

  function end(id: number, reason: string): void {
    const asked = waiting.get(id)
    waiting.delete(id)
    asked?.cancel()
    asked?.onPart(fail(reason))
  }
  const watch = (id: number) => ports.schedule(limit, () => end(id, 'the forwarding role does not answer'))

  return {
    ask(send, onPart) {
      const id = ++last
      waiting.set(id, { onPart, cancel: watch(id) })
      send(id)
    },
    came(id, part) {
      const asked = waiting.get(id)
      if (asked === undefined) return
      asked.cancel()
      if (part.more) asked.cancel = watch(id)
      else waiting.delete(id)
      asked.onPart(ok(part))
    },
    giveUp() {
      for (const id of [...waiting.keys()]) end(id, 'the forwarding role has ended; try again')
    },
  }
}
