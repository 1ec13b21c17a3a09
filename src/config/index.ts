/**
 * keepalived.conf to the model. `loadConfiguration` reads a file and all it includes through ports and yields the model
 * and every complaint with its place; `render` prints complaints, `exitCodeForTest` is what a configuration test ends with,
 * `diff` tells what a reload has to change, `print` writes a model as a keepalived.conf. For the supervisor and the command
 * line; pure but for the ports. Follows keepalived.conf(5) as of keepalived 2.4; docs/configuration.md has the differences.
 * Does badly: it reads everything again at each reload, however little changed.
 */

export { type Comparison, compareConfigurations, pairRules } from './compare/index.ts'
export type { Diagnostic, DiagnosticKind, RelatedPlace } from './diagnostic.ts'
export {
  type Changed,
  type ChangedKeyword,
  type Changes,
  type ConfigurationDiff,
  diff,
  type Plan,
  type PlannedChange,
  plan,
  reconfigureRouter,
  reconfigureServer,
  type StateOf,
  type Verdict,
  withUnchanged,
} from './diff/index.ts'
export { exitCodeForTest, refusals } from './exit-code.ts'
export { type FormatFailure, formatText, sameMeaning } from './format/index.ts'
export { lintConfiguration, lintRules, type Rule } from './lint/index.ts'
export { type LoadedConfiguration, loadConfiguration } from './load.ts'
export type { ConfigPorts, FileContent, FileFailure, LoadOptions } from './ports.ts'
export { print } from './print/index.ts'
export {
  type DescribedKeyword,
  type Explanation,
  explain,
  keywordBlocks,
  keywordQuestions,
  referencePage,
  supportTable,
} from './reference/index.ts'
export { render } from './render.ts'
export { renderSarif } from './sarif.ts'
export { languageSchema } from './schema/index.ts'
export { LONGEST_LIST, MOST_LISTED, type ServerListProblem, serverList } from './server-list/index.ts'
export { type ShowFormat, type Shown, showConfiguration } from './show.ts'
export type { Place, SourceFile } from './source/index.ts'
