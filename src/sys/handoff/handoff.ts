import { rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { lineSplitter } from '../control/index.ts'

/** One end of the conversation between a process that is to end and the one that takes its place. */
export type HandoffConnection = {
  /** One value as a JSON line; dropped in silence when the other side is gone. */
  send(value: unknown): void
  /** What is not JSON closes the connection. */
  onMessage(handler: (value: unknown) => void): void
  onClosed(handler: () => void): void
  close(): void
}

export type HandoffListener = { close(): void }

export type HandoffError = {
  /** `absent`: nobody listens there, which is the usual case. */
  readonly reason: 'absent' | 'failed'
  readonly message: string
}

/** A virtual router's key and a time: a thousand of them are far from this. */
const LONGEST_LINE = 1 << 20

/** Listens for a successor; a socket that an earlier process left at the path is replaced. For our user only. */
export function listenForSuccessor(
  path: string,
  onSuccessor: (connection: HandoffConnection) => void,
): Promise<Result<HandoffListener, HandoffError>> {
  rmSync(path, { force: true })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    onSuccessor(faceOf(socket))
  })
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(fail({ reason: 'failed', message: `${path}: ${error.message}` })))
    const umask = process.umask(0o177)
    server.listen(path, () => {
      process.umask(umask)
      resolve(
        ok({
          close() {
            server.close()
            for (const socket of open) socket.end()
          },
        }),
      )
    })
  })
}

/** Connects to a predecessor that listens at the path. */
export function connectToPredecessor(path: string): Promise<Result<HandoffConnection, HandoffError>> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const connection = faceOf(socket)
    socket.once('connect', () => resolve(ok(connection)))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
      resolve(fail({ reason: absent ? 'absent' : 'failed', message: `${path}: ${error.message}` }))
    })
  })
}

function faceOf(socket: Socket): HandoffConnection {
  let onMessage: (value: unknown) => void = () => {}
  const split = lineSplitter(
    LONGEST_LINE,
    (line) => {
      const value = parse(line)
      if (value === undefined) socket.destroy()
      else onMessage(value)
    },
    () => socket.destroy(),
  )
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => split(String(chunk)))
  // Whoever vanishes has closed; 'close' follows.
  socket.on('error', () => {})
  return {
    send: (value) => void (socket.writable && socket.write(`${JSON.stringify(value)}\n`)),
    onMessage(handler) {
      onMessage = handler
    },
    onClosed: (handler) => void socket.once('close', handler),
    close: () => void socket.end(),
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
