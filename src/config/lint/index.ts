/**
 * Rules for what is correct and yet seldom what was meant, one object a rule. `lintConfiguration` loads a file as a start
 * does and adds what they find to the complaints; each rule can be switched off by its name, for a run or, by a comment
 * `lint: off NAME`, for a line. Knows one file only: what two directors must agree on is compare/.
 */

import { type Diagnostic, inOrder } from '../diagnostic.ts'
import { type LoadedConfiguration, loadAnd } from '../load.ts'
import type { ConfigPorts, LoadOptions } from '../ports.ts'
import { complaint } from '../report.ts'
import type { SourceFile } from '../source/index.ts'
import { fileRules } from './file-rules.ts'
import { lineRules } from './line-rules.ts'
import { mailRules } from './mail-rules.ts'
import { nameRules } from './name-rules.ts'
import { preemptionRules } from './preemption-rules.ts'
import { routerRules } from './router-rules.ts'
import type { Rule } from './rule.ts'
import { scriptRules } from './script-rules.ts'
import { serviceRules } from './service-rules.ts'
import { unicastRules } from './unicast-rules.ts'

export type { Rule } from './rule.ts'

/** In the order of a configuration. */
export const lintRules: readonly Rule[] = [
  ...fileRules,
  ...lineRules,
  ...nameRules,
  ...mailRules,
  ...scriptRules,
  ...routerRules,
  ...unicastRules,
  ...preemptionRules,
  ...serviceRules,
]

/**
 * Complaints of a start, and of all rules but those in `without`. A comment switches no error off: what it costs is lost at
 * every start.
 * @param without names of rules
 */
export function lintConfiguration(
  ports: ConfigPorts,
  path: string,
  options: LoadOptions,
  without: readonly string[] = [],
): LoadedConfiguration {
  const loaded = loadAnd(ports, path, options, (checked, report) => {
    for (const { name, look } of lintRules)
      look?.(
        checked,
        (at, message, details = {}) => report.warning('lint', at, message, { ...details, rule: name }),
        ports,
      )
  })
  const files = new Map(loaded.sources.map((file) => [file.path, file]))
  const off = ({ rule, severity, file, line }: Diagnostic): boolean =>
    rule !== undefined &&
    (without.includes(rule) ||
      (severity !== 'error' &&
        [line, line - 1].some((at) => switchedOff(files.get(file)?.lines[at - 1], at < line, rule))))
  const all = inOrder([...loaded.diagnostics, ...saidOfFiles(loaded.sources, options)], loaded.files)
  return { ...loaded, diagnostics: all.filter((one) => !off(one)) }
}

function saidOfFiles(files: readonly SourceFile[], options: LoadOptions): readonly Diagnostic[] {
  const found: Diagnostic[] = []
  for (const { name, lookAtFiles } of lintRules)
    lookAtFiles?.(files, options, (at, message, details = {}) =>
      found.push(complaint('warning', 'lint', at, message, { ...details, rule: name })),
    )
  return found
}

/** `# lint: off NAME …` behind a line, or on a line of its own before it. */
function switchedOff(text: string | undefined, before: boolean, rule: string): boolean {
  const comment = /^([^#!]*)[#!].*?\blint:\s*off\s+([\w\s,-]+)/.exec(text ?? '')
  if (comment === null || (before && comment[1]?.trim() !== '')) return false
  return (comment[2] as string).split(/[\s,]+/).includes(rule)
}
