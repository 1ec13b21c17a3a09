/** What is sent, and what is believed of what comes. */
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import {
  createReceiver,
  createSender,
  createSigner,
  createVerifier,
  neighbours,
  noSyncCounters,
  spread,
} from '../../../src/forwarding/sync/index.ts'
import { type SyncedConnection, SyncWriter } from '../../../src/wire/ipvs-sync/index.ts'
import { exampleConnection } from './example.ts'

const one = exampleConnection(40_000)
const peer = address('198.51.100.2')

function sender(maxLength: number, works = true) {
  const counters = noSyncCounters()
  const sent: Uint8Array[] = []
  const send = (message: Uint8Array) => {
    sent.push(message)
    return works
  }
  return { counters, sent, tell: createSender({ syncId: 51, version: 1, maxLength, send, counters }) }
}

function receiver(syncId = 51, verify?: ReturnType<typeof createVerifier>) {
  const counters = noSyncCounters()
  const taken: SyncedConnection[] = []
  const getting: { ready?: Promise<void> } = {}
  const exchange = {
    readies: () => getting.ready,
    takeIn(connections: readonly SyncedConnection[]) {
      taken.push(...connections)
      return { entered: connections.length, renewed: 0, refused: 0, invalid: 0 }
    },
  }
  const isNeighbour = (source: string) => source === peer
  const receive = createReceiver({
    syncId,
    exchange,
    isNeighbour,
    counters,
    ...(verify === undefined ? {} : { verify }),
  })
  const counted = () => Object.fromEntries(Object.entries(counters).filter(([, number]) => number > 0))
  return { receive, taken, counted, getting }
}

function message(syncId = 51, ...connections: readonly SyncedConnection[]): Uint8Array {
  const writer = new SyncWriter(1, syncId, 1472, true)
  for (const connection of connections) writer.add(connection)
  return writer.take()
}

test('connections go out in as few messages as they fit into, and nothing waits', () => {
  const { tell, sent, counters } = sender(1472)
  tell(Array.from({ length: 100 }, (_, i) => ({ ...one, clientPort: i })))
  expect(sent.map((bytes) => bytes.length)).toEqual([8 + 40 * 36, 8 + 40 * 36, 8 + 20 * 36])
  expect(counters).toMatchObject({ 'messages-sent': 3, 'connections-sent': 100, 'send-failed': 0 })
  tell([])
  expect(sent).toHaveLength(3)
})

test('over several ports connections are spread, and all news of one goes by the same', () => {
  const heard: SyncedConnection[][] = [[], [], [], []]
  const tell = spread(heard.map((list) => (connections: readonly SyncedConnection[]) => void list.push(...connections)))
  const many = Array.from({ length: 100 }, (_, i) => ({ ...one, clientPort: 40_000 + i }))
  tell(many)
  tell(many.map((connection) => ({ ...connection, state: 4 })))
  const ports = heard.map((list) => list.map(({ clientPort, state }) => [clientPort, state] as const))
  expect(ports.flat()).toHaveLength(200)
  for (const list of ports) {
    expect(list.length).toBeGreaterThan(0)
    for (const [port, state] of list) expect(list).toContainEqual([port, 5 - state])
  }
})

test('what does not go out is counted', () => {
  const { tell, counters } = sender(1472, false)
  tell([one])
  expect(counters).toMatchObject({ 'messages-sent': 0, 'connections-sent': 0, 'send-failed': 1 })
})

test('what comes from a neighbour with the right id is taken', () => {
  const { receive, taken, counted } = receiver()
  receive(message(51, one, one), peer)
  expect(taken).toHaveLength(2)
  expect(counted()).toEqual({ 'messages-received': 1, 'connections-entered': 2 })
})

test('id 0 takes every id', () => {
  const { receive, taken } = receiver(0)
  receive(message(7, one), peer)
  expect(taken).toHaveLength(1)
})

const right = message(51, one)
const cut = message(51, one)
new DataView(cut.buffer).setUint16(10, 0x30)
const refused: readonly [what: string, bytes: Uint8Array, source: string, counted: Readonly<Record<string, number>>][] =
  [
    ['spoofed', right, '192.0.2.77', { 'wrong-source': 1 }],
    ['another id', message(52, one), peer, { 'wrong-sync-id': 1 }],
    ['empty', new Uint8Array(0), peer, { 'too-short': 1 }],
    ['truncated', right.subarray(0, 30), peer, { 'wrong-size': 1 }],
    ['oversized', new Uint8Array([...right, 0, 0]), peer, { 'wrong-size': 1 }],
    ['malformed', cut, peer, { 'messages-received': 1, 'malformed-entries': 1 }],
  ]
