import { createServer, type Socket } from 'node:net'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { lineSplitter } from './line-splitter.ts'

export type ControlClient = {
  /** One JSON line. False when the client reads too slowly: what is sent now piles up here. */
  send(value: unknown): boolean
  /** The same of what is JSON already, without a line break in it. */
  sendText(text: string): boolean
  close(): void
  onClosed(handler: () => void): void
}

export type ControlServer = { close(): void }

/** Longest line a client may send: a thousand orders about servers, or a service with thousands of local addresses. */
export const requestLimit = 1_048_576
const clientLimit = 64
/** Bytes a client may leave unread of what it was sent before: one answer may be larger. */
const unreadLimit = 16 * 1024 * 1024

/** Listens on a path where nothing is (the caller has removed a stale socket). The socket is for our user only. */
export function listenControl(
  path: string,
  onLine: (client: ControlClient, line: string) => void,
): Promise<Result<ControlServer, { readonly message: string }>> {
  const clients = new Set<Socket>()
  const server = createServer((socket) => {
    clients.add(socket)
    const client = faceOf(socket)
    socket.setEncoding('utf8')
    socket.on('close', () => clients.delete(socket))
    // A client that vanishes is a closed client; 'close' follows.
    socket.on('error', () => {})
    if (clients.size > clientLimit) {
      client.send({ type: 'error', message: `more than ${clientLimit} clients at a time` })
      client.close()
      return
    }
    const split = lineSplitter(
      requestLimit,
      (line) => onLine(client, line),
      () => {
        client.send({ type: 'error', message: `a request is at most ${requestLimit} characters` })
        client.close()
      },
    )
    socket.on('data', (chunk) => split(String(chunk)))
  })
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(fail({ message: `${path}: ${error.message}` })))
    const umask = process.umask(0o177)
    try {
      server.listen(path, () =>
        resolve(
          ok({
            close() {
              server.close()
              for (const socket of clients) socket.destroy()
            },
          }),
        ),
      )
    } finally {
      process.umask(umask)
    }
  })
}

function faceOf(socket: Socket): ControlClient {
  const sendText = (text: string): boolean => {
    if (!socket.writable) return false
    const unread = socket.writableLength
    // Of a string the socket would reserve three bytes a character, and answers may be tens of megabytes.
    socket.write(Buffer.from(`${text}\n`))
    return unread < unreadLimit
  }
  return {
    send: (value) => sendText(JSON.stringify(value)),
    sendText,
    close: () => void socket.end(),
    onClosed: (handler) => void socket.once('close', handler),
  }
}
