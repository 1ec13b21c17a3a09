/** Fetches all connections from the director that is master. */
import {
  fail,
  hostIsLittleEndian,
  type IpAddress,
  type Micros,
  millis,
  ok,
  type Result,
  sameBytes,
} from '../../base/index.ts'
import type { Stream } from '../../sys/net/index.ts'
import { type Call, encodeCall, FrameReader, NUMBER } from '../../wire/catch-up/index.ts'
import { decodeSyncMessage, type SyncedConnection } from '../../wire/ipvs-sync/index.ts'
import type { CatchUpOutcome, CatchUpProgress } from '../index.ts'
import type { SyncCounters } from './counters.ts'
import type { ConnectionExchange } from './exchange.ts'
import { callKeys, frameKeys } from './handing-over-keys.ts'
import { countTaken } from './receiver.ts'

/** After each query, before the next; after the last one nobody is there who would answer. */
const PATIENCE: readonly Micros[] = [100, 200, 400, 800, 1_600].map(millis)
/** After an attempt that broke off. */
const RETRY = millis(250)

export type AskerOptions = {
  readonly syncId: number
  readonly keys?: readonly string[]
  /** For all attempts together. */
  readonly limit: Micros
  readonly exchange: Pick<ConnectionExchange, 'readies' | 'takeIn'>
  readonly counters: SyncCounters
  /** To whoever may be master. */
  send(call: Uint8Array): void
  connect(to: IpAddress, port: number, signal: AbortSignal): Promise<Result<Stream, { readonly message: string }>>
  /** Microseconds, growing. */
  now(): number
  random(bytes: number): Uint8Array
  /** Ends early when it is called off. */
  wait(length: Micros, signal: AbortSignal): Promise<void>
}

export type Asker = {
  /** Somebody offers; `call` is an offer with our id. */
  onOffer(call: Call, source: IpAddress): void
  /** Called off, what has come by then stays. */
  run(signal: AbortSignal, onProgress: (progress: CatchUpProgress) => void): Promise<CatchUpOutcome>
}

type Offer = {
  readonly from: IpAddress
  readonly port: number
  readonly asker: Uint8Array
  readonly teller: Uint8Array
}

export function createAsker(options: AskerOptions): Asker {
  const { syncId, keys, limit, exchange, counters, send, connect, now, random, wait } = options
  const { sign } = callKeys(keys)
  /** What is waited for: the number of the query, and who takes the first answer to it. */
  let asked: { readonly number: Uint8Array; readonly take: (offer: Offer) => void } | undefined

  /** Whoever answers first, one that has failed before only if nobody else does; undefined: nobody. */
  async function firstOffer(
    until: number,
    failed: ReadonlySet<IpAddress>,
    signal: AbortSignal,
  ): Promise<Offer | undefined> {
    const number = random(NUMBER)
    let found: Offer | undefined
    let second: Offer | undefined
    const answered = new AbortController()
    const stop = AbortSignal.any([signal, answered.signal])
    asked = {
      number,
      take(offer) {
        if (failed.has(offer.from)) {
          second ??= offer
          return
        }
        found ??= offer
        answered.abort()
      },
    }
    for (const patience of PATIENCE) {
      send(encodeCall({ type: 'query', syncId, asker: number, teller: NONE, port: 0 }, sign))
      await wait(patience, stop)
      if (stop.aborted || second !== undefined || now() >= until) break
    }
    // One that was called off may have a successor already.
    if (asked?.number === number) asked = undefined
    return found ?? second
  }

  async function take(
    { from, port, asker, teller }: Offer,
    until: number,
    signal: AbortSignal,
    onProgress: (progress: CatchUpProgress) => void,
  ): Promise<Result<number, string>> {
    const opened = await connect(from, port, signal)
    if (!opened.ok) return fail(opened.error.message)
    const stream = opened.value
    const reader = new FrameReader(frameKeys(keys, asker, teller).verify)
    const asOf = Math.floor(now() / 1_000_000)
    let taken = 0
    try {
      await stream.write(encodeCall({ type: 'hello', syncId, asker, teller, port: 0 }, sign))
      onProgress({ from, connections: 0 })
      for await (const chunk of stream.chunks) {
        if (signal.aborted) return fail('called off')
        if (now() >= until) return fail('it takes too long')
        const connections: SyncedConnection[] = []
        let told: number | undefined
        for (const read of reader.read(chunk)) {
          if (!read.ok) {
            counters[read.error === 'unauthenticated' ? 'unauthenticated' : 'catch-up-malformed'] += 1
            return fail(`${from} said what cannot be understood (${read.error})`)
          }
          const frame = read.value
          if (frame.type === 'end') {
            told = frame.told
            break
          }
          const message = decodeSyncMessage(frame.message, hostIsLittleEndian)
          if (!message.ok) {
            counters['catch-up-malformed'] += 1
            return fail(`${from} said what cannot be understood (${message.error.field})`)
          }
          for (const connection of message.value.connections) connections.push(connection)
          counters['malformed-entries'] += message.value.faults.length
          taken += message.value.faults.length
        }
        await exchange.readies(connections)
        if (connections.length > 0) countTaken(counters, exchange.takeIn(connections, asOf))
        taken += connections.length
        onProgress({ from, connections: taken })
        if (told !== undefined)
          return told === taken ? ok(taken) : fail(`${from} told of ${told} connections, and ${taken} came`)
      }
    } finally {
      stream.close()
    }
    return fail(`${from} ended in the middle`)
  }

  return {
    onOffer({ asker, teller, port }, from) {
      if (asked === undefined || !sameBytes(asked.number, asker)) return
      asked.take({ from, port, asker: asker.slice(), teller: teller.slice() })
    },
    async run(signal, onProgress) {
      const until = now() + limit
      const failed = new Set<IpAddress>()
      let broken: string | undefined
      for (;;) {
        const offer = await firstOffer(until, failed, signal)
        if (signal.aborted) return { type: 'called-off' }
        if (offer === undefined)
          return broken === undefined ? { type: 'no-answer' } : { type: 'broken', reason: broken }
        const taken = await take(offer, until, signal, onProgress)
        if (taken.ok) {
          counters['catch-ups-taken'] += 1
          return { type: 'complete', from: offer.from, connections: taken.value }
        }
        if (signal.aborted) return { type: 'called-off' }
        counters['catch-up-broken'] += 1
        broken = taken.error
        failed.add(offer.from)
        if (now() + RETRY >= until) return { type: 'broken', reason: broken }
        await wait(RETRY, signal)
      }
    },
  }
}

const NONE = new Uint8Array(0)
