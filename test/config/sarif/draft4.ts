/** As much of JSON Schema, draft 4, as the schema of SARIF uses; another keyword is an error, not passed over. */
export type Schema4 = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema4>>
  readonly additionalProperties?: boolean | Schema4
  readonly required?: readonly string[]
  readonly items?: Schema4
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly format?: string
  readonly anyOf?: readonly Schema4[]
  readonly oneOf?: readonly Schema4[]
  readonly definitions?: Readonly<Record<string, Schema4>>
  readonly id?: string
  readonly $schema?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value

/** Printable ASCII, without what RFC 3986 has no place for. */
const URI_REFERENCE = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-F]{2})*$/

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  uri: (text) => URI_REFERENCE.test(text) && URL.canParse(text),
  'uri-reference': (text) => URI_REFERENCE.test(text) && URL.canParse(text, 'file:///'),
  'date-time': (text) => !Number.isNaN(Date.parse(text)),
}

/** What is wrong with a value, each with its place; empty: nothing. */
export function faultsOf(value: unknown, schema: Schema4, root: Schema4 = schema, at = '$'): readonly string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '')
    const found = root.definitions?.[name]
    return found === undefined ? [`${at}: no definition ${name}`] : faultsOf(value, found, root, at)
  }
  const faults = Object.entries(schema).flatMap(([keyword, limit]) => {
    const check = checks[keyword]
    if (check === undefined) return [`${at}: the schema has ${keyword}, which is not known here`]
    return check(value, limit, schema) ? [] : [`${at}: ${keyword} ${JSON.stringify(limit)}`]
  })
  const within = (one: unknown, of: Schema4, place: string) => faultsOf(one, of, root, `${at}.${place}`)
  const ways = (of: readonly Schema4[]) => of.filter((one) => faultsOf(value, one, root, at).length === 0).length
  if (schema.anyOf !== undefined && ways(schema.anyOf) === 0) faults.push(`${at}: none of anyOf`)
  if (schema.oneOf !== undefined && ways(schema.oneOf) !== 1) faults.push(`${at}: not one of oneOf`)
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    faults.push(...value.flatMap((one, index) => within(one, items, String(index))))
  }
  if (isObject(value))
    for (const [name, one] of Object.entries(value)) {
      const of = schema.properties?.[name] ?? schema.additionalProperties
      if (typeof of === 'object') faults.push(...within(one, of, name))
    }
  return faults
}

type Check = (value: unknown, limit: unknown, schema: Schema4) => boolean
const always: Check = () => true
const ofNumbers =
  (holds: (value: number, limit: number) => boolean): Check =>
  (value, limit) =>
    typeof value !== 'number' || holds(value, Number(limit))

const checks: Readonly<Record<string, Check>> = {
  type: (value, limit) => {
    const kinds = Array.isArray(limit) ? limit : [limit]
    return kinds.includes(kindOf(value)) || (kinds.includes('number') && typeof value === 'number')
  },
  enum: (value, limit) => Array.isArray(limit) && limit.includes(value),
  required: (value, limit) =>
    !isObject(value) || (limit as readonly string[]).every((name) => Object.hasOwn(value, name)),
  additionalProperties: (value, limit, { properties = {} }) =>
    limit !== false || !isObject(value) || Object.keys(value).every((name) => Object.hasOwn(properties, name)),
  minItems: (value, limit) => !Array.isArray(value) || value.length >= Number(limit),
  uniqueItems: (value, limit) =>
    limit !== true || !Array.isArray(value) || new Set(value.map((one) => JSON.stringify(one))).size === value.length,
  minimum: ofNumbers((value, limit) => value >= limit),
  maximum: ofNumbers((value, limit) => value <= limit),
  pattern: (value, limit) => typeof value !== 'string' || new RegExp(String(limit)).test(value),
  format: (value, limit) => typeof value !== 'string' || (formats[String(limit)]?.(value) ?? false),
  properties: always,
  items: always,
  anyOf: always,
  oneOf: always,
  definitions: always,
  id: always,
  $schema: always,
  title: always,
  description: always,
  default: always,
}
