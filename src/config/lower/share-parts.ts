import type { Checker, CheckTiming, HttpRequestCheck } from '../../model/index.ts'
import { equal } from '../equal.ts'
import type { Mutable } from './mutable.ts'

/**
 * Takes checkers one after another: timing and urls become those of the one before where they are equal. Of tens of thousands
 * most are, and one object takes its room once, here and in the process that is told of it.
 */
export function shareParts(): (checker: Checker) => void {
  let timing: CheckTiming | undefined
  let requests: readonly HttpRequestCheck[] | undefined
  return (checker) => {
    const parts: Mutable<Checker> = checker
    if (timing === undefined || !equal(parts.timing, timing)) timing = parts.timing
    parts.timing = timing
    if (parts.kind !== 'http') return
    if (requests === undefined || !equal(parts.requests, requests)) requests = parts.requests
    parts.requests = requests
  }
}
