import type { JsonAssertion } from '../../model/index.ts'

/** A string or a number, in text that is JSON. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** A number of at most 15 digits goes through a double without loss (IEEE 754); which others do is not looked at. */
const EXACT = /^-?(?=.{1,15}$)[\d.]+(?:[eE][+-]?\d{1,2})?$/
const MAYBE_INEXACT = /[\d.]{16}|\d[eE]/

/** A body that is JSON. */
export type JsonBody = {
  /** What is there as text: a string as it is, a number as JavaScript writes it, or as it was sent where it has more than 15 digits. */
  textAt(path: JsonAssertion['path']): { readonly text: string | undefined } | undefined
}

/** Undefined: it is none, or no UTF-8. */
export function readJsonBody(bytes: Uint8Array): JsonBody | undefined {
  const text = decode(bytes)
  const plain = text === undefined ? undefined : parse(text)
  if (text === undefined || plain === undefined) return undefined
  // Digits that a double has no room for would be lost, and two numbers that differ be taken for the same.
  const marked = MAYBE_INEXACT.test(text) ? parse(mark(text)) : undefined
  return {
    textAt(path) {
      const found = marked === undefined ? lookUp(plain.value, path, '') : lookUp(marked.value, path, STRING)
      if (found === undefined) return undefined
      return { text: marked === undefined ? textOf(found) : unmarkedText(found) }
    },
  }
}

/** What is in front of each string, names included, and of each number that is kept as a string, so that none is taken for another. */
const STRING = 's'
const NUMBER = 'n'

const mark = (text: string): string =>
  text.replace(TOKEN, (token) =>
    token.startsWith('"') ? `"${STRING}${token.slice(1)}` : EXACT.test(token) ? token : `"${NUMBER}${token}"`,
  )

const unmark = (text: string): string =>
  text.replace(TOKEN, (token) => {
    if (!token.startsWith('"')) return token
    return token[1] === STRING ? `"${token.slice(2)}` : token.slice(2, -1)
  })

function unmarkedText(found: unknown): string | undefined {
  if (typeof found === 'string') return found.slice(1)
  const text = textOf(found)
  return text === undefined ? undefined : unmark(text)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** @param before  what names begin with */
function lookUp(value: unknown, path: JsonAssertion['path'], before: string): unknown {
  let at = value
  for (const step of path) {
    const name = Array.isArray(at) ? step : `${before}${step}`
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[name]
  }
  return at
}

/** Undefined: it is nested so deep that no text can be made of it; a few thousand brackets suffice, though they could be read. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
