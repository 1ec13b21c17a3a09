/** One director fetches all connections of another: both ends, joined by pipes. */
import { expect, test } from 'vitest'
import { address, fail, type IpAddress, ok, seconds } from '../../../src/base/index.ts'
import { createAsker, createTeller, noSyncCounters } from '../../../src/forwarding/sync/index.ts'
import type { Stream } from '../../../src/sys/net/index.ts'
import { type Call, decodeCall, encodeFrame } from '../../../src/wire/catch-up/index.ts'
import type { SyncedConnection } from '../../../src/wire/ipvs-sync/index.ts'
import { exampleConnection } from './example.ts'

const [here, there] = [address('198.51.100.1'), address('198.51.100.2')]
const [key, otherKey] = ['ab', 'cd'].map((pair) => pair.repeat(32)) as [string, string]

/** What is told holds only until the next chunk. */
const copied = (one: SyncedConnection): SyncedConnection => ({
  ...one,
  client: one.client.slice(),
  virtual: one.virtual.slice(),
  destination: one.destination.slice(),
})

/** Two ends of one stream; `most` chunks are on the way at a time. */
function pipe(most = 2): [Stream, Stream] {
  const end = () => {
    const queue: Uint8Array[] = []
    let wake = () => {}
    let closed = false
    const changed = () => {
      wake()
      wake = () => {}
    }
    const wait = () =>
      new Promise<void>((resolve) => {
        const others = wake
        wake = () => {
          others()
          resolve()
        }
      })
    return {
      async put(bytes: Uint8Array): Promise<boolean> {
        if (closed) return false
        queue.push(bytes.slice())
        changed()
        while (queue.length >= most && !closed) await wait()
        return !closed
      },
      async *take(): AsyncGenerator<Uint8Array, void, void> {
        for (;;) {
          const next = queue.shift()
          if (next !== undefined) {
            changed()
            yield next
          } else if (closed) return
          else await wait()
        }
      },
      close() {
        closed = true
        changed()
      },
    }
  }
  const [a, b] = [end(), end()]
  const close = () => {
    a.close()
    b.close()
  }
  const made = (out: typeof a, into: typeof a): Stream => ({
    write: out.put,
    chunks: into.take(),
    end: out.close,
    close,
  })
  return [made(a, b), made(b, a)]
}

type Options = {
  readonly askersKeys?: readonly string[]
  readonly tellersKeys?: readonly string[]
  readonly parts?: readonly (readonly SyncedConnection[])[]
  /** Between them. */
  readonly forger?: (stream: Stream) => Stream
  readonly isNeighbour?: (source: IpAddress) => boolean
  /** Nobody answers. */
  readonly isMute?: boolean
}

function pair({ askersKeys, tellersKeys, parts = [], forger = (stream) => stream, isMute, ...more }: Options = {}) {
  const { isNeighbour = () => true } = more
  const [told, taken] = [noSyncCounters(), noSyncCounters()]
  const arrived: SyncedConnection[] = []
  let time = 0
  let numbers = 0
  const shared = {
    syncId: 51,
    now: () => time,
    random: (count: number) => new Uint8Array(count).fill(++numbers),
  }
  const calls: Call['type'][] = []
  const read = (bytes: Uint8Array, keys: readonly string[] | undefined): Call | undefined => {
    const call = decodeCall(bytes, keys === undefined ? undefined : () => true)
    return call.ok ? call.value : undefined
  }
  const teller = createTeller({
    ...shared,
    ...(tellersKeys && { keys: tellersKeys }),
    port: 8847,
    exchange: {
      *all() {
        yield* parts
      },
    },
    counters: told,
    isNeighbour,
    send(bytes) {
      const call = read(bytes, tellersKeys)
      calls.push('offer')
      if (call !== undefined) asker.onOffer(call, there)
    },
    pause: async () => {},
  })
  const asker = createAsker({
    ...shared,
    ...(askersKeys && { keys: askersKeys }),
    limit: seconds(30),
    exchange: {
      readies: () => undefined,
      takeIn(connections) {
        arrived.push(...connections.map(copied))
        return { entered: connections.length, renewed: 0, refused: 0, invalid: 0 }
      },
    },
    counters: taken,
    send(bytes) {
      const call = read(bytes, askersKeys)
      calls.push('query')
      if (call !== undefined && isMute !== true) teller.onQuery(call, here)
    },
    async connect(to, port) {
      if (to !== there || port !== 8847) return fail({ message: 'nobody is there' })
      const [mine, theirs] = pipe()
      void teller.onStream(forger(theirs), here)
      return ok(mine)
    },
    async wait(length, signal) {
      if (!signal.aborted) time += length
    },
  })
  const seen = (of: typeof told) => Object.fromEntries(Object.entries(of).filter(([, number]) => number > 0))
  const run = (signal = new AbortController().signal) => asker.run(signal, () => {})
  return { run, teller, arrived, calls, told: () => seen(told), taken: () => seen(taken), time: () => time }
}

const parts = [0, 1, 2].map((part) => Array.from({ length: 700 }, (_, i) => exampleConnection(1 + 700 * part + i)))

test.each([undefined, [key]])('all that one has the other has, at the first query (keys: %s)', async (keys) => {
  const two = pair({ parts, ...(keys && { askersKeys: keys, tellersKeys: keys }) })
  expect(await two.run()).toEqual({ type: 'complete', from: there, connections: 2100 })
  expect(two.arrived).toEqual(parts.flat())
  expect(two.calls).toEqual(['query', 'offer'])
  expect(two.taken()).toEqual({ 'connections-entered': 2100, 'catch-ups-taken': 1 })
  expect(two.told()).toEqual({ 'connections-sent': 2100, 'catch-ups-told': 1 })
})

