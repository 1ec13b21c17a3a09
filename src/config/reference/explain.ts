import {
  type Container,
  containerInside,
  containers,
  containersOf,
  type Default,
  defaultAt,
  type KeywordFacts,
  type KeywordSupport,
  keywordAt,
  keywordsIn,
  lines,
  type OptionFacts,
  optionWords,
  type Twice,
} from '../keywords/index.ts'
import { nearest } from '../nearest.ts'
import { type OptionPlace, optionPlaces, spelled } from './places.ts'

export type Explanation =
  | { readonly found: true; readonly text: string }
  /** One sentence, and what to ask instead. */
  | { readonly found: false; readonly text: string }

/**
 * A word in plain text: `quorum`, or with its block `virtual_server.quorum`, `real_server.TCP_CHECK.connect_port`, or a word within a
 * line, `virtual_ipaddress.label`. A word that stands in several places with one meaning is told once.
 */
export function explain(question: string): Explanation {
  const path = question.split(/[./]/)
  const name = path.at(-1) as string
  const around = path.slice(0, -1)
  const places = containersOf(name).filter((container) => endsWith(blocksOf(container), around))
  const options = optionPlaces.filter((place) => place.name === name && endsWith(place.path, around))
  if (places.length + options.length === 0) return { found: false, text: unknown(question, name, around) }
  const byFacts = new Map<KeywordFacts, Container[]>()
  for (const container of places) {
    const facts = keywordAt(container, name)?.facts
    if (facts !== undefined) byFacts.set(facts, [...(byFacts.get(facts) ?? []), container])
  }
  const byOption = new Map<OptionFacts, OptionPlace[]>()
  for (const place of options) byOption.set(place.facts, [...(byOption.get(place.facts) ?? []), place])
  const entries = [
    ...[...byFacts].map(([facts, at]) => keywordEntry(name, facts, at)),
    ...[...byOption].map(([facts, at]) => optionEntry(name, facts, at)),
  ]
  return { found: true, text: entries.join('\n') }
}

/** All that `explain` has an answer for: each word, alone and with what it stands in. */
export const keywordQuestions = (): readonly string[] => [
  ...new Set([
    ...containers.flatMap((container) =>
      keywordsIn(container).flatMap(({ name }) =>
        container === 'root' ? [name] : [name, `${container.split('/').at(-1)}.${name}`],
      ),
    ),
    ...optionPlaces.flatMap(({ name, path }) => [name, `${path.at(-1)}.${name}`]),
  ]),
]

const blocksOf = (container: Container): readonly string[] => (container === 'root' ? ['root'] : container.split('/'))

/** `real_server.TCP_CHECK` stands for every path that ends so. */
const endsWith = (path: readonly string[], around: readonly string[]): boolean =>
  around.every((word, index) => path[path.length - around.length + index] === word)

/** `    in:       virtual_server` for each that there is. */
const lineOf = (word: string, text: string | undefined): readonly string[] =>
  text === undefined || text === '' ? [] : [`    ${`${word}:`.padEnd(10)}${text}`]

const headOf = (name: string, { takes }: Pick<KeywordFacts, 'takes'>): string =>
  takes === 'flag' ? name : `${name} ${takes}`

/** What becomes of it here; undefined: it is done. */
export function hereText(
  support: KeywordSupport | undefined,
  { why, remedy }: Pick<KeywordFacts, 'why' | 'remedy'>,
): string | undefined {
  if (support === 'always') return 'always'
  return support === 'accepted' ? `accepted: ${[why, remedy].filter(Boolean).join('; ')}` : undefined
}

function keywordEntry(name: string, facts: KeywordFacts, places: readonly Container[]): string {
  const others = facts.names.filter((other) => other !== name && keywordAt(places[0] as Container, other) !== undefined)
  const inside = places.map((at) => containerInside(at, name)).find((at) => at !== undefined)
  const support = new Set(places.map((at) => keywordAt(at, name)?.support))
  const line = facts.line === undefined ? undefined : lines[facts.line]
  return text([
    headOf(name, facts),
    `    ${facts.means}`,
    ...lineOf('in', places.map(spelled).join(', ')),
    ...lineOf('default', defaultTexts(facts, places)),
    ...lineOf('range', rangeText(facts)),
    ...lineOf('write', facts.instead),
    ...lineOf('see also', others.join(', ')),
    ...lineOf('since', [...new Set(places.map((at) => sinceText(facts, at)))].join('; ')),
    ...lineOf(
      'holds',
      inside === undefined
        ? undefined
        : keywordsIn(inside)
            .map((keyword) => keyword.name)
            .join(' '),
    ),
    ...lineOf('form', line && `${line.takes}: ${line.means}`),
    ...lineOf('options', facts.line && optionWords(facts.line).join(' ')),
    ...[...support].flatMap((one) => lineOf('here', hereText(one, facts))),
  ])
}

