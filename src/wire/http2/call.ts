import { joinedBytes } from '../../base/index.ts'
import { encodeFrame, type Frame, FrameReader, frameFlags, frameTypes } from './frame.ts'
import { encodeHeaders, HeaderDecoder, type HeaderField } from './hpack.ts'
import { responseHead } from './response-head.ts'

/** What has come of the call; after `ended` and `failed` nothing does. */
export type CallEvent =
  | { readonly type: 'response'; readonly status: number; readonly fields: readonly HeaderField[] }
  /** `bytes` is valid only until the event has been heard. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'ended'; readonly trailers: readonly HeaderField[] }
  /** `reset`: the server said so. `too-large`: its header. `protocol`: what it sent is no HTTP/2. The message has no full stop. */
  | { readonly type: 'failed'; readonly reason: 'reset' | 'too-large' | 'protocol'; readonly message: string }

export type Call = {
  /** With the pseudo-header fields. */
  readonly headers: Readonly<Record<string, string>>
  /** Less than fits in a frame and in the window that every connection begins with. */
  readonly body?: Uint8Array
  /** Bytes of a header and of trailers that are taken at most, as SETTINGS_MAX_HEADER_LIST_SIZE counts them. */
  readonly longestHeader: number
}

const PREFACE = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const NOTHING = new Uint8Array(0)
/** The one stream of a call. */
const STREAM = 1
const ENABLE_PUSH = 2
const MAX_HEADER_LIST_SIZE = 6
/** Of the stream and of the connection, from the beginning (RFC 9113 §6.9.2). */
const WINDOW = 65_535
/** The window is filled again once this much of it is used. */
const REFILL = 32_768
/** Frames without a part of the answer, one after the other; a server that sends more of them has nothing to say. */
const MOST_IDLE_FRAMES = 2_000
const NO_ERROR = 0

/** One call on a connection of its own (RFC 9113): bytes of the server in, what they come to and bytes for it out. Opens nothing. */
export class Http2Call {
  readonly #call: Call
  readonly #reader = new FrameReader()
  readonly #headers = new HeaderDecoder()
  #settled = false
  #greeted = false
  #answered = false
  #received = 0
  #length: number | undefined
  #window = WINDOW
  #idle = 0
  /** Pieces of a header block that goes on. */
  #block: { readonly bytes: Uint8Array; readonly isLast: boolean } | undefined

  constructor(call: Call) {
    this.#call = call
  }

  /** What is sent first. */
  get request(): Uint8Array {
    const { headers, body, longestHeader } = this.#call
    const endStream = body === undefined ? frameFlags.endStream : 0
    const block = encodeHeaders(Object.entries(headers))
    return joinedBytes([
      PREFACE,
      frame(frameTypes.settings, 0, 0, settings([ENABLE_PUSH, 0], [MAX_HEADER_LIST_SIZE, longestHeader])),
      frame(frameTypes.headers, frameFlags.endHeaders | endStream, STREAM, block),
      ...(body === undefined ? [] : [frame(frameTypes.data, frameFlags.endStream, STREAM, body)]),
    ])
  }

  /** The last that is sent: GOAWAY without an error. */
  static readonly goodbye = frame(frameTypes.goAway, 0, 0, new Uint8Array(8))

