import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Diagnostic, DiagnosticKind } from '../../src/config/diagnostic.ts'
import { lintConfiguration, lintRules, renderSarif } from '../../src/config/index.ts'
import { MAIN, memoryFiles } from './files.ts'
import { faultsOf, type Schema4 } from './sarif/draft4.ts'

const schema: Schema4 = JSON.parse(readFileSync(join(import.meta.dirname, 'sarif/schema-2.1.0-rtm.5.json'), 'utf8'))
const sarifOf = (diagnostics: readonly Diagnostic[]) =>
  JSON.parse(renderSarif(diagnostics, { version: '1.2.3', rules: lintRules }))
const lint = (files: Readonly<Record<string, string>>, path = MAIN) =>
  lintConfiguration(memoryFiles(files), path, { configId: 'alpha', hostName: 'alpha' }).diagnostics

const kinds: Readonly<Record<DiagnosticKind, true>> = {
  'no-configuration': true,
  include: true,
  source: true,
  syntax: true,
  'unknown-keyword': true,
  deprecated: true,
  'missing-argument': true,
  value: true,
  object: true,
  interface: true,
  security: true,
  remark: true,
  'without-effect': true,
  lint: true,
}

const CORPUS = join(import.meta.dirname, '../corpus')
const corpus = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.conf'))

test('what is said of every file of the corpus is SARIF as its schema has it', () => {
  expect(corpus.length).toBeGreaterThan(50)
  for (const path of corpus) {
    const log = sarifOf(lint({ [MAIN]: readFileSync(join(CORPUS, path), 'latin1') }))
    expect([path, faultsOf(log, schema)]).toEqual([path, []])
  }
})

test('so is each kind and each rule, at places of included files', () => {
  const [one] = lint({ [MAIN]: 'include /etc/more.conf\n', '/etc/more.conf': '\n  wibble\n' })
  expect(one).toMatchObject({ file: '/etc/more.conf', line: 2, column: 3 })
  const all = [
    ...Object.keys(kinds).map((kind) => ({ ...one, kind })),
    ...lintRules.map(({ name }) => ({ ...one, kind: 'lint', rule: name })),
  ] as readonly Diagnostic[]
  const log = sarifOf([...all, ...all.map((each) => ({ ...each, severity: 'error' as const }))])
  expect(faultsOf(log, schema)).toEqual([])
})

const paths = ['/etc/a b#1?/ä%.conf', 'below/x.conf', '/etc/\u0001"<>\\^`{|}[].conf', '/etc//x\ud800.conf', '../x.conf']
for (const path of paths)
  test(`and the path ${JSON.stringify(path)} is a URI`, () => {
    const log = sarifOf(lint({ [path]: 'wibble\n' }, path))
    expect(log.runs[0].results).toHaveLength(1)
    expect(faultsOf(log, schema)).toEqual([])
  })

test('the schema refuses what is no SARIF', () => {
  const log = sarifOf(lint({ [MAIN]: 'wibble\n' }))
  const [run] = log.runs
  const [result] = run.results
  const place = result.locations[0].physicalLocation
  const changed = (to: object) => ({ ...log, runs: [{ ...run, results: [{ ...result, ...to }] }] })
  for (const wrong of [
    { ...log, version: '2.0.0' },
    { ...log, more: 1 },
    { ...log, runs: [{ ...run, tool: {} }] },
    changed({ level: 'bad' }),
    changed({ message: {} }),
    changed({ locations: [{ physicalLocation: { ...place, region: { startLine: 0 } } }] }),
    changed({ locations: [{ physicalLocation: { ...place, artifactLocation: { uri: '/a b' } } }] }),
  ])
    expect(faultsOf(wrong, schema)).not.toEqual([])
})
