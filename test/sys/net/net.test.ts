import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address, millis, seconds } from '../../../src/base/index.ts'
import { type ConnectTarget, exchange, openMd5, tryConnect } from '../../../src/sys/net/index.ts'

const never = new AbortController().signal
const open: { server: Server; sockets: Set<Socket> }[] = []

async function serve(
  handler: (socket: Socket) => void,
  host = '127.0.0.1',
  allowHalfOpen = false,
): Promise<ConnectTarget> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    handler(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  open.push({ server, sockets })
  return { address: address(host), port: (server.address() as AddressInfo).port, connectTimeout: seconds(5) }
}

const descriptors = () => readdirSync('/proc/self/fd').length

async function until(claim: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !claim(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(claim()).toBe(true)
}

let before = 0
beforeAll(async () => {
  // The first connection opens what all of them wait with.
  await tryConnect({ address: address('127.0.0.1'), port: 9, connectTimeout: seconds(5) }, never)
})
beforeEach(() => {
  before = descriptors()
})
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  // No probe leaves a socket behind.
  await until(() => descriptors() <= before)
})

async function ask(target: ConnectTarget, over: { patience?: number; enoughAt?: number; signal?: AbortSignal } = {}) {
  let text = ''
  const end = await exchange(
    target,
    {
      request: Buffer.from('hello?'),
      patience: millis(over.patience ?? 60_000),
      onBytes(chunk) {
        text += Buffer.from(chunk).toString('latin1')
        return over.enoughAt !== undefined && text.length >= over.enoughAt ? 'enough' : 'more'
      },
    },
    over.signal ?? never,
  )
  return { end: end.ok ? 'ended' : `${end.error.phase} ${end.error.reason}`, text }
}

describe('a connection that is only tried', () => {
  test('succeeds, and the server sees an orderly end without a byte', async () => {
    let seen = 'nothing'
    const target = await serve((socket) => {
      socket.on('data', () => {
        seen = 'data'
      })
      socket.on('end', () => {
        if (seen === 'nothing') seen = 'end'
      })
      socket.on('error', (error) => {
        seen = error.message
      })
    })
    expect(await tryConnect(target, never)).toEqual({ ok: true, value: undefined })
    await until(() => seen !== 'nothing')
    expect(seen).toBe('end')
  })
  test('over IPv6', async () => {
    expect(await tryConnect(await serve(() => {}, '::1'), never)).toMatchObject({ ok: true })
  })
  test('is refused where nobody listens', async () => {
    const target = await serve(() => {})
    open.splice(0)[0]?.server.close()
    expect(await tryConnect(target, never)).toMatchObject({
      ok: false,
      error: { phase: 'connect', reason: 'refused', message: 'connection refused' },
    })
  })
  test('comes from bindto and bind_port', async () => {
    let from = ''
    const target = await serve((socket) => {
      from = `${socket.remoteAddress}:${socket.remotePort}`
    })
    const bound = { ...target, bindAddress: address('127.0.0.9'), bindPort: 39_127 }
    expect(await tryConnect(bound, never)).toMatchObject({ ok: true })
    await until(() => from !== '')
    expect(from).toBe('127.0.0.9:39127')
  })
  test('from an address that this host does not have says nothing of the server', async () => {
    const target = { ...(await serve(() => {})), bindAddress: address('192.0.2.77') }
    expect(await tryConnect(target, never)).toMatchObject({
      ok: false,
      error: { reason: 'local', message: 'this host could not connect (EADDRNOTAVAIL)' },
    })
  })
  test('that is called off ends at once', async () => {
    const abort = new AbortController()
    const target = { address: address('127.0.0.1'), port: 9, connectTimeout: seconds(60) }
    abort.abort()
    expect(await tryConnect(target, abort.signal)).toMatchObject({ ok: false, error: { reason: 'local' } })
  })
})

const more = () => 'more' as const

