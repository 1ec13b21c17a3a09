/** SMTP_CHECK against a mail server and against hostile ones, on loopback. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { address, millis } from '../../../src/base/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const never = new AbortController().signal
const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

async function mailServer(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({ disabledCommands: ['STARTTLS', 'AUTH'], logger: false, ...options })
  open.push({ close: () => server.close(() => {}) })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return (listening.address() as AddressInfo).port
}

async function hostile(handler: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    handler(socket)
  })
  open.push({
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const ask = (port: number, timeout = 5000, heloName = 'probe.example') =>
  probe(
    {
      kind: 'smtp',
      timing,
      target: { address: address('127.0.0.1'), port, connectTimeout: millis(timeout) },
      heloName,
    },
    0,
    never,
  )

test('a mail server is greeted by name and left in order', async () => {
  const greeted: (string | false)[] = []
  const port = await mailServer({
    onClose: (session) => void greeted.push(session.hostNameAppearsAs),
  })
  expect(await ask(port)).toMatchObject({ reason: 'accepted' })
  await expect.poll(() => greeted).toEqual(['probe.example'])
})

test('a mail server that takes nobody is down, and says why', async () => {
  const port = await mailServer({ onConnect: (_, done) => done(new Error('too busy')) })
  const outcome = await ask(port)
  expect(outcome.reason).toBe('bad-status')
  expect(outcome.detail).toMatch(/^expected reply 220 before its greeting, got "5.. too busy/)
})

test('a server that says nothing', async () => {
  const port = await hostile(() => {})
  expect(await ask(port, 100)).toEqual({
    reason: 'response-timeout',
    detail: 'no answer within 0.1 s before its greeting',
  })
})

test('a byte at a time does not prolong the wait for a reply', async () => {
  const port = await hostile((socket) => {
    const drip = setInterval(() => socket.write('2'), 10)
    socket.on('close', () => clearInterval(drip))
  })
  expect((await ask(port, 200)).reason).toBe('response-timeout')
})

test('greetings without end', async () => {
  const flood = Buffer.from('220-more\r\n'.repeat(10_000))
  const port = await hostile((socket) => {
    const on = () => void socket.write(flood)
    socket.on('drain', on)
    on()
  })
  expect((await ask(port)).reason).toBe('too-large')
})

test('a reset after HELO', async () => {
  const port = await hostile((socket) => {
    socket.write('220 hi\r\n')
    socket.once('data', () => socket.resetAndDestroy())
  })
  expect(await ask(port)).toEqual({ reason: 'reset', detail: 'the server reset the connection after HELO' })
})

test('nobody listens', async () => {
  const port = await hostile(() => {})
  for (const one of open.splice(0)) one.close()
  expect((await ask(port)).reason).toBe('connection-refused')
})
