import type { Result } from '../../base/index.ts'

/** One reload at a time; a call during one is answered by the next, whose reading of the file begins after the call. */
export function oneAtATime(reload: () => Promise<Result<void, string>>): () => Promise<Result<void, string>> {
  let running: Promise<Result<void, string>> | undefined
  let queued: Promise<Result<void, string>> | undefined
  const begin = (): Promise<Result<void, string>> => {
    if (running === undefined) {
      running = reload().finally(() => {
        running = undefined
      })
      return running
    }
    queued ??= running.then(() => {
      queued = undefined
      return begin()
    })
    return queued
  }
  return begin
}
