import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import {
  askControl,
  type ControlServer,
  lineSplitter,
  listenControl,
  requestLimit,
} from '../../../src/sys/control/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-control-'))
const path = join(directory, 'control.sock')
let server: ControlServer | undefined
afterEach(() => {
  server?.close()
  rmSync(path, { force: true })
})
afterAll(() => rmSync(directory, { recursive: true }))

async function echo(): Promise<void> {
  const listening = await listenControl(path, (client, line) => void client.send({ type: 'echo', line }))
  if (!listening.ok) throw new Error(listening.error.message)
  server = listening.value
}

/** Sends bytes as they are and yields all that comes back until the other side closes. */
const raw = (bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').setTimeout(5_000, () => reject(new Error('no end')))
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
    // The server may close before it has read all.
    socket.on('error', () => {})
  })

test('the socket is for its owner only', async () => {
  await echo()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a request is answered', async () => {
  await echo()
  const answers: unknown[] = []
  const result = await askControl(
    path,
    { request: 'status' },
    (value) => {
      answers.push(value)
      return 'enough'
    },
    5_000,
  )
  expect([result.ok, answers]).toEqual([true, [{ type: 'echo', line: '{"request":"status"}' }]])
})

test('lines that come in pieces, and several at once, are each one request', async () => {
  await echo()
  expect(
    (await raw('one\ntwo\nthr'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).line),
  ).toEqual(['one', 'two'])
})

test('a line that is too long is answered with an error and the end', async () => {
  await echo()
  expect(JSON.parse(await raw('x'.repeat(requestLimit + 1)))).toMatchObject({ type: 'error' })
})

test('bytes that are no text harm nobody', async () => {
  await echo()
  await raw(Buffer.from([0xff, 0xfe, 0x00, 0x80]))
  expect(await raw('still there\n')).toMatch(/still there/)
})

test('where nobody listens the reason is `absent`', async () => {
  const result = await askControl(path, {}, () => 'enough', 1_000)
  expect(result).toMatchObject({ ok: false, error: { reason: 'absent' } })
})

test('a server that says nothing is given up', async () => {
  const listening = await listenControl(path, () => {})
  server = listening.ok ? listening.value : undefined
  expect(await askControl(path, {}, () => 'enough', 100)).toMatchObject({ ok: false, error: { reason: 'timeout' } })
})

test('a server that closes without a word is told apart', async () => {
  const listening = await listenControl(path, (client) => client.close())
  server = listening.ok ? listening.value : undefined
  expect(await askControl(path, {}, () => 'enough', 1_000)).toMatchObject({ ok: false, error: { reason: 'closed' } })
})

test('a line splitter yields nothing after its limit', () => {
  const lines: string[] = []
  let overflows = 0
  const split = lineSplitter(
    3,
    (line) => lines.push(line),
    () => overflows++,
  )
  for (const chunk of ['ab', 'c\n\nlong', 'er\nx\n']) split(chunk)
  expect([lines, overflows]).toEqual([['abc', ''], 1])
})
