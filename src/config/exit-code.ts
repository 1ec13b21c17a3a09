import type { Diagnostic } from './diagnostic.ts'
import type { LoadedConfiguration } from './load.ts'

/**
 * What `holdfastd -t` ends with, after keepalived.conf's own test.
 *
 * | code | when |
 * | --- | --- |
 * | 0 | nothing to complain of, or only of scripts to be run later, of includes that may fail, and of words without effect here |
 * | 4 | it would not run: the file is missing or cannot be read, is no YAML, or it has an error and `strict` is wanted |
 * | 6 | an include that must not fail did, or scripts run without enable_script_security |
 * | 2 | a keyword lacks its argument |
 * | 5 | anything else, warnings too: it would run |
 *
 * The first row that fits counts, read 4, a failed include, 2, security, 5. keepalived differs: it ends with 0 when the
 * main file is missing, and remembers only the highest of its numbers, so that a warning hides what is fatal.
 */
export function exitCodeForTest(
  { configuration, diagnostics }: Pick<LoadedConfiguration, 'configuration' | 'diagnostics'>,
  strict = false,
): 0 | 2 | 4 | 5 | 6 {
  const some = (test: (one: Diagnostic) => boolean) => diagnostics.some(test)
  const failedInclude = some((one) => one.kind === 'include' && one.severity === 'error')
  if (strict && some((one) => one.severity === 'error')) return 4
  if (configuration === undefined) return failedInclude ? 6 : 4
  if (some((one) => one.kind === 'missing-argument')) return 2
  if (some((one) => one.kind === 'security')) return 6
  return diagnostics.every(isHarmless) ? 0 : 5
}

/**
 * Of which keepalived says nothing, or no more than a line in the log: a file is often tested before the scripts it names are put
 * there (it looks for those of vrrp_script only), and what has no effect here has one there.
 */
const isHarmless = ({ severity, kind, rule }: Diagnostic): boolean =>
  severity === 'warning' && (rule === 'script-not-executable' || kind === 'include' || kind === 'without-effect')

/** Why a reload from this text is refused: every error. Warnings are no reason; keepalived refuses nothing. */
export const refusals = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter((one) => one.severity === 'error')
