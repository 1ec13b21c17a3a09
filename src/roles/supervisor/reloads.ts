import type { Result } from '../../base/index.ts'

/** `allowEmpty`: also a configuration that leaves nothing to run. */
export type Reload = (allowEmpty?: boolean) => Promise<Result<void, string>>

/**
 * One reload at a time; a call during one is answered by the next, whose reading of the file begins after the call. If one of
 * those who wait allows that nothing is left, it is allowed.
 */
export function oneAtATime(reload: (allowEmpty: boolean) => Promise<Result<void, string>>): Reload {
  let running: Promise<Result<void, string>> | undefined
  let queued: Promise<Result<void, string>> | undefined
  let queuedAllow = false
  const begin: Reload = (allowEmpty = false) => {
    if (running === undefined) {
      running = reload(allowEmpty).finally(() => {
        running = undefined
      })
      return running
    }
    queuedAllow ||= allowEmpty
    queued ??= running.then(() => {
      const allow = queuedAllow
      queued = undefined
      queuedAllow = false
      return begin(allow)
    })
    return queued
  }
  return begin
}
