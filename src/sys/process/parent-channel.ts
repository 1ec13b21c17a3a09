import process from 'node:process'

/** The end of an IPC channel that a forked process holds; the shape of a role's channel. */
export type ParentChannel = {
  send(message: unknown): void
  onMessage(handler: (message: unknown) => void): void
  /** The parent is gone. */
  onClosed(handler: () => void): void
  close(): void
}

/** The channel to the process that forked us; undefined when nobody did. */
export function parentChannel(): ParentChannel | undefined {
  if (process.send === undefined) return undefined
  // A parent that dies between our last look and our write makes an EPIPE here; its death is told by 'disconnect'.
  process.on('error', () => {})
  /** What is said in one turn of the event loop goes in one piece: hundreds of virtual routers may begin at once. */
  let waiting: unknown[] = []
  const flush = () => {
    const messages = waiting
    waiting = []
    if (messages.length > 0 && process.connected) process.send?.(messages, undefined, undefined, () => {})
  }
  // The last words of one that ends at once.
  process.on('exit', flush)
  return {
    send(message) {
      if (waiting.push(message) === 1) queueMicrotask(flush)
    },
    onMessage: (handler) => void process.on('message', handler),
    onClosed(handler) {
      if (process.connected) process.once('disconnect', handler)
      else queueMicrotask(handler)
    },
    close() {
      flush()
      if (process.connected) process.disconnect()
    },
  }
}
