/**
 * Inside the guest: writes each result as a line of JSON the moment it is known, so that a run that is cut short tells
 * how far it came. `test/guest/run-guest.ts` reads them.
 */
import { appendFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import type { GuestLine } from './guest-line.ts'

export default class GuestReporter implements Reporter {
  readonly #path = process.env['HOLDFAST_GUEST_REPORT'] ?? ''

  #write(line: GuestLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }

  onTestModuleStart(module: TestModule): void {
    this.#write({ type: 'file-started', file: module.relativeModuleId })
  }

  onTestCaseReady(test: TestCase): void {
    this.#write({ type: 'test-started', file: test.module.relativeModuleId, name: test.fullName })
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result()
    const state = result.state === 'pending' ? 'skipped' : result.state
    const note = 'note' in result && result.note ? { note: result.note } : {}
    const errors = (result.errors ?? []).map(described)
    const said = test.annotations().map(({ message }) => message)
    this.#write({
      type: 'result',
      file: test.module.relativeModuleId,
      name: test.fullName,
      state,
      errors,
      ...note,
      again: test.diagnostic()?.flaky === true,
      said,
    })
  }

  /** Failures that belong to no test are failed results of a name that says so. */
  onTestModuleEnd(module: TestModule): void {
    const file = module.relativeModuleId
    const broken = (name: string, errors: readonly unknown[]): void => {
      if (errors.length > 0)
        this.#write({
          type: 'result',
          file,
          name,
          state: 'failed',
          errors: errors.map(described),
          again: false,
          said: [],
        })
    }
    broken('the file does not load', module.errors())
    for (const suite of module.children.allSuites()) broken(`${suite.fullName}: a hook failed`, suite.errors())
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    for (const error of unhandled)
      this.#write({
        type: 'result',
        file: 'outside any test',
        name: 'error',
        state: 'failed',
        errors: [described(error)],
        again: false,
        said: [],
      })
    this.#write({ type: 'end', files: modules.length })
  }
}

function described(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message, stack, diff } = error as { message?: unknown; stack?: unknown; diff?: unknown }
  return [stack ?? message, diff].filter((part) => typeof part === 'string').join('\n')
}
