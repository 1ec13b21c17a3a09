import {
  type Argument,
  argumentsOf,
  type Container,
  containerInside,
  containers,
  type Keyword,
  type KeywordFacts,
  keywordsIn,
  lines,
  mayBeAbsent,
  type OptionFacts,
  valueKinds,
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
  const body: Schema =
    inside === undefined
      ? { type: ['array', 'string', 'number', 'null'], items: { type: ['string', 'number'], ...described(facts) } }
      : either({ $ref: `#/$defs/${nameOf(inside)}` })
  return headed ? { type: 'object', additionalProperties: body } : body
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
  const kind = inner.kind === 'value' ? valueKinds[inner.name] : 'text'
  if (kind === 'text') return { type: ['string', 'number', 'boolean', ...nothing] }
  return {
    type: [kind, 'string', ...nothing],
    ...(facts.min === undefined ? {} : { minimum: facts.min }),
    ...(facts.max === undefined ? {} : { maximum: facts.max }),
    pattern: kind === 'integer' ? '^"?-?\\d+"?(\\s|$)' : '^"?(\\d+\\.?\\d*|\\.\\d+)"?(\\s|$)',
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