test('an empty table is whole, too', async () => {
  expect(await pair().run()).toEqual({ type: 'complete', from: there, connections: 0 })
})

test('keys are changed one director after the other', async () => {
  const two = pair({ parts, askersKeys: [key, otherKey], tellersKeys: [otherKey, key] })
  expect(await two.run()).toMatchObject({ type: 'complete' })
})

test('who says nothing is asked five times, for three seconds', async () => {
  const two = pair({ isMute: true })
  expect(await two.run()).toEqual({ type: 'no-answer' })
  expect(two.calls).toEqual(['query', 'query', 'query', 'query', 'query'])
  expect(two.time()).toBe(seconds(3.1))
})

const cutAfter =
  (writes: number) =>
  (stream: Stream): Stream => ({
    ...stream,
    async write(bytes) {
      if (writes-- > 0) return stream.write(bytes)
      stream.close()
      return false
    },
  })

test('who dies in the middle is asked again, until the time is up; what came stays', async () => {
  const two = pair({ parts, forger: cutAfter(2) })
  expect(await two.run()).toMatchObject({ type: 'broken', reason: '198.51.100.2 ended in the middle' })
  expect(two.time()).toBeGreaterThan(seconds(29))
  expect(two.time()).toBeLessThanOrEqual(seconds(30))
  expect(two.arrived.length).toBeGreaterThanOrEqual(1400)
  expect(two.taken()['catch-up-broken']).toBeGreaterThan(1)
})

test('a second attempt makes good what the first has not brought', async () => {
  let attempts = 0
  const two = pair({ parts, forger: (stream) => (attempts++ === 0 ? cutAfter(1)(stream) : stream) })
  expect(await two.run()).toEqual({ type: 'complete', from: there, connections: 2100 })
  expect(two.taken()).toMatchObject({ 'catch-up-broken': 1, 'catch-ups-taken': 1 })
})

test('called off it ends, and asks nobody any more', async () => {
  const two = pair({ parts })
  const stop = new AbortController()
  stop.abort()
  expect(await two.run(stop.signal)).toEqual({ type: 'called-off' })
})

const changed = (stream: Stream): Stream => ({
  ...stream,
  write(bytes) {
    const other = bytes.slice()
    other[40] = (other[40] as number) ^ 1
    return stream.write(other)
  },
})

test('with a key nothing is taken of a frame in which a bit is another', async () => {
  const two = pair({ parts, askersKeys: [key], tellersKeys: [key], forger: changed })
  expect(await two.run()).toMatchObject({ type: 'broken' })
  expect(two.arrived).toEqual([])
  expect(two.taken()['unauthenticated']).toBeGreaterThan(0)
})

test('with a key frames of another place in the stream are not believed', async () => {
  const swapped = (stream: Stream): Stream => {
    const kept: Uint8Array[] = []
    return {
      ...stream,
      async write(bytes) {
        kept.push(bytes.slice())
        if (kept.length < 2) return true
        return (await stream.write(kept[1] as Uint8Array)) && stream.write(kept[0] as Uint8Array)
      },
    }
  }
  const two = pair({ parts, askersKeys: [key], tellersKeys: [key], forger: swapped })
  expect(await two.run()).toMatchObject({ type: 'broken' })
  expect(two.arrived).toEqual([])
})

test('a stream that says less than it had is no whole table', async () => {
  const short = (stream: Stream): Stream => ({
    ...stream,
    write: (bytes) => stream.write(bytes.length === 12 ? encodeFrame({ type: 'end', told: 2101 }) : bytes),
  })
  expect(await pair({ parts, forger: short }).run()).toMatchObject({
    reason: '198.51.100.2 told of 2101 connections, and 2100 came',
  })
})

test('nothing is told to who was offered nothing, comes from elsewhere, or says something else', async () => {
  const two = pair({ parts, isNeighbour: (source) => source !== address('192.0.2.1') })
  const [far, far2] = pipe()
  await two.teller.onStream(far2, address('192.0.2.1'))
  expect(await far.write(Uint8Array.of(1))).toBe(false)
  const say = async (bytes: Uint8Array) => {
    const [mine, theirs] = pipe()
    const ended = two.teller.onStream(theirs, here)
    await mine.write(bytes)
    mine.end()
    await ended
    for await (const _ of mine.chunks) throw new Error('something was told')
  }
  await say(new Uint8Array(40))
  await say(new Uint8Array(4_000))
  await say(new Uint8Array(3))
  const hello = new Uint8Array(40)
  hello.set([0x48, 0x46, 0x63, 0x75, 1, 2, 51])
  await say(hello)
  expect(two.told()).toEqual({ 'wrong-source': 1, 'catch-up-malformed': 3, 'catch-up-refused': 1 })
})

test('so many offers are made in a second, whoever asks', async () => {
  const two = pair()
  const query: Call = { type: 'query', syncId: 51, asker: new Uint8Array(16), teller: new Uint8Array(0), port: 0 }
  for (let i = 0; i < 200; i++) two.teller.onQuery(query, address(`198.51.100.${i + 10}`))
  expect(two.calls).toHaveLength(50)
  expect(two.told()).toEqual({ 'catch-up-refused': 150 })
})
