import type { LabProcess } from './process.ts'
import { PATIENCE, until } from './wait.ts'

/** One request that ended. */
export type LoadRequest = {
  /** Wall time of its beginning, in milliseconds. */
  readonly at: number
  readonly ms: number
  /** From 0, in the order in which they were begun. */
  readonly number: number
  readonly from: string
  readonly status?: number
  readonly body?: string
  readonly error?: string
}

export type LoadSummary = {
  readonly answered: number
  readonly failed: number
  /** Answers by the body that came: which server it was. */
  readonly byServer: ReadonlyMap<string, number>
  /** Failures by reason. */
  readonly byError: ReadonlyMap<string, number>
}

export function summary(requests: readonly LoadRequest[]): LoadSummary {
  const byServer = new Map<string, number>()
  const byError = new Map<string, number>()
  const add = (to: Map<string, number>, key: string): void => void to.set(key, (to.get(key) ?? 0) + 1)
  for (const { body, error, status } of requests)
    if (error === undefined && status === 200) add(byServer, body ?? '')
    else add(byError, error ?? `status ${status}`)
  const total = (map: ReadonlyMap<string, number>): number => [...map.values()].reduce((a, b) => a + b, 0)
  return { answered: total(byServer), failed: total(byError), byServer, byError }
}

/** A steady load from a client host. */
export class Load {
  readonly requests: LoadRequest[] = []
  readonly #process: LabProcess

  constructor(process: LabProcess) {
    this.#process = process
    process.onLine(({ text }) => {
      if (text.startsWith('{"at"')) this.requests.push(JSON.parse(text) as LoadRequest)
    })
  }

  async ready(): Promise<this> {
    await this.#process.line(/"ready"/)
    return this
  }

  /** From now on the requests come from these addresses of the client. */
  comesFrom(sources: readonly string[]): void {
    this.#process.write(`${JSON.stringify(sources)}\n`)
  }

  /** Requests begun in `[from, to)`, milliseconds of wall time. */
  between(from: number, to = Number.POSITIVE_INFINITY): LoadRequest[] {
    return this.requests.filter(({ at }) => at >= from && at < to)
  }

  /** Waits until every request that was begun before this moment has ended: what fails by its timeout is known only then. */
  async ended(to: number, within = PATIENCE): Promise<void> {
    await until(
      'every request has ended',
      () => {
        const later = this.between(to).map(({ number }) => number)
        return later.length > 0 && this.between(0, to).length === Math.min(...later)
      },
      { within },
    )
  }

  /** The first answer to a request begun at or after `since`. */
  answer(since: number, within = PATIENCE): Promise<LoadRequest> {
    return until('an answered request', () => this.between(since).find(({ status }) => status === 200), { within })
  }

  stop(): Promise<number | string> {
    return this.#process.stop('SIGKILL')
  }
}
