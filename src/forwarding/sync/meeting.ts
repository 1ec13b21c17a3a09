/** Where directors ask each other for all connections: datagrams and streams on one port of the interface of the sync daemons. */
import { fail, familyOf, type IpAddress, ok, type Result } from '../../base/index.ts'
import { listenForStreams, openStream, randomBytes } from '../../sys/net/index.ts'
import { openSyncReceiver, openSyncSender } from '../../sys/socket/index.ts'
import { systemClock } from '../../sys/time/index.ts'
import { decodeCall } from '../../wire/catch-up/index.ts'
import type { CatchUpOutcome, CatchUpProgress, SyncDaemon } from '../index.ts'
import { createAsker } from './asker.ts'
import type { SyncCounters } from './counters.ts'
import type { ConnectionExchange } from './exchange.ts'
import { callKeys } from './handing-over-keys.ts'
import { createTeller, MOST_STREAMS, STREAM_IDLE, type Teller } from './teller.ts'

type Failure = { readonly message: string }

export type Meeting = {
  /** From here on whoever asks is given all connections. */
  serve(): Promise<Result<void, Failure>>
  cease(): void
  /** Fetches all connections; what is being fetched is called off. */
  catchUp(onProgress: (progress: CatchUpProgress) => void): Promise<CatchUpOutcome>
  /** Calls off what is being fetched. */
  abandon(): void
  close(): void
}

export type MeetingOptions = {
  readonly exchange: ConnectionExchange
  readonly interface: string
  readonly syncId: number
  readonly keys?: readonly string[]
  readonly catchUp: NonNullable<SyncDaemon['catchUp']>
  readonly destination: IpAddress
  readonly hopLimit: number
  isNeighbour(source: IpAddress): boolean
  readonly counters: SyncCounters
}

export function openMeeting(options: MeetingOptions): Result<Meeting, Failure> {
  const { exchange, interface: name, syncId, keys, catchUp, destination, hopLimit, isNeighbour, counters } = options
  const { port, limit } = catchUp
  const sender = openSyncSender({ interface: name, destination, port, hopLimit })
  if (!sender.ok) return sender
  const shared = {
    syncId,
    ...(keys === undefined ? {} : { keys }),
    exchange,
    counters,
    send: (call: Uint8Array) => void sender.value.send(call),
    now: () => systemClock.now(),
    random: randomBytes,
  }
  const asker = createAsker({
    ...shared,
    limit,
    wait,
    connect: (address, to, signal) =>
      openStream({ address, port: to, bindInterface: name, connectTimeout: STREAM_IDLE }, signal),
  })
  const { verify } = callKeys(keys)
  let serving: { readonly teller: Teller; close(): void } | undefined
  let abandoned = new AbortController()
  const receiver = openSyncReceiver({
    interface: name,
    destination,
    port,
    onDatagram(datagram, source) {
      if (!isNeighbour(source)) {
        counters['wrong-source'] += 1
        return
      }
      const call = decodeCall(datagram, verify)
      if (!call.ok) {
        counters[call.error === 'unauthenticated' ? 'unauthenticated' : 'catch-up-malformed'] += 1
        return
      }
      const { type, syncId: theirs } = call.value
      if (syncId !== 0 && theirs !== syncId) counters['wrong-sync-id'] += 1
      else if (type === 'query') serving?.teller.onQuery(call.value, source)
      else if (type === 'offer') asker.onOffer(call.value, source)
    },
    onOverflow(datagrams) {
      counters['messages-overflowed'] += datagrams
    },
  })
  if (!receiver.ok) {
    sender.value.close()
    return receiver
  }

  const cease = () => {
    serving?.teller.stop()
    serving?.close()
    serving = undefined
  }
  const abandon = () => abandoned.abort()
  return ok({
    async serve() {
      const teller = createTeller({ ...shared, port, isNeighbour, pause })
      const listening = await listenForStreams({
        family: familyOf(destination),
        interface: name,
        port,
        most: MOST_STREAMS,
        idle: STREAM_IDLE,
        onStream: (stream, remote) => void teller.onStream(stream, remote),
      })
      if (!listening.ok) return fail({ message: `port ${port}: ${listening.error.message}` })
      serving = { teller, close: listening.value.close }
      return ok(undefined)
    },
    cease,
    catchUp(onProgress) {
      abandon()
      abandoned = new AbortController()
      return asker.run(abandoned.signal, onProgress)
    },
    abandon,
    close() {
      cease()
      abandon()
      receiver.value.close()
      sender.value.close()
    },
  })
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** @param length  microseconds */
const wait = (length: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, length / 1_000)
    if (signal.aborted) return end()
    signal.addEventListener('abort', end)
  })
