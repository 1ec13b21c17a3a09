/** Hands all connections over to a director that asks for them. */
import { hostIsLittleEndian, type IpAddress, joinedBytes, type Micros, sameBytes, seconds } from '../../base/index.ts'
import type { Stream } from '../../sys/net/index.ts'
import { type Call, callSize, decodeCall, encodeCall, encodeFrame, LONGEST_CALL } from '../../wire/catch-up/index.ts'
import { type SyncedConnection, SyncWriter } from '../../wire/ipvs-sync/index.ts'
import type { SyncCounters } from './counters.ts'
import type { ConnectionExchange } from './exchange.ts'
import { callKeys, frameKeys } from './handing-over-keys.ts'

/** How long an offer holds. */
const OFFER = seconds(10)
/** Offers a second, to whoever asks. */
const MOST_OFFERS = 50
/** However slowly it is taken. */
const LONGEST_HANDING_OVER = seconds(60)
/** Bytes of a message in a frame; 255 entries of IPv4 fit. */
const MESSAGE = 16_384

export type TellerOptions = {
  readonly syncId: number
  readonly keys?: readonly string[]
  /** Where streams are taken. */
  readonly port: number
  readonly exchange: Pick<ConnectionExchange, 'all'>
  readonly counters: SyncCounters
  /** To all who may have asked. */
  send(call: Uint8Array): void
  isNeighbour(source: IpAddress): boolean
  /** Microseconds, growing. */
  now(): number
  random(bytes: number): Uint8Array
  /** Lets others have a turn. */
  pause(): Promise<void>
}

export type Teller = {
  /** Somebody asks; `call` is a query with our id. */
  onQuery(call: Call, source: IpAddress): void
  /** Ends when all is told, or when it breaks off. */
  onStream(stream: Stream, remote: IpAddress): Promise<void>
  stop(): void
}

type Offer = { readonly asker: Uint8Array; readonly teller: Uint8Array; readonly until: number }

export function createTeller(options: TellerOptions): Teller {
  const { syncId, keys, port, exchange, counters, send, isNeighbour, now, random, pause } = options
  const { sign, verify } = callKeys(keys)
  /** The last one to each. */
  const offers = new Map<IpAddress, Offer>()
  const streams = new Map<IpAddress, Stream>()
  let stopped = false
  let second = 0
  let made = 0

  function onQuery({ asker }: Call, source: IpAddress): void {
    const at = now()
    const thisSecond = Math.floor(at / 1_000_000)
    if (thisSecond !== second) {
      second = thisSecond
      made = 0
      for (const [other, { until }] of offers) if (until <= at) offers.delete(other)
    }
    made += 1
    if (made > MOST_OFFERS) {
      counters['catch-up-refused'] += 1
      return
    }
    // An answer may have been lost: it is the same for the same question.
    const before = offers.get(source)
    const teller = before !== undefined && sameBytes(before.asker, asker) ? before.teller : random(asker.length)
    offers.set(source, { asker: asker.slice(), teller, until: at + OFFER })
    send(encodeCall({ type: 'offer', syncId, asker, teller, port }, sign))
  }

  /** What was offered to who speaks there; undefined: nothing. */
  async function greeting(stream: Stream, remote: IpAddress): Promise<Offer | undefined> {
    const size = callSize('hello', verify !== undefined)
    const bytes = new Uint8Array(LONGEST_CALL)
    let length = 0
    const chunks = stream.chunks[Symbol.asyncIterator]()
    while (length < size) {
      const { value: chunk, done } = await chunks.next()
      if (done === true || length + chunk.length > size) {
        counters['catch-up-malformed'] += 1
        return undefined
      }
      bytes.set(chunk, length)
      length += chunk.length
    }
    const call = decodeCall(bytes.subarray(0, size), verify)
    if (!call.ok) {
      counters[call.error === 'unauthenticated' ? 'unauthenticated' : 'catch-up-malformed'] += 1
      return undefined
    }
    const offer = offers.get(remote)
    const { type, asker, teller } = call.value
    const fits =
      type === 'hello' &&
      offer !== undefined &&
      sameBytes(offer.asker, asker) &&
      sameBytes(offer.teller, teller) &&
      offer.until > now()
    if (!fits) {
      counters['catch-up-refused'] += 1
      return undefined
    }
    // Once.
    offers.delete(remote)
    return offer
  }

  async function onStream(stream: Stream, remote: IpAddress): Promise<void> {
    if (!isNeighbour(remote)) {
      counters['wrong-source'] += 1
      return stream.close()
    }
    if (stopped || streams.has(remote)) {
      counters['catch-up-refused'] += 1
      return stream.close()
    }
    streams.set(remote, stream)
    const offer = await greeting(stream, remote)
    const isTold = offer !== undefined && (await tellAll(stream, offer))
    if (isTold) counters['catch-ups-told'] += 1
    else if (offer !== undefined) counters['catch-up-broken'] += 1
    if (isTold) stream.end()
    else stream.close()
    streams.delete(remote)
  }

  async function tellAll(stream: Stream, { asker, teller }: Offer): Promise<boolean> {
    const until = now() + LONGEST_HANDING_OVER
    const { sign: signFrame } = frameKeys(keys, asker, teller)
    const writer = new SyncWriter(1, syncId, MESSAGE, hostIsLittleEndian)
    let told = 0
    for (const part of exchange.all()) {
      const frames: Uint8Array[] = []
      for (const message of messagesOf(writer, part))
        frames.push(encodeFrame({ type: 'connections', message }, signFrame))
      told += part.length
      if (frames.length > 0 && !(await stream.write(joinedBytes(frames)))) return false
      await pause()
      if (stopped || now() > until) return false
    }
    counters['connections-sent'] += told
    return stream.write(encodeFrame({ type: 'end', told }, signFrame))
  }

  return {
    onQuery,
    onStream,
    stop() {
      stopped = true
      for (const stream of streams.values()) stream.close()
    },
  }
}

function* messagesOf(writer: SyncWriter, connections: readonly SyncedConnection[]): Generator<Uint8Array, void, void> {
  for (const connection of connections) {
    if (writer.add(connection)) continue
    yield writer.take()
    writer.add(connection)
  }
  if (writer.count > 0) yield writer.take()
}

/** For streams that say nothing, or take nothing. */
export const STREAM_IDLE: Micros = seconds(3)
/** At a time. */
export const MOST_STREAMS = 4
