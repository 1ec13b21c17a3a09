/** What a text of JSON holds; undefined: it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value as the text that it is in JSON, which nobody has read. */
export class Json {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The JSON text of an object; as ever in JSON, what is undefined is left out. */
export function textWith(fields: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(fields).flatMap(([name, value]) => {
    const text = value instanceof Json ? value.text : JSON.stringify(value)
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`]
  })
  return `{${texts.join(',')}}`
}