function optionEntry(name: string, facts: OptionFacts, places: readonly OptionPlace[]): string {
  const others = facts.names.filter((other) => other !== name)
  return text([
    headOf(name, facts),
    `    ${facts.means}`,
    ...lineOf('in', [...new Set(places.map(({ path }) => path.join('.')))].join(', ')),
    ...lineOf('default', defaultText(facts)),
    ...lineOf('range', rangeText(facts)),
    ...lineOf('write', facts.instead),
    ...lineOf('see also', others.join(', ')),
    ...lineOf(
      'options',
      (facts.inner ?? []).map((inner) => `${lines[inner].is}: ${optionWords(inner).join(' ')}`).join('; '),
    ),
  ])
}

const text = (of: readonly string[]): string => `${of.join('\n')}\n`

/** What holds without it: `5`, `off (keepalived: on)`, `as global; strict: 0`. */
export function defaultText(
  facts: Pick<KeywordFacts, 'default' | 'defaultIn' | 'without' | 'strict'>,
  at?: Container,
): string | undefined {
  const { without, strict } = facts
  const value = at === undefined ? facts.default : defaultAt(facts, at)
  const usual =
    value === undefined ? without : without === undefined ? written(value) : `${written(value)} (${without})`
  return strict === undefined ? usual : `${usual}; strict: ${written(strict)}`
}

/** Of several places, those apart that have another. */
function defaultTexts(facts: KeywordFacts, places: readonly Container[]): string | undefined {
  const [first] = places
  if (first !== undefined && places.length === 1) return defaultText(facts, first)
  const others = places.flatMap((at) => {
    const value = facts.defaultIn?.[at]
    return value === undefined ? [] : [`${at.split('/').at(-1)} ${written(value)}`]
  })
  return [defaultText(facts), ...others].filter((text) => text !== undefined).join('; ')
}

const written = (value: Default): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'number' ? number(value) : value

/** Bounds and conditions in one line: `1–255; required`. */
export function rangeText({
  min,
  max,
  range,
  anyCase,
  anyBase,
  bounds = {},
  longest,
  counted,
  alone,
  twice,
}: Pick<KeywordFacts, 'min' | 'max' | 'bounds' | 'longest' | 'counted' | 'alone' | 'range' | 'anyCase' | 'twice'> &
  Pick<OptionFacts, 'anyBase'>): string | undefined {
  const all = [
    ...(min === undefined ? [] : [between({ min, max })]),
    ...Object.entries(bounds).map(([name, of]) => `${name} ${between(of)}`),
    ...(longest === undefined ? [] : [`at most ${longest} bytes`]),
    ...(counted === undefined ? [] : [`${counted} bytes, longer is cut`]),
    ...(alone === undefined ? [] : [`alone: ${alone}`]),
    ...(anyBase === true ? ['also 0x and 0'] : []),
    ...(anyCase === true ? ['any case'] : []),
    ...(range === undefined ? [] : [range]),
    ...(twice === undefined ? [] : [severalText[twice]]),
  ]
  return all.length === 0 ? undefined : all.join('; ')
}

const severalText: Readonly<Record<Twice, string>> = {
  all: 'each line counts',
  first: 'the first line counts',
  told: 'the first line counts, with a message',
  MASTER: 'MASTER counts wherever it stands',
}

const between = ({ min = 0, max }: { readonly min?: number; readonly max?: number | undefined }): string =>
  max === undefined ? `≥ ${min}` : `${number(min)}${min < 0 ? '…' : '–'}${number(max)}`

const number = (of: number): string => String(of).replace('-', '−')

export const sinceText = (facts: KeywordFacts, at: Container): string => {
  const since = facts.sinceIn?.[at] ?? facts.since
  return since === undefined
    ? 'a word of Holdfast'
    : since === '1.2.2'
      ? 'keepalived 1.2.2 or before'
      : `keepalived ${since}`
}

function unknown(question: string, name: string, around: readonly string[]): string {
  const elsewhere = [
    ...containersOf(name).map(spelled),
    ...new Set(optionPlaces.filter((place) => place.name === name).map(({ path }) => path.join('.'))),
  ]
  if (elsewhere.length > 0) return `${name} does not stand in ${around.join('.')}, but in ${elsewhere.join(', ')}`
  const words = new Set([
    ...containers.flatMap((container) => keywordsIn(container).map((keyword) => keyword.name)),
    ...optionPlaces.map((place) => place.name),
  ])
  const like = nearest(name, words)
  return `there is no keyword ${question}${like === undefined ? '' : `; did you mean ${like}?`}`
}
