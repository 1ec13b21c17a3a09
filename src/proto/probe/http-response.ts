import type { Outcome } from './outcome.ts'
import { outcome } from './outcome.ts'

/** Bytes of a response head that are kept at most; nginx and Apache send a few hundred. keepalived gives up at 4095. */
export const MAX_HEAD = 16 * 1024
/** Bytes of a body that are read at most. */
export const MAX_BODY = 64 * 1024 * 1024

export type ResponseHead = {
  /** 100–999 as sent. */
  readonly status: number
  /** Of the first Content-Length header; undefined when there is none or it is no number. */
  readonly contentLength?: number
  /** Names in lower case, in the order sent. */
  readonly fields: readonly Field[]
}

export type Field = readonly [name: string, value: string]

/** How far a response has been read. Nothing of the body is kept. */
export type HttpReading =
  | { readonly name: 'head'; readonly bytes: Uint8Array }
  | { readonly name: 'body'; readonly head: ResponseHead; readonly received: number }
  | { readonly name: 'given-up'; readonly outcome: Outcome }

export const unread: HttpReading = { name: 'head', bytes: new Uint8Array(0) }

const nothing = new Uint8Array(0)

/**
 * Reads on. `hashed` is the part of the chunk that belongs to the digest: the raw body, chunked coding not decoded, no
 * further than Content-Length (as keepalived and genhash). It is a view of `chunk`; the reading itself keeps copies only.
 */
export function readHttp(
  reading: HttpReading,
  chunk: Uint8Array,
): { readonly reading: HttpReading; readonly hashed: Uint8Array } {
  switch (reading.name) {
    case 'given-up':
      return { reading, hashed: nothing }
    case 'head':
      return readHead(reading.bytes, chunk)
    case 'body':
      return readBody(reading.head, reading.received, chunk)
  }
}

function readHead(before: Uint8Array, chunk: Uint8Array): ReturnType<typeof readHttp> {
  const kept = Math.min(chunk.length, MAX_HEAD - before.length)
  const bytes = new Uint8Array(before.length + kept)
  bytes.set(before)
  bytes.set(chunk.subarray(0, kept), before.length)

  const end = endOfHead(bytes, Math.max(0, before.length - 3))
  if (end === undefined) {
    if (kept < chunk.length || bytes.length === MAX_HEAD)
      return giveUp('too-large', `the response header is longer than ${MAX_HEAD} bytes`)
    return { reading: { name: 'head', bytes }, hashed: nothing }
  }
  const head = parseHead(bytes.subarray(0, end))
  if (head === undefined)
    return giveUp('malformed-response', `expected an HTTP status line, got ${quote(bytes.subarray(0, end))}`)
  return readBody(head, 0, chunk.subarray(end - before.length))
}

function readBody(head: ResponseHead, before: number, chunk: Uint8Array): ReturnType<typeof readHttp> {
  const received = before + chunk.length
  if (received > MAX_BODY) return giveUp('too-large', `the response body is longer than ${MAX_BODY} bytes`)
  const counted = head.contentLength === undefined ? chunk.length : Math.max(0, head.contentLength - before)
  return { reading: { name: 'body', head, received }, hashed: chunk.subarray(0, counted) }
}

const giveUp = (reason: 'too-large' | 'malformed-response', detail: string): ReturnType<typeof readHttp> => ({
  reading: { name: 'given-up', outcome: outcome(reason, detail) },
  hashed: nothing,
})

/** The offset after the first CR LF CR LF at or after `from`. Bare line feeds do not end a head, as with keepalived. */
function endOfHead(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(13, from); at >= 0 && at + 3 < bytes.length; at = bytes.indexOf(13, at + 1))
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4
  return undefined
}

/**
 * RFC 9112 §4: `HTTP/x.y SP 3DIGIT`; the reason phrase may be missing. Any word will do for the version (keepalived): streaming
 * servers say `ICY 200 OK`, and some say `HTTP/2 200`.
 */
function parseHead(bytes: Uint8Array): ResponseHead | undefined {
  const text = latin1(bytes)
  const status = /^[!-~]{1,16} +(\d{3})(?=[ \r])/.exec(text)
  if (status === null) return undefined
  const fields = fieldsOf(text)
  const length = /^\d{1,15}$/.exec(fields.find(([name]) => name === 'content-length')?.[1] ?? '')
  return { status: Number(status[1]), ...(length === null ? {} : { contentLength: Number(length[0]) }), fields }
}

/** RFC 9112 §5. A line that is no field is passed over, and one that is folded onto the next (§5.2) ends at its fold. */
function fieldsOf(head: string): readonly Field[] {
  const fields: Field[] = []
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon > 0 && !/[ \t]/.test(line.slice(0, colon)))
      fields.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')])
  }
  return fields
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** The first 32 bytes as safe text: what is not printable ASCII is a dot. */
export function quote(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes.subarray(0, 32)) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'
  return JSON.stringify(text)
}
