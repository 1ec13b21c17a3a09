/** DNS_CHECK, UDP_CHECK and PING_CHECK against sockets on loopback, kind and hostile ones. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { address, millis } from '../../../src/base/index.ts'
import type { Checker, DnsChecker, UdpChecker } from '../../../src/model/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const never = new AbortController().signal
const open: Socket[] = []
const descriptors = () => readdirSync('/proc/self/fd').length
let before = 0
beforeAll(async () => {
  // The first probe opens what all of them wait with.
  await probe(
    { kind: 'ping', target: { address: address('127.0.0.1'), port: 0, connectTimeout: millis(1) }, timing },
    0,
    never,
  )
})
beforeEach(() => {
  before = descriptors()
})
afterEach(async () => {
  for (const socket of open.splice(0)) socket.close()
  // No probe leaves a socket behind.
  await expect.poll(descriptors).toBeLessThanOrEqual(before)
})

/** Answers datagrams; the port it listens on. */
async function serve(
  handler: (request: Buffer, from: RemoteInfo, socket: Socket) => void,
  host = '127.0.0.1',
): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  open.push(socket)
  socket.on('message', (request, from) => handler(request, from, socket))
  socket.bind(0, host)
  await once(socket, 'listening')
  return socket.address().port
}
const reply = (answer: (request: Buffer) => Buffer) => (request: Buffer, from: RemoteInfo, socket: Socket) =>
  socket.send(answer(request), from.port, from.address)

const target = (port: number, timeout: number, host = '127.0.0.1') => ({
  address: address(host),
  port,
  connectTimeout: millis(timeout),
})
const run = (checker: Checker, signal = never) => probe(checker, 0, signal)
const dns = (port: number, timeout = 5000, over: Partial<DnsChecker> = {}) =>
  run({ kind: 'dns', timing, target: target(port, timeout), name: 'example.com', type: 'A', ...over })
const udp = (port: number, timeout = 5000, over: Partial<UdpChecker> = {}) =>
  run({ kind: 'udp', timing, target: target(port, timeout), payload: '', ...over })
const ping = (host: string, timeout = 5000) => run({ kind: 'ping', timing, target: target(0, timeout, host) })

/** The query as an answer with this code. */
const answer = (query: Buffer, code = 0): Buffer => {
  const bytes = Buffer.from(query)
  bytes[2] = 0x84
  bytes[3] = code
  return bytes
}

test('DNS_CHECK: an answer without an error', async () => {
  const asked: string[] = []
  const port = await serve(
    reply((query) => {
      asked.push(query.subarray(2).toString('hex'))
      return answer(query)
    }),
  )
  expect(await dns(port)).toEqual({ reason: 'accepted', detail: 'answered with 0 records' })
  expect(asked).toEqual(['01000001000000000000076578616d706c6503636f6d0000010001'])
})

test('DNS_CHECK: an answer with an error', async () => {
  const port = await serve(reply((query) => answer(query, 2)))
  expect(await dns(port)).toEqual({ reason: 'bad-status', detail: 'expected NOERROR, got SERVFAIL' })
})

test('DNS_CHECK: another id, a cut answer and an echo of the query are none, and the answer behind them is', async () => {
  const port = await serve((query, from, socket) => {
    const wrong = answer(query)
    wrong[0] = (wrong[0] as number) ^ 1
    for (const one of [wrong, answer(query).subarray(0, 15), query, Buffer.alloc(0), answer(query)])
      socket.send(one, from.port, from.address)
  })
  expect((await dns(port)).reason).toBe('accepted')
})

test('DNS_CHECK: wrong answers only', async () => {
  const port = await serve(reply((query) => query))
  expect(await dns(port, 100)).toEqual({
    reason: 'response-timeout',
    detail: 'no answer within 0.1 s, but 1 datagram that was no answer to the query',
  })
})

test('DNS_CHECK: the right answer from another port is not heard', async () => {
  const other = createSocket('udp4')
  open.push(other)
  other.bind(0, '127.0.0.1')
  await once(other, 'listening')
  const port = await serve((query, from) => other.send(answer(query), from.port, from.address))
  expect((await dns(port, 100)).detail).toBe('no answer within 0.1 s')
})

test('a port where nobody listens is refused at once', async () => {
  const port = await serve(() => {})
  open.splice(0).forEach((socket) => void socket.close())
  const refused = { reason: 'connection-refused', detail: 'nobody listens on the port (ICMP)' }
  expect(await dns(port, 60_000)).toEqual(refused)
  expect(await udp(port, 60_000)).toEqual(refused)
})

test('UDP_CHECK: silence is consent, for as long as connect_timeout', async () => {
  const heard: string[] = []
  const port = await serve((request) => void heard.push(request.toString('hex')))
  expect(await udp(port, 50, { payload: '00ff10' })).toEqual({ reason: 'accepted', detail: 'the port was not refused' })
  expect(heard).toEqual(['00ff10'])
})

test('UDP_CHECK: a datagram may be empty, and an empty reply is one', async () => {
  const port = await serve(reply((request) => request))
  const answered = { reason: 'accepted', detail: 'answered with 0 bytes' }
  expect(await udp(port, 5000, { reply: { minLength: 0, maxLength: 255 } })).toEqual(answered)
})

test('UDP_CHECK: a reply of 64 KiB is measured, not cut', async () => {
  const port = await serve(reply(() => Buffer.alloc(65_507)))
  const checked = await udp(port, 5000, { reply: { pattern: '00', minLength: 0, maxLength: 255 } })
  expect(checked).toEqual({ reason: 'bad-reply', detail: 'expected a reply of 0 to 255 bytes, got 65507 bytes' })
})

test('UDP_CHECK: over IPv6, from an address of its own', async () => {
  const port = await serve(
    reply((request) => request),
    '::1',
  )
  const checker: UdpChecker = {
    kind: 'udp',
    timing,
    target: { ...target(port, 5000, '::1'), bindAddress: address('::1'), bindInterface: 'lo' },
    payload: '01',
    reply: { pattern: '0x', minLength: 1, maxLength: 1 },
  }
  expect((await run(checker)).reason).toBe('accepted')
})

test('PING_CHECK: both families', async () => {
  expect(await ping('127.0.0.1')).toEqual({ reason: 'accepted', detail: 'the echo came back' })
  expect(await ping('::1')).toEqual({ reason: 'accepted', detail: 'the echo came back' })
})

test('a probe that is called off leaves nothing behind', async () => {
  const port = await serve(() => {})
  const abort = new AbortController()
  const ended = run({ kind: 'udp', timing, target: target(port, 60_000), payload: '' }, abort.signal)
  abort.abort()
  expect((await ended).reason).toBe('local-error')
})
