import type { Channel } from './channel.ts'

/**
 * Two ends of a channel inside one process. Messages are cloned and delivered in order in later microtasks, as between
 * processes; what arrives before a handler is set waits for it. Closing either end tells the other.
 */
export function channelPair<In, Out>(): readonly [role: Channel<In, Out>, supervisor: Channel<Out, In>] {
  const toRole = oneWay<In>()
  const toSupervisor = oneWay<Out>()
  const close = () => {
    toRole.close()
    toSupervisor.close()
  }
  return [
    { send: toSupervisor.send, onMessage: toRole.onMessage, onClosed: toRole.onClosed, close },
    { send: toRole.send, onMessage: toSupervisor.onMessage, onClosed: toSupervisor.onClosed, close },
  ]
}

function oneWay<T>() {
  const waiting: T[] = []
  let handler: ((message: T) => void) | undefined
  let closedHandler: (() => void) | undefined
  let closed = false
  let scheduled = false
  const deliver = () => {
    scheduled = false
    const message = waiting.shift()
    if (message === undefined || handler === undefined) return
    if (waiting.length > 0) schedule()
    handler(message)
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(deliver)
  }
  return {
    send(message: T) {
      if (closed) return
      waiting.push(structuredClone(message))
      if (handler !== undefined) schedule()
    },
    onMessage(to: (message: T) => void) {
      handler = to
      if (waiting.length > 0) schedule()
    },
    onClosed(to: () => void) {
      closedHandler = to
      if (closed) queueMicrotask(to)
    },
    close() {
      if (closed) return
      closed = true
      if (closedHandler !== undefined) queueMicrotask(closedHandler)
    },
  }
}
