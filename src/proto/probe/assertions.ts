import { type HeaderAssertion, type JsonAssertion, pathText } from '../../model/index.ts'
import { dechunk } from './chunked.ts'
import type { Field } from './http-response.ts'
import { readJsonBody } from './json-body.ts'
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
  const read = readJsonBody(plain)
  if (read === undefined) return outcome('json-mismatch', 'the response body is no JSON')
  for (const { path, value } of wanted) {
    const found = read.textAt(path)
    if (found === undefined) return outcome('json-mismatch', `the response body has no ${pathText(path)}`)
    if (value === undefined || found.text === value) continue
    return outcome(
      'json-mismatch',
      `expected ${pathText(path)} to be ${value}, got ${found.text === undefined ? 'what is nested too deep' : shown(found.text)}`,
    )
  }
  return undefined
}

/** What a stranger sent, as safe text of at most 60 characters. */
function shown(text: string | undefined): string {
  const cut = text === undefined ? '' : text.slice(0, 60)
  return (
    [...cut].map((character) => (character >= ' ' && character <= '~' ? character : '.')).join('') +
    (cut === text ? '' : '…')
  )
}
