import type { Result } from '../../base/index.ts'

export type ReloadOptions = {
  /** Also a configuration that leaves nothing to run. */
  readonly allowEmpty?: boolean
  /** Real servers that it has no more are drained first; who wants that. */
  readonly gracefulFor?: string
}

export type Reload = (options?: ReloadOptions) => Promise<Result<void, string>>

/**
 * One reload at a time; a call during one is answered by the next, whose reading of the file begins after the call. What one of
 * those who wait allows or wants holds for all of them.
 */
export function oneAtATime(reload: (options: ReloadOptions) => Promise<Result<void, string>>): Reload {
  let running: Promise<Result<void, string>> | undefined
  let queued: Promise<Result<void, string>> | undefined
  let queuedOptions: ReloadOptions = {}
  const begin: Reload = (options = {}) => {
    if (running === undefined) {
      running = reload(options).finally(() => {
        running = undefined
      })
      return running
    }
    queuedOptions = {
      ...queuedOptions,
      ...options,
      allowEmpty: queuedOptions.allowEmpty === true || options.allowEmpty === true,
    }
    queued ??= running.then(() => {
      const wanted = queuedOptions
      queued = undefined
      queuedOptions = {}
      return begin(wanted)
    })
    return queued
  }
  return begin
}

/** Runs what is given one after another. */
export function inTurn(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (job) => {
    const mine = last.then(job)
    last = mine.catch(() => {})
    return mine
  }
}