describe('an exchange', () => {
  test('reads to the end of the stream, however it is cut', async () => {
    const target = await serve((socket) => {
      let sent = 0
      const more = () => {
        if (sent++ === 50) socket.end('!')
        else socket.write('x', () => setImmediate(more))
      }
      socket.once('data', more)
    })
    expect(await ask(target)).toEqual({ end: 'ended', text: `${'x'.repeat(50)}!` })
  })
  test('of many buffers arrives whole', async () => {
    const body = Buffer.alloc(3_000_000, 'abcdefg')
    const target = await serve((socket) => void socket.once('data', () => socket.end(body)))
    const hash = openMd5()
    const onBytes = (chunk: Uint8Array) => {
      hash.update(chunk)
      return 'more' as const
    }
    const end = await exchange(target, { request: Buffer.from('?'), patience: seconds(60), onBytes }, never)
    expect(end.ok).toBe(true)
    const whole = openMd5()
    whole.update(body)
    expect(hash.hex()).toBe(whole.hex())
  })
  test('two at a time do not mix their bytes', async () => {
    const target = await serve((socket) => {
      const name = open.length === 0 ? '' : String(socket.remotePort)
      let sent = 0
      const more = () => (sent++ === 200 ? socket.end() : socket.write(`${name};`, () => setImmediate(more)))
      socket.once('data', more)
    })
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(target)))
    for (const { text } of answers) expect(new Set(text.split(';').slice(0, -1)).size).toBe(1)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(8)
  })
  test('that the server cuts off is a reset', async () => {
    const target = await serve((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    expect((await ask(target)).end).toBe('receive reset')
  })
  test('that the server half-closes has ended', async () => {
    const target = await serve((socket) => void socket.once('data', () => socket.end('bye')), '127.0.0.1', true)
    expect(await ask(target)).toEqual({ end: 'ended', text: 'bye' })
  })
  test('that is never answered ends after connect_timeout', async () => {
    const target = await serve(() => {})
    const started = performance.now()
    expect((await ask({ ...target, connectTimeout: millis(80) })).end).toBe('receive timeout')
    expect(performance.now() - started).toBeGreaterThanOrEqual(79)
  })
  test('that drips for ever ends with the patience', async () => {
    const target = await serve((socket) => {
      const drip = setInterval(() => socket.write('x'), 5)
      socket.once('close', () => clearInterval(drip))
    })
    expect((await ask(target, { patience: 150 })).end).toBe('receive timeout')
  })
  test('that drips ends connect_timeout after its beginning', async () => {
    const target = await serve((socket) => {
      const drip = setInterval(() => socket.write('x'), 5)
      socket.once('close', () => clearInterval(drip))
    })
    const dripping = { ...target, connectTimeout: millis(150) }
    expect(
      await exchange(dripping, { request: Buffer.from('?'), patience: seconds(60), onBytes: more }, never),
    ).toEqual({
      ok: false,
      error: { phase: 'receive', reason: 'timeout', message: 'the answer did not end within 0.15 s' },
    })
  })
  test('that goes on well may take longer than connect_timeout', async () => {
    const target = await serve((socket) => {
      let sent = 0
      const timer = setInterval(() => (sent++ === 16 ? socket.end() : socket.write(Buffer.alloc(8_192))), 80)
      socket.once('close', () => clearInterval(timer))
    })
    const slow = { ...target, connectTimeout: seconds(1) }
    const started = performance.now()
    const { ok } = await exchange(slow, { request: Buffer.from('?'), patience: seconds(60), onBytes: more }, never)
    expect(ok).toBe(true)
    expect(performance.now() - started).toBeGreaterThan(1_000)
  })
  test('ends in order when the reader has enough', async () => {
    const target = await serve((socket) => {
      const flood = () => {
        while (!socket.destroyed && socket.write('y'.repeat(1000)));
      }
      socket.on('drain', flood)
      socket.once('data', flood)
    })
    const { end, text } = await ask(target, { enoughAt: 100_000 })
    expect(end).toBe('ended')
    expect(text.length).toBeLessThan(100_000 + 64 * 1024)
  })
  test('that is called off ends at once', async () => {
    const abort = new AbortController()
    const target = await serve((socket) => void socket.once('data', () => abort.abort()))
    expect((await ask(target, { signal: abort.signal })).end).toBe('connect local')
  })
})

describe('a socket that is bound to an interface', () => {
  const onLo = async (over: Partial<ConnectTarget> = {}) => ({
    ...(await serve((socket) => void socket.once('data', () => socket.end('here')))),
    bindInterface: 'lo',
    ...over,
  })
  test('connects over it and holds an exchange', async () => {
    expect(await tryConnect(await onLo(), never)).toMatchObject({ ok: true })
    expect(await ask(await onLo())).toEqual({ end: 'ended', text: 'here' })
  })
  test('honours bindto, bind_port and fwmark', async () => {
    const target = await onLo({ bindAddress: address('127.0.0.8'), bindPort: 39_128, fwmark: 0xffffffff })
    expect(await ask(target)).toEqual({ end: 'ended', text: 'here' })
  })
  test('is refused as any other', async () => {
    const target = await onLo()
    open.splice(0)[0]?.server.close()
    expect(await tryConnect(target, never)).toMatchObject({ error: { phase: 'connect', reason: 'refused' } })
  })
  test('says so when the interface does not exist', async () => {
    expect(await tryConnect(await onLo({ bindInterface: 'hf-none' }), never)).toMatchObject({
      error: { reason: 'local', message: 'could not bind to interface hf-none (ENODEV)' },
    })
  })
  test('connects over IPv6', async () => {
    const target = await serve((socket) => void socket.once('data', () => socket.end('six')), '::1')
    expect(await ask({ ...target, bindInterface: 'lo' })).toEqual({ end: 'ended', text: 'six' })
  })
})

test('what the network does not answer at all is a timeout, an unreachable host is unreachable', async () => {
  // In a namespace of its own: the far end of the link has no address and takes no notice.
  const name = `h5-${process.pid}`
  const run = promisify(execFile)
  const ip = (...args: string[]) => run('ip', args)
  const built = new URL('../../../dist/sys/net/index.js', import.meta.url).href
  const probe = `
    import { tryConnect } from '${built}'
    const ask = async (address, bound) => {
      const result = await tryConnect({ address, port: 80, connectTimeout: 100000, ...bound }, new AbortController().signal)
      return result.ok ? 'connected' : result.error.reason
    }
    const bound = { bindInterface: 'near' }
    console.log(JSON.stringify([await ask('192.0.2.9'), await ask('192.0.2.9', bound), await ask('198.51.100.1'), await ask('203.0.113.1')]))
  `
  await ip('netns', 'add', name)
  try {
    await ip('-n', name, 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far')
    await ip('-n', name, 'addr', 'add', '192.0.2.1/24', 'dev', 'near')
    for (const link of ['near', 'far']) await ip('-n', name, 'link', 'set', link, 'up')
    await ip('-n', name, 'neigh', 'add', '192.0.2.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'near')
    await ip('-n', name, 'route', 'add', 'unreachable', '203.0.113.0/24')
    const { stdout } = await run('nsenter', [
      `--net=/run/netns/${name}`,
      process.execPath,
      '--input-type=module',
      '-e',
      probe,
    ])
    expect(JSON.parse(stdout)).toEqual(['timeout', 'timeout', 'unreachable', 'unreachable'])
  } finally {
    await ip('netns', 'del', name)
  }
})
