/** The programs of IPv6 in a running director: loaded when something first needs them, while everything else is served. */

import { elapsed, type Log, ok, type Result, seconds } from '../../base/index.ts'
import { systemClock } from '../../sys/time/index.ts'
import type { Unsupported } from '../index.ts'
import { type Director, loadingTables } from './program.ts'
import { withPauses } from './slices.ts'

/** After a failure; whoever comes sooner without an order of somebody is not worth another try. */
const PATIENCE = seconds(30)

export class Ipv6Programs {
  readonly #director: Director
  readonly #pause: () => Promise<unknown>
  readonly #log: Log
  #loading: Promise<Result<void, Unsupported>> | undefined
  #failedAt: ReturnType<typeof systemClock.now> | undefined

  constructor(director: Director, pause: () => Promise<unknown>, log: Log) {
    this.#director = director
    this.#pause = pause
    this.#log = log
  }

  get loaded(): boolean {
    return this.#director.tables.has(6)
  }

  /** Resolves when they are there, or with the reason why not; one attempt at a time. */
  load(): Promise<Result<void, Unsupported>> {
    if (this.#loading !== undefined) return this.#loading
    if (this.loaded) return Promise.resolve(ok(undefined))
    const loading = this.#load()
    this.#loading = loading
    // First of all that wait, so that whoever comes later comes after them.
    loading.then(() => {
      this.#loading = undefined
    })
    return loading
  }

  /** Resolves when they are there or cannot be loaded. Undefined: they are there, or just now could not be. */
  wait(): Promise<void> | undefined {
    if (this.loaded || this.#failedLately()) return undefined
    return this.load().then(() => undefined)
  }

  /** Resolves when nothing is being loaded. */
  async idle(): Promise<void> {
    await this.#loading
  }

  #failedLately(): boolean {
    return this.#failedAt !== undefined && elapsed(this.#failedAt, systemClock.now()) < PATIENCE
  }

  async #load(): Promise<Result<void, Unsupported>> {
    const began = systemClock.now()
    const tables = await withPauses(loadingTables(this.#director, 6), this.#pause)
    if (!tables.ok) {
      this.#failedAt = systemClock.now()
      return tables
    }
    const milliseconds = Math.round(elapsed(began, systemClock.now()) / 1_000)
    this.#log.info('forwarding programs of IPv6 loaded', { milliseconds })
    return ok(undefined)
  }
}
