import { type HeaderAssertion, type JsonAssertion, pathText } from '../../model/index.ts'
import { dechunk } from './chunked.ts'
import type { Field } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'

/** Bytes of a body that are looked at as JSON at most. */
export const MAX_JSON = 1024 * 1024

/** Undefined: all of them hold. */
export function judgeHeaders(wanted: readonly HeaderAssertion[], fields: readonly Field[]): Outcome | undefined {
  for (const { name, value } of wanted) {
    const found = fields.filter((field) => field[0] === name.toLowerCase())
    if (found.length === 0) return outcome('header-mismatch', `the response has no ${name}`)
    if (value !== undefined && !found.some((field) => field[1] === value))
      return outcome('header-mismatch', `expected ${name}: ${value}, got ${shown(found[0]?.[1])}`)
  }
  return undefined
}

/**
 * Undefined: all of them hold.
 * @param body  as it was sent, at most MAX_JSON bytes of it; undefined: it was longer
 */
export function judgeJson(
  wanted: readonly JsonAssertion[],
  body: Uint8Array | undefined,
  fields: readonly Field[],
): Outcome | undefined {
  if (body === undefined)
    return outcome('too-large', `the response body is longer than the ${MAX_JSON} bytes that are read as JSON`)
  const coding = fields.find(([name]) => name === 'content-encoding')?.[1]
  // Nothing compressed was asked for, and what is small on the wire may be without end.
  if (coding !== undefined && coding !== 'identity')
    return outcome('malformed-response', `the response body is compressed (${shown(coding)}), which was not asked for`)
  const chunked = fields.some(([name, value]) => name === 'transfer-encoding' && /\bchunked$/i.test(value))
  const plain = chunked ? dechunk(body) : body
  if (plain === undefined) return outcome('malformed-response', 'the response body is not chunked as its header says')
  const read = parseJson(plain)
  if (read === undefined) return outcome('json-mismatch', 'the response body is no JSON')
  for (const { path, value } of wanted) {
    const found = lookUp(read.value, path)
    if (found === undefined) return outcome('json-mismatch', `the response body has no ${pathText(path)}`)
    if (value === undefined) continue
    const text = textOf(found)
    if (text !== value)
      return outcome(
        'json-mismatch',
        `expected ${pathText(path)} to be ${value}, got ${text === undefined ? 'what is nested too deep' : shown(text)}`,
      )
  }
  return undefined
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function lookUp(value: unknown, path: JsonAssertion['path']): unknown {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[step]
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

/** What a stranger sent, as safe text of at most 60 characters. */
function shown(text: string | undefined): string {
  const cut = text === undefined ? '' : text.slice(0, 60)
  return (
    [...cut].map((character) => (character >= ' ' && character <= '~' ? character : '.')).join('') +
    (cut === text ? '' : '…')
  )
}
