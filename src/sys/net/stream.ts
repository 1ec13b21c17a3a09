import { createServer, type Server, type Socket } from 'node:net'
import {
  address,
  type Family,
  fail,
  type IpAddress,
  type Micros,
  ok,
  parseAddress,
  type Result,
} from '../../base/index.ts'
import { openBoundSocket } from './bound-socket.ts'
import type { CancelSignal } from './cancellation.ts'
import { dial } from './dial.ts'
import { errorCode, failureOf, timerMillis } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/** A TCP connection as bytes both ways. */
export type Stream = {
  /** Resolves when there is room for more; false: it is closed. */
  write(bytes: Uint8Array): Promise<boolean>
  /** What comes, as fast as it is taken; ends with the stream, whatever ended it. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Nothing more is written; what was, still goes out. */
  end(): void
  /** At once. */
  close(): void
}

/** Connects; the stream closes when nothing has moved for as long as `connectTimeout`. */
export async function openStream(target: ConnectTarget, signal: CancelSignal): Promise<Result<Stream, NetFailure>> {
  const dialled = await dial(target, signal)
  if (!dialled.ok) return dialled
  const stream = streamOf(dialled.value, target.connectTimeout)
  signal.addEventListener('abort', stream.close)
  dialled.value.once('close', () => signal.removeEventListener('abort', stream.close))
  return ok(stream)
}

export type StreamListener = {
  readonly family: Family
  /** Only what comes by it is heard. */
  readonly interface: string
  readonly port: number
  /** Streams open at a time; more are closed at once. */
  readonly most: number
  /** A stream closes when nothing has moved for so long. */
  readonly idle: Micros
  readonly onStream: (stream: Stream, remote: IpAddress) => void
}

/** Takes connections at any address of the host. */
export function listenForStreams(options: StreamListener): Promise<Result<{ close(): void }, NetFailure>> {
  const { family, interface: bindInterface, port, most, idle, onStream } = options
  const SOCK_STREAM = 1
  const bound = openBoundSocket(
    { address: address(family === 4 ? '0.0.0.0' : '::'), port, bindPort: port, bindInterface, connectTimeout: idle },
    SOCK_STREAM,
  )
  if (!bound.ok) return Promise.resolve(bound)
  const open = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const remote = parseAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''))
    if (remote === undefined) {
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    onStream(streamOf(socket, idle), remote)
  })
  server.maxConnections = most
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(fail(failureOf('connect', errorCode(error)))))
    server.listen({ fd: bound.value.fd }, () =>
      resolve(
        ok({
          close() {
            server.close()
            for (const socket of open) socket.destroy()
          },
        }),
      ),
    )
  })
}

function streamOf(socket: Socket, idle: Micros): Stream {
  // Why it broke is nobody's concern here: it ends.
  socket.on('error', () => {})
  socket.setTimeout(timerMillis(idle), () => socket.destroy())
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(false)
        if (socket.write(bytes)) return resolve(true)
        const settle = () => {
          socket.off('drain', settle)
          socket.off('close', settle)
          resolve(!socket.destroyed)
        }
        socket.on('drain', settle)
        socket.on('close', settle)
      }),
    chunks: chunksOf(socket),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  }
}

async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of socket) yield chunk as Uint8Array
  } catch (error) {
    // It was closed early, by us or by the other side; anything else is a bug.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
