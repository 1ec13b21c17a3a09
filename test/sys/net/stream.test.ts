/** Streams between directors, over the loopback. */
import { expect, test } from 'vitest'
import { address, type IpAddress, seconds } from '../../../src/base/index.ts'
import { listenForStreams, openStream, type Stream } from '../../../src/sys/net/index.ts'

const here = address('127.0.0.1')
const MEGABYTE = new Uint8Array(1 << 20).fill(7)

async function listening(onStream: (stream: Stream, remote: IpAddress) => void, idle = seconds(60), most = 4) {
  // Whichever port is free: the kernel's choice cannot be asked for through this interface.
  for (let port = 20_000; ; port++) {
    const opened = await listenForStreams({ family: 4, interface: 'lo', port, most, idle, onStream })
    if (opened.ok) {
      const connect = async (signal = new AbortController().signal) => {
        const dialled = await openStream({ address: here, port, bindInterface: 'lo', connectTimeout: idle }, signal)
        if (!dialled.ok) throw new Error(dialled.error.message)
        return dialled.value
      }
      return { connect, close: opened.value.close }
    }
    if (port > 20_100) throw new Error(opened.error.message)
  }
}

async function sizeOf(stream: Stream): Promise<number> {
  let size = 0
  for await (const chunk of stream.chunks) size += chunk.length
  return size
}

test('far more than the sockets hold arrives, as fast as it is taken', async () => {
  const COUNT = 24
  const { connect, close } = await listening(async (stream, remote) => {
    expect(remote).toBe(here)
    for (let i = 0; i < COUNT; i++) expect(await stream.write(MEGABYTE)).toBe(true)
    stream.end()
  })
  expect(await sizeOf(await connect())).toBe(COUNT << 20)
  close()
})

test('a write to one that does not take ends when it is closed', async () => {
  const written: boolean[] = []
  const { connect, close } = await listening(async (stream) => {
    while (written.at(-1) !== false) written.push(await stream.write(MEGABYTE))
  })
  const stream = await connect()
  const first = await stream.chunks[Symbol.asyncIterator]().next()
  expect(first.done).toBe(false)
  stream.close()
  await expect.poll(() => written.at(-1)).toBe(false)
  close()
})

test('one on which nothing moves is closed', async () => {
  const { connect, close } = await listening(() => {}, seconds(0.05))
  expect(await sizeOf(await connect())).toBe(0)
  close()
})

test('called off it ends', async () => {
  const { connect, close } = await listening(() => {})
  const stop = new AbortController()
  const size = sizeOf(await connect(stop.signal))
  stop.abort()
  expect(await size).toBe(0)
  close()
})
