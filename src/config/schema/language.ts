import {
  type Argument,
  argumentPattern,
  argumentsOf,
  boundsOf,
  type Container,
  containerInside,
  containers,
  firstNumber,
  headPattern,
  itemPattern,
  type Keyword,
  type KeywordFacts,
  keywordsIn,
  lines,
  mayBeAbsent,
  type OptionFacts,
  valueFacts,
} from '../keywords/index.ts'
import type { Schema, SchemaType } from './schema.ts'

/** A configuration as YAML or JSON. Keys at the top level that begin with `$` are passed over. */
export function languageSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A configuration of Holdfast, or of keepalived, as YAML or JSON',
    ...block('root'),
    patternProperties: { '^\\$': {} },
    $defs: Object.fromEntries(
      containers.filter((container) => container !== 'root').map((container) => [nameOf(container), block(container)]),
    ),
  }
}

const nameOf = (container: Container): string => container.replaceAll('/', '.')

const block = (container: Container): Schema => ({
  type: ['object', 'null'],
  properties: Object.fromEntries(keywordsIn(container).map((keyword) => [keyword.name, property(keyword)])),
  additionalProperties: false,
})

function property(keyword: Keyword): Schema {
  const { takes, means, instead } = keyword.facts
  return {
    description: `${takes}: ${means}`,
    ...(instead === undefined ? {} : { deprecated: true }),
    ...content(keyword),
  }
}

function content({ name, container, content: kind, headed, facts }: Keyword): Schema {
  if (kind === 'line') return list(lineValue(facts))
  const inside = containerInside(container, name)
  const body: Schema = inside === undefined ? items(facts) : either({ $ref: `#/$defs/${nameOf(inside)}` })
  const head = headed ? headPattern(facts) : undefined
  return headed
    ? {
        type: 'object',
        ...(head === undefined ? {} : { propertyNames: { pattern: head } }),
        additionalProperties: body,
      }
    : body
}

/** Lines, or words, or one of them alone. */
function items(facts: KeywordFacts): Schema {
  const item: Schema = textOf(itemPattern(facts))
  return {
    ...item,
    type: ['array', ...typesOf(item), 'null'],
    items: { ...item, ...described(facts) },
  }
}

const numbers = [0.5, 1, 1.5, 10, 100, 1000, 12345678]

/** A text that looks so; numbers and truth values stand for what is written. */
function textOf(pattern: string | undefined, nothing: readonly SchemaType[] = []): Schema {
  if (pattern === undefined) return { type: ['string', 'number', 'boolean', ...nothing] }
  const regex = new RegExp(pattern)
  return {
    type: [
      'string',
      ...(numbers.some((one) => regex.test(String(one))) ? (['number'] as const) : []),
      ...(regex.test('true') ? (['boolean'] as const) : []),
      ...nothing,
    ],
    pattern,
  }
}

/** What the lines of a list look like. */
const described = ({ line }: KeywordFacts): Pick<Schema, 'description'> => {
  if (line === undefined) return {}
  const { takes, means, options } = lines[line]
  const words = (options as readonly OptionFacts[]).map((facts) =>
    facts.takes === 'flag' ? facts.names.join('|') : `${facts.names.join('|')} ${facts.takes}`,
  )
  return { description: `${takes}: ${means}; options: ${words.join(', ')}` }
}

/** One block, or a list of several. */
const either = (one: Schema): Schema => ({ anyOf: [one, { type: 'array', items: one }] })

/** A value, or a list of several, each a line. */
const list = (value: Schema): Schema =>
  value.enum === undefined
    ? { ...value, type: [...typesOf(value), 'array'], items: value }
    : { anyOf: [value, { type: 'array', items: value }] }

export const typesOf = ({ type }: Schema): readonly SchemaType[] =>
  type === undefined ? [] : typeof type === 'string' ? [type] : type

/** What stands behind the word of a line. */
function lineValue(facts: KeywordFacts): Schema {
  if (facts.takes === 'flag') return { type: ['boolean', 'null'] }
  if (facts.takes === 'bool') return { enum: [true, false, null, ...['true', 'false', 'on', 'off', 'yes', 'no']] }
  const argument = argumentsOf(facts.takes) as Argument
  const optional = mayBeAbsent(argument)
  const nothing: readonly SchemaType[] = optional ? ['null'] : []
  const inner = argument.kind === 'optional' ? argument.of : argument
  const words = wordsOf(inner)
  if (words !== undefined)
    return { enum: [...words.flatMap((word) => spellings(word, facts)), ...(optional ? [null] : [])] }
  const pattern = argumentPattern(facts)
  const kind = inner.kind === 'value' ? valueFacts(inner.name).kind : 'text'
  const first = firstNumber(inner)
  const { min, max } = first === undefined ? {} : boundsOf(facts, first)
  return {
    ...(kind === 'text' ? textOf(pattern, nothing) : { type: [kind, 'string', ...nothing] }),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

/** The words of a choice between words; undefined where something else may stand. */
function wordsOf(argument: Argument): readonly string[] | undefined {
  if (argument.kind === 'word') return [argument.text]
  if (argument.kind !== 'choice') return undefined
  const all = argument.of.map(wordsOf)
  return all.every((one) => one !== undefined) ? all.flat() : undefined
}

/** `1.0` is a number to YAML. */
const spellings = (word: string, { anyCase }: KeywordFacts): readonly (string | number)[] => {
  const cases = anyCase === true ? [...new Set([word, word.toUpperCase(), word.toLowerCase()])] : [word]
  return /^\d+(?:\.\d+)?$/.test(word) ? [...cases, Number(word)] : cases
}
