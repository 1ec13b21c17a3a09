import type { Configuration } from '../model/index.ts'
import { type Checked, runStages } from './check/index.ts'
import { type Diagnostic, inOrder } from './diagnostic.ts'
import type { ConfigPorts, FileFailure, LoadOptions } from './ports.ts'
import { collector, complaint, type Report, reportInto, type Span } from './report.ts'
import { expand, type Place, type SourceFile } from './source/index.ts'
import { parse } from './syntax/index.ts'
import { isYaml, readYaml } from './yaml/index.ts'

/** Of a longer text the nodes of one block at a time are in memory. */
const LARGE = 1_048_576

export type LoadedConfiguration = {
  /** Absent: nothing may be started from this file, and an error says why. Present with errors: what is left of it. */
  readonly configuration?: Configuration
  /** By place. */
  readonly diagnostics: readonly Diagnostic[]
  /** For showing the lines that diagnostics name. */
  readonly sources: readonly SourceFile[]
  /** All files as one text, includes and substitutions done; it holds what secrets they hold. Absent: there is none. */
  readonly text?: string
  /** Paths of all files read, the main file first. */
  readonly files: readonly string[]
}

/**
 * A keepalived.conf to the model: reads the file and its includes, and says of all that is wrong where it is. Never
 * throws, whatever the bytes, and asks the host nothing but through the ports. An empty file is an empty configuration.
 */
export const loadConfiguration = (ports: ConfigPorts, path: string, options: LoadOptions): LoadedConfiguration =>
  loadAnd(ports, path, options, () => {})

/** As `loadConfiguration`, with a look at what was understood before the complaints are put in order. */
export function loadAnd(
  ports: ConfigPorts,
  path: string,
  options: LoadOptions,
  look: (checked: Checked, report: Report, placeOf: (at: Span) => Place) => void,
): LoadedConfiguration {
  const content = ports.read(path)
  if (!content.ok)
    return { diagnostics: [cannotRead(path, content.error)], sources: [{ path, lines: [] }], files: [path] }
  const found = collector()
  const { bytes } = content.value
  const { source, complete } = isYaml(path)
    ? readYaml(path, bytes, found.add)
    : expand(path, bytes, ports, options, found.add)
  const report = reportInto(found.add, source, options.strict)
  const tree = parse(source.text, report, source.text.length <= LARGE)
  const checked = runStages(tree, ports, options, report)
  look(checked, report, (at) => source.placeOf(at.start))
  const files = [...new Set(source.files.map((file) => file.path))]
  return {
    ...(complete ? { configuration: checked.configuration } : {}),
    diagnostics: inOrder(found.all(), files),
    sources: source.files,
    text: source.text,
    files,
  }
}

function cannotRead(path: string, failure: FileFailure): Diagnostic {
  const [message, remedy] = {
    missing: ['no such configuration file', 'create it, or name another with -f'],
    denied: [`cannot read the configuration file: ${failure.detail}`, 'run as root, or make it readable'],
    unreadable: [`cannot read the configuration file: ${failure.detail}`, 'look whether it is a configuration'],
    'not-a-file': ['the configuration is not a file', 'name a file with -f'],
    'too-large': [
      `the configuration file is ${failure.detail}`,
      'look whether it is a configuration, or use definitions',
    ],
  }[failure.reason] as [string, string]
  return complaint('error', 'no-configuration', { file: path, line: 1, column: 1 }, message, { remedy })
}
