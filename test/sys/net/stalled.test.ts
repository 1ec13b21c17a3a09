/** What came in time is not late, however long this process stood still before it looked. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import { Cancellation, converse, exchange } from '../../../src/sys/net/index.ts'

/** More than one look at the sockets tells of. */
const COUNT = 300
const LIMIT = seconds(3)
const directory = mkdtempSync(join(tmpdir(), 'holdfast-stalled-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Answers everybody once all have come, says so, and leaves a file when every answer is with the kernel. */
const SERVER = `
const [count, answered, speaksFirst] = process.argv.slice(1)
const sockets = []
const come = (socket) => {
  sockets.push(socket)
  if (sockets.length < Number(count)) return
  console.log('all')
  let left = sockets.length
  setTimeout(() => {
    for (const one of sockets) one.end('fine', () => --left === 0 && require('node:fs').writeFileSync(answered, ''))
  }, 100)
}
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  if (speaksFirst === 'true') come(socket)
  else socket.once('data', () => come(socket))
})
server.listen(0, '127.0.0.1', 511, () => console.log(server.address().port))
`

/** How many of them came to a good end, after a pause of this process that lasts longer than their limit. */
async function stalled(name: string, speaksFirst: boolean, play: (port: number) => Promise<boolean>): Promise<number> {
  const answered = join(directory, name)
  const server = spawn(process.execPath, ['-e', SERVER, String(COUNT), answered, String(speaksFirst)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [port] = await once(server.stdout, 'data')
    const outcomes = Array.from({ length: COUNT }, () => play(Number(port)))
    await once(server.stdout, 'data')
    const from = performance.now()
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (performance.now() - from < LIMIT / 1000 + 100 || !existsSync(answered)) {
      Atomics.wait(pause, 0, 0, 10)
      if (performance.now() - from > 60_000) throw new Error('the server does not answer')
    }
    return (await Promise.all(outcomes)).filter(Boolean).length
  } finally {
    server.kill('SIGKILL')
  }
}

const never = new Cancellation()
const target = (port: number) => ({ address: address('127.0.0.1'), port, connectTimeout: LIMIT })

test('answers to requests', async () => {
  const good = await stalled('requests', false, async (port) => {
    const spoken = await exchange(
      target(port),
      { request: Buffer.from('how are you?'), patience: seconds(60), onBytes: () => 'more' },
      never,
    )
    return spoken.ok
  })
  expect(good).toBe(COUNT)
})

test('words of servers that speak first', async () => {
  const good = await stalled('greetings', true, async (port) => {
    const spoken = await converse(target(port), () => 'enough', never)
    return spoken.ok
  })
  expect(good).toBe(COUNT)
})