test.each(refused)('%s: counted and dropped', (_, bytes, source, counters) => {
  const { receive, taken, counted } = receiver()
  receive(bytes, address(source))
  expect(taken).toEqual([])
  expect(counted()).toEqual(counters)
})

test('a neighbour is another host of the interface, and a new network is known a second later', () => {
  let held = [{ address: address('198.51.100.1'), prefixLength: 25 }]
  let [time, reads] = [0, 0]
  const isNeighbour = neighbours(
    () => {
      reads += 1
      return held
    },
    () => time,
  )
  const ask = (text: string) => isNeighbour(address(text))
  expect(['198.51.100.2', '198.51.100.127'].map(ask)).toEqual([true, true])
  expect(['198.51.100.1', '198.51.100.128', '2001:db8::1'].map(ask)).toEqual([false, false, false])
  held = [...held, { address: address('2001:db8::9'), prefixLength: 64 }]
  expect(ask('2001:db8::1')).toBe(false)
  expect(reads).toBe(1)
  time = 1_000
  expect(ask('2001:db8::1')).toBe(true)
  expect(ask('2001:db8::9')).toBe(false)
  expect(reads).toBe(2)
})

const [key, oldKey, foreign] = ['ab', 'cd', 'ef'].map((pair) => pair.repeat(32)) as [string, string, string]
const NOW = 1_800_000_000_000

test('with a key what is signed by it, or by another of ours, is taken, and nothing else', () => {
  const { receive, taken, counted } = receiver(
    51,
    createVerifier([key, oldKey], () => NOW),
  )
  receive(createSigner(key, () => NOW)(message(51, one)), peer)
  receive(createSigner(oldKey, () => NOW + 1)(message(51, one)), peer)
  expect(taken).toHaveLength(2)
  receive(createSigner(foreign, () => NOW + 2)(message(51, one)), peer)
  receive(message(51, one), peer)
  const changed = createSigner(key, () => NOW + 3)(message(51, one))
  changed[20] = (changed[20] as number) ^ 1
  receive(changed, peer)
  expect(taken).toHaveLength(2)
  expect(counted()).toMatchObject({ 'messages-received': 2, unauthenticated: 3 })
})

test('what was heard before, and what is a minute from our clock, is no news', () => {
  const { receive, taken, counted } = receiver(
    51,
    createVerifier([key], () => NOW),
  )
  const sign = createSigner(key, () => NOW)
  const [first, second] = [sign(message(51, one)), sign(message(51, one))]
  for (const datagram of [first, second, first, second]) receive(datagram, peer)
  for (const far of [NOW - 61_000, NOW + 61_000]) receive(createSigner(key, () => far)(message(51, one)), peer)
  expect(taken).toHaveLength(2)
  expect(counted()).toMatchObject({ 'messages-received': 2, replayed: 4 })
})

test('a clock that stands still, or goes back, makes no number twice', () => {
  let wall = NOW
  const sign = createSigner(key, () => wall--)
  const { receive, taken } = receiver(
    51,
    createVerifier([key], () => NOW),
  )
  for (let i = 0; i < 10; i++) receive(sign(message(51, one)), peer)
  expect(taken).toHaveLength(10)
})

test('while tables are made for what comes, messages wait for them in their order, as many as there is room for', async () => {
  const { receive, taken, counted, getting } = receiver()
  let madeReady = () => {}
  getting.ready = new Promise((resolve) => {
    madeReady = resolve
  })
  receive(message(51, one), peer)
  delete getting.ready
  const others = Array.from({ length: 20 }, (_, i) => ({ ...one, clientPort: i }))
  for (let i = 0; i < 820; i++) receive(message(51, ...others), peer)
  expect(taken).toEqual([])
  madeReady()
  await new Promise((resolve) => setImmediate(resolve))
  expect(taken.length).toBe(16_384)
  expect(taken.slice(0, 3).map(({ clientPort }) => clientPort)).toEqual([one.clientPort, 0, 1])
  receive(message(51, one), peer)
  expect(counted()).toMatchObject({
    'connections-entered': 16_385,
    'connections-refused': 1 + 820 * 20 - 16_384,
  })
})
