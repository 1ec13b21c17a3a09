/** What the corpus holds, and the tables beside it. */
import { readdirSync, readFileSync } from 'node:fs'
import type { ExpansionCase } from './random-expansions.ts'

export const CORPUS = 'test/corpus'
export const FOLDERS = ['conf', 'bad'] as const
export const REFERENCE = `${CORPUS}/REFERENCE.tsv`
/** One a line: files made at random, and the members of the group in them as keepalived has them. */
export const EXPANSIONS = `${CORPUS}/expansions.jsonl`
/** What `@conditions` and `${_INSTANCE}` see, for both programs. */
export const CONFIG_ID = 'alpha'

export type RecordedExpansion = ExpansionCase & { readonly members: readonly string[] }

export const recordedExpansions = (): readonly RecordedExpansion[] =>
  readFileSync(EXPANSIONS, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedExpansion)

/** Rows of a .tsv without its comments and its line of names. */
export const table = (path: string): readonly (readonly string[])[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(1)
    .map((line) => line.split('\t'))

export const names = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.conf'))

/** Every file, as `conf/NAME` or `bad/NAME`. */
export const corpusFiles: readonly string[] = FOLDERS.flatMap((folder) =>
  names(`${CORPUS}/${folder}`).map((name) => `${folder}/${name}`),
)

/** What keepalived answers to a file. */
export type ReferenceRow = {
  readonly file: string
  /** Links that the file names, all of which are there for `withLinks`. */
  readonly links: string
  /** Exit code of its configuration test where there is no link but lo. */
  readonly bare: number
  readonly withLinks: number
  /** Lines that it complains of with all links there. */
  readonly lines: readonly number[]
}

export const referenceRows = (): readonly ReferenceRow[] =>
  table(REFERENCE).map(([file = '', links = '', bare, withLinks, lines = '']) => ({
    file,
    links,
    bare: Number(bare),
    withLinks: Number(withLinks),
    lines: lines === '' ? [] : lines.split(',').map(Number),
  }))

/** Where we answer otherwise on purpose: what is otherwise, and why. */
export type Difference = { readonly file: string; readonly what: 'code' | 'lines'; readonly why: string }

export const differences = (): readonly Difference[] =>
  table(`${CORPUS}/DIFFERENCES.tsv`).map(([file = '', what, why = '']) => ({
    file,
    what: what === 'code' ? 'code' : 'lines',
    why,
  }))