  /** @returns what is to be sent */
  take(chunk: Uint8Array, hear: (event: CallEvent) => void): Uint8Array {
    const replies: Uint8Array[] = []
    for (const one of this.#reader.take(chunk)) {
      if (this.#settled) break
      const event = one === 'too-long' ? broken('a frame is too long') : this.#hear(one, replies, hear)
      if (event === undefined) continue
      this.#settled = event.type === 'ended' || event.type === 'failed'
      hear(event)
    }
    return joinedBytes(replies)
  }

  #hear(one: Frame, replies: Uint8Array[], hear: (event: CallEvent) => void): CallEvent | undefined {
    const { type, flags, stream, payload } = one
    if (!this.#greeted && (type !== frameTypes.settings || (flags & frameFlags.ack) !== 0))
      return broken('it does not begin with SETTINGS')
    if (this.#block !== undefined && (type !== frameTypes.continuation || stream !== STREAM))
      return broken('a header block is interrupted')
    switch (type) {
      case frameTypes.data:
        return this.#data(one, replies, hear)
      case frameTypes.headers:
      case frameTypes.continuation:
        return this.#header(one, hear)
      case frameTypes.reset:
        return stream === STREAM && payload.length === 4
          ? this.#reset(codeIn(payload, 0))
          : broken('a wrong RST_STREAM')
      case frameTypes.goAway:
        return this.#goAway(payload)
      case frameTypes.push:
        return broken('it pushes, which it was told not to')
      default:
        return this.#besides(one, replies)
    }
  }

  /** What is about the connection. */
  #besides({ type, flags, stream, payload }: Frame, replies: Uint8Array[]): CallEvent | undefined {
    if (++this.#idle > MOST_IDLE_FRAMES) return broken('frames without end, and no answer among them')
    const isAck = (flags & frameFlags.ack) !== 0
    if (type === frameTypes.settings) {
      if (stream !== 0 || payload.length % 6 !== 0 || (isAck && payload.length > 0)) return broken('wrong SETTINGS')
      this.#greeted = true
      if (!isAck) replies.push(frame(frameTypes.settings, frameFlags.ack, 0, NOTHING))
    } else if (type === frameTypes.ping) {
      if (stream !== 0 || payload.length !== 8 || isAck) return broken('a wrong PING')
      replies.push(frame(frameTypes.ping, frameFlags.ack, 0, payload))
    } else if (type === frameTypes.windowUpdate && payload.length !== 4) return broken('a wrong WINDOW_UPDATE')
    return undefined
  }

  #data(one: Frame, replies: Uint8Array[], hear: (event: CallEvent) => void): CallEvent | undefined {
    const bytes = one.stream === STREAM ? unpadded(one, 0) : undefined
    if (bytes === undefined || !this.#answered) return broken('DATA that belong to nothing')
    this.#idle = bytes.length > 0 ? 0 : this.#idle + 1
    if (this.#idle > MOST_IDLE_FRAMES) return broken('DATA without end, and nothing in them')
    this.#received += bytes.length
    this.#window -= one.payload.length
    if (bytes.length > 0) hear({ type: 'data', bytes })
    if ((one.flags & frameFlags.endStream) !== 0) return this.#end([])
    if (WINDOW - this.#window >= REFILL) {
      const more = uint32(WINDOW - this.#window)
      replies.push(frame(frameTypes.windowUpdate, 0, 0, more), frame(frameTypes.windowUpdate, 0, STREAM, more))
      this.#window = WINDOW
    }
    return undefined
  }

  #header(one: Frame, hear: (event: CallEvent) => void): CallEvent | undefined {
    const { type, flags, stream } = one
    const begins = type === frameTypes.headers
    const piece = begins ? unpadded(one, (flags & frameFlags.priority) === 0 ? 0 : 5) : one.payload
    if (stream !== STREAM || piece === undefined || begins === (this.#block !== undefined))
      return broken('HEADERS that belong to nothing')
    if (++this.#idle > MOST_IDLE_FRAMES) return broken('HEADERS without end, and no answer among them')
    const isLast = this.#block?.isLast ?? (flags & frameFlags.endStream) !== 0
    const bytes = joinedBytes([this.#block?.bytes ?? NOTHING, piece])
    if (bytes.length > this.#call.longestHeader) return this.#tooLarge()
    if ((flags & frameFlags.endHeaders) === 0) {
      this.#block = { bytes: bytes.slice(), isLast }
      return undefined
    }
    this.#block = undefined
    const fields = this.#headers.decode(bytes, this.#call.longestHeader)
    if (!fields.ok) return fields.error === 'too-large' ? this.#tooLarge() : broken('a header block cannot be read')
    return this.#answered ? this.#trailers(fields.value, isLast) : this.#head(fields.value, isLast, hear)
  }

  #head(fields: readonly HeaderField[], isLast: boolean, hear: (event: CallEvent) => void): CallEvent | undefined {
    const head = responseHead(fields)
    if (head === undefined) return broken('the header is no response')
    // What is not the response yet (RFC 9113 §8.1).
    if (head.status < 200) return isLast ? broken('the header is no response') : undefined
    this.#answered = true
    this.#idle = 0
    this.#length = head.length
    hear({ type: 'response', status: head.status, fields: head.fields })
    return isLast ? this.#end([]) : undefined
  }

  #trailers(fields: readonly HeaderField[], isLast: boolean): CallEvent {
    return isLast && fields.every(([name]) => !name.startsWith(':'))
      ? this.#end(fields)
      : broken('a second header within the answer')
  }

  #end(trailers: readonly HeaderField[]): CallEvent {
    return this.#length === undefined || this.#length === this.#received || this.#received === 0
      ? { type: 'ended', trailers }
      : broken(`content-length is ${this.#length}, received were ${this.#received} bytes`)
  }

  /** A server that has said all may break off what it does not want to hear (RFC 9113 §8.1). */
  #reset(code: number): CallEvent {
    return code === NO_ERROR && this.#answered
      ? { type: 'ended', trailers: [] }
      : { type: 'failed', reason: 'reset', message: `the server ended the stream (HTTP/2 code ${code})` }
  }

  #goAway(payload: Uint8Array): CallEvent | undefined {
    if (payload.length < 8) return broken('a wrong GOAWAY')
    const code = codeIn(payload, 4)
    if (code === NO_ERROR && codeIn(payload, 0) >= STREAM)
      return ++this.#idle > MOST_IDLE_FRAMES ? broken('GOAWAY without end') : undefined
    return { type: 'failed', reason: 'reset', message: `the server gave the connection up (HTTP/2 code ${code})` }
  }

  #tooLarge(): CallEvent {
    const message = `the response header is longer than ${this.#call.longestHeader} bytes`
    return { type: 'failed', reason: 'too-large', message }
  }
}

const broken = (what: string): CallEvent => ({
  type: 'failed',
  reason: 'protocol',
  message: `what answers does not speak HTTP/2 (${what})`,
})

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  return encodeFrame({ type, flags, stream, payload })
}

function settings(...all: readonly (readonly [id: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(6 * all.length)
  const view = new DataView(bytes.buffer)
  for (const [i, [id, value]] of all.entries()) {
    view.setUint16(6 * i, id)
    view.setUint32(6 * i + 2, value)
  }
  return bytes
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

const codeIn = (payload: Uint8Array, at: number): number =>
  new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(at)

/** The payload without its padding (RFC 9113 §6.1) and so many bytes before the rest. */
function unpadded({ flags, payload }: Frame, before: number): Uint8Array | undefined {
  const isPadded = (flags & frameFlags.padded) !== 0
  const from = before + (isPadded ? 1 : 0)
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0)
  return from <= end ? payload.subarray(from, end) : undefined
}
