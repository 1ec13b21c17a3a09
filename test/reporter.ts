/**
 * Ends a run with what tests had to say (annotations), every skip by name and reason, every failure by name, and the
 * totals on a line of their own: `N passed, N failed, N skipped`. A file that does not load and an error outside any test
 * count as failures.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

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
    for (const module of modules)
      for (const test of module.children.allTests()) {
        const result = test.result()
        said.push(...test.annotations().map(({ message }) => message))
        if (result.state === 'passed') passed.push(fullName(test))
        else if (result.state === 'failed') failed.push(fullName(test))
        else skipped.push(`${fullName(test)}: ${('note' in result && result.note) || 'no reason given'}`)
      }
    const lines = [
      ...said,
      ...skipped.map((skip) => `skipped  ${skip}`),
      ...failed.map((failure) => `failed   ${failure}`),
      `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}

function describe(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
