import { resolve } from 'node:path'
import process from 'node:process'
import {
  compareConfigurations,
  type Diagnostic,
  explain,
  type LoadedConfiguration,
  type LoadOptions,
  languageSchema,
  lintConfiguration,
  lintRules,
  loadConfiguration,
  pairRules,
  type Rule,
  referencePage,
  render,
  renderSarif,
  type ShowFormat,
  type SourceFile,
  showConfiguration,
  supportTable,
} from '../config/index.ts'
import { configurationFiles, fileExists, fullHostName, shortHostName } from '../sys/files/index.ts'
import { findConfiguration } from './daemon/places.ts'
import { version } from './version.ts'

export type ReviewFormat = 'text' | 'json' | 'sarif'

export type ReferenceOptions = { readonly support?: true }

export type LintOptions = {
  readonly format: ReviewFormat
  readonly without?: string
  readonly rules?: true
  readonly configId?: string
}

export type CompareOptions = {
  readonly format: ReviewFormat
  readonly without?: string
  readonly configId?: string
  readonly otherConfigId?: string
}

/** `holdfast config lint`: 0 nothing found, 1 something, 2 errors among it. */
export function lint(file: string | undefined, { format, without, rules, configId }: LintOptions): number {
  if (rules) return listRules(lintRules)
  const off = namesOf(lintRules, without, '`holdfast config lint --rules` lists them')
  if (off === undefined) return 2
  const path = findConfiguration(file, fileExists)
  const { diagnostics, sources } = lintConfiguration(configurationFiles, path, optionsFor(configId), off)
  tell(diagnostics, sources, format)
  if (diagnostics.length === 0 && format === 'text') process.stdout.write(`${path}: nothing to complain of\n`)
  return verdict(diagnostics)
}

/** `holdfast config compare`: whether two directors' files make a pair; 0 they do, 1 with something to say, 2 they do not. */
export function compare(one: string, other: string, options: CompareOptions): number {
  const { format, without, configId, otherConfigId } = options
  const off = namesOf(pairRules, without, `there are ${pairRules.map(({ name }) => name).join(', ')}`)
  if (off === undefined) return 2
  const { first, second, differences } = compareConfigurations(
    configurationFiles,
    { path: resolve(one), options: { ...optionsFor(configId), hostName: 'the first host' } },
    { path: resolve(other), options: { ...optionsFor(otherConfigId ?? configId), hostName: 'the second host' } },
    off,
  )
  const broken = [first, second].flatMap(({ diagnostics }) =>
    diagnostics.filter(({ severity }) => severity === 'error'),
  )
  const all = [...broken, ...differences]
  tell(all, [...first.sources, ...second.sources], format)
  if (all.length === 0 && format === 'text') process.stdout.write('the two files make a pair\n')
  return verdict(all)
}

function listRules(rules: readonly Rule[]): number {
  process.stdout.write(rules.map(({ name, finds, why }) => `${name}\n    ${finds}\n    ${why}\n`).join(''))
  return 0
}

/** The names of `--without`; undefined, and said so, if one is no rule's. */
function namesOf(rules: readonly Rule[], without: string | undefined, others: string): readonly string[] | undefined {
  const names = (without ?? '').split(',').filter((name) => name !== '')
  const unknown = names.find((name) => !rules.some((rule) => rule.name === name))
  if (unknown === undefined) return names
  process.stderr.write(`there is no rule ${unknown}; ${others}\n`)
  return undefined
}

export type ShowOptions = { readonly format: ShowFormat; readonly secrets?: true; readonly configId?: string }

/** `holdfast config show`: 0, or 1 after the errors when there is no configuration. */
export function show(file: string | undefined, { format, secrets, configId }: ShowOptions): number {
  const path = findConfiguration(file, fileExists)
  const { text, diagnostics, sources } = showConfiguration(configurationFiles, path, optionsFor(configId), {
    format,
    secrets: secrets ? 'shown' : 'hidden',
  })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  process.stderr.write(render(errors, sources, { color: false }))
  if (text === undefined) return 1
  process.stdout.write(text)
  return 0
}

/** `holdfast config explain`: 0, or 1 when there is no such word. */
export function explainKeyword(question: string): number {
  const { found, text } = explain(question)
  if (found) process.stdout.write(text)
  else process.stderr.write(`${text}\n`)
  return found ? 0 : 1
}

/** `holdfast config reference`: docs/keywords.md, or the table in docs/configuration.md. */
export function writeReference({ support }: ReferenceOptions): number {
  process.stdout.write(support ? supportTable() : referencePage())
  return 0
}

/** `holdfast config schema`: for editors. */
export function writeSchema(): number {
  process.stdout.write(`${JSON.stringify(languageSchema(), undefined, 2)}\n`)
  return 0
}

/** `holdfast config check --format`: the diagnostics of `holdfastd -t` for a program; its exit code is the caller's. */
export function tellDiagnostics(path: string, configId: string | undefined, format: ReviewFormat): LoadedConfiguration {
  const loaded = loadConfiguration(configurationFiles, path, optionsFor(configId))
  tell(loaded.diagnostics, loaded.sources, format)
  return loaded
}

const optionsFor = (configId: string | undefined): LoadOptions => ({
  configId: configId ?? shortHostName(),
  testing: true,
  hostName: fullHostName(),
  environment: process.env,
})

function tell(diagnostics: readonly Diagnostic[], sources: readonly SourceFile[], format: ReviewFormat): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify(diagnostics, undefined, 2)}\n`)
  else if (format === 'sarif')
    process.stdout.write(renderSarif(diagnostics, { version, rules: [...lintRules, ...pairRules] }))
  else {
    const color = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined
    process.stdout.write(render(diagnostics, sources, { color, rules: true }))
  }
}

const verdict = (diagnostics: readonly Diagnostic[]): 0 | 1 | 2 =>
  diagnostics.some(({ severity }) => severity === 'error') ? 2 : diagnostics.length > 0 ? 1 : 0
