import type { Diagnostic, RelatedPlace } from './diagnostic.ts'
import type { Rule } from './lint/index.ts'

/** The tool as it names itself in a report. */
export type Tool = { readonly version: string; readonly rules: readonly Rule[] }

/**
 * Diagnostics as a SARIF 2.1.0 log (OASIS), one run, as code hosts and editors read it. What is not a rule of the lint has
 * its kind as rule id. Columns count UTF-16 units from 1, as everywhere here.
 */
export function renderSarif(diagnostics: readonly Diagnostic[], tool: Tool): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        columnKind: 'utf16CodeUnits',
        tool: {
          driver: {
            name: 'holdfast',
            version: tool.version,
            rules: tool.rules.map(({ name, finds, why }) => ({
              id: name,
              shortDescription: { text: finds },
              fullDescription: { text: why },
            })),
          },
        },
        results: diagnostics.map(resultOf),
      },
    ],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

function resultOf(of: Diagnostic): object {
  const remedy = of.remedy === undefined ? '' : ` (${of.remedy})`
  return {
    ruleId: of.rule ?? of.kind,
    level: of.severity,
    message: { text: [`${of.message}${remedy}`, ...of.notes].join('\n') },
    locations: [location(of, of.endColumn)],
    ...(of.related.length === 0 ? {} : { relatedLocations: of.related.map(relatedLocation) }),
  }
}

const location = ({ file, line, column }: Pick<Diagnostic, 'file' | 'line' | 'column'>, endColumn?: number) => ({
  physicalLocation: {
    artifactLocation: { uri: file.startsWith('/') ? `file://${uriPath(file)}` : uriPath(file) },
    region: { startLine: line, startColumn: column, ...(endColumn === undefined ? {} : { endColumn }) },
  },
})

const relatedLocation = (place: RelatedPlace, index: number) => ({
  id: index + 1,
  ...location(place),
  message: { text: place.message },
})

/** As `encodeURI`, and the signs that would end a path; half of a character, which no URI has, as one that is unknown. */
const uriPath = (path: string): string =>
  encodeURI(path.replace(/\p{Surrogate}/gu, '\ufffd')).replace(/[?#]/g, encodeURIComponent)
