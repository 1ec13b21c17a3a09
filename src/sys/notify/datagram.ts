import { endianness } from 'node:os'
import { hfsys } from '../../native/index.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

/** Sends whole messages to a unix datagram socket; the receiver may come and go. */
export type DatagramSender = {
  /** False when it could not be delivered. */
  send(text: string): boolean
  close(): void
}

/** A path that begins with `@` names an abstract socket. Undefined when the system gives no socket. */
export function openDatagramSender(path: string): DatagramSender | undefined {
  const system = hfsys()
  const fd = system.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) return undefined
  const to = unixAddress(path)
  let open = true
  return {
    send: (text) => open && system.sendmsg(fd, new TextEncoder().encode(text), to, undefined, 0) >= 0,
    close() {
      if (open) system.close(fd)
      open = false
    },
  }
}

/** struct sockaddr_un of exactly the needed length; abstract names carry no final NUL (unix(7)). */
export function unixAddress(path: string): Uint8Array {
  const abstract = path.startsWith('@')
  const name = new TextEncoder().encode(abstract ? path.slice(1) : path)
  const bytes = new Uint8Array(2 + name.length + 1)
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, endianness() === 'LE')
  bytes.set(name, abstract ? 3 : 2)
  return bytes
}
