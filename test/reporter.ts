/**
 * Ends a run with what tests had to say (annotations), every skip by name and reason, every failure by name, and the
 * totals on a line of their own: `N passed, N failed, N skipped`. A file that does not load and an error outside any test
 * count as failures. A test that passed only when it was played again is named, and more than a few of them fail the run.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** More tests than this that pass only at the second try are a fault of what they test, not of the machine. */
const AGAIN_MOST = 6

const fullName = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`

/** Failures that belong to no test: a module or a suite whose own hooks or imports failed. */
function brokenSuites(modules: readonly TestModule[]): string[] {
  const broken: string[] = []
  for (const module of modules) {
    if (module.errors().length > 0) broken.push(`${module.relativeModuleId} does not load`)
    for (const suite of module.children.allSuites())
      if (suite.errors().length > 0) broken.push(`${module.relativeModuleId} > ${suite.fullName}: a hook failed`)
  }
  return broken
}

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const passed: string[] = []
    const failed = [...brokenSuites(modules), ...unhandled.map((error) => `outside any test: ${describe(error)}`)]
    const skipped: string[] = []
    const said: string[] = []
    const again: string[] = []
    for (const module of modules)
      for (const test of module.children.allTests()) {
        const result = test.result()
        const annotations = test.annotations()
        said.push(...annotations.filter(({ type }) => type !== 'again').map(({ message }) => message))
        const inGuest = annotations.find(({ type }) => type === 'again')?.message
        if (inGuest !== undefined) again.push(`${fullName(test)}: ${firstLine(inGuest)}`)
        else if (test.diagnostic()?.flaky === true)
          again.push(`${fullName(test)}: ${firstLine(describe(result.errors?.[0]))}`)
        if (result.state === 'passed') passed.push(fullName(test))
        else if (result.state === 'failed') failed.push(`${fullName(test)}: ${firstLine(describe(result.errors[0]))}`)
        else skipped.push(`${fullName(test)}: ${('note' in result && result.note) || 'no reason given'}`)
      }
    if (again.length > AGAIN_MOST) {
      failed.push(`${again.length} tests passed only when played again; ${AGAIN_MOST} may`)
      process.exitCode = 1
    }
    const lines = [
      ...said,
      ...again.map((test) => `passed only when played again  ${test}`),
      ...skipped.map((skip) => `skipped  ${skip}`),
      ...failed.map((failure) => `failed   ${failure}`),
      `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

function describe(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
