import { constants } from 'node:os'
import { addressBytes, fail, familyOf, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { hfsys, probeHfsys } from '../../native/index.ts'
import { failureOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_ERROR = 4
const SO_BINDTODEVICE = 25
const SO_MARK = 36
const WRITABLE = 2

/** A connection under way on a descriptor of our own. */
export type Connecting = {
  /** Calls back once, when the connection is made or has failed; the descriptor then belongs to the callback. */
  whenDone(onDone: (result: Result<number, NetFailure>) => void): void
  /** Closes the descriptor, unless the callback has taken it. */
  cancel(): void
}

/**
 * Connects a socket that is bound to a device or carries a mark: Node can set neither before it connects. Both are set
 * before bind, so that a link-local address finds its interface.
 */
export function connectMarked(target: ConnectTarget): Result<Connecting, NetFailure> {
  const addon = probeHfsys()
  if (!addon.ok) return fail({ phase: 'connect', reason: 'not-supported', message: addon.error })
  const sys = hfsys()
  const family = familyOf(target.address)
  const domain = family === 4 ? AF_INET : AF_INET6
  const fd = sys.socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) return fail(failureOf('connect', codeOf(fd)))

  const refuse = (failure: NetFailure): Result<Connecting, NetFailure> => {
    sys.close(fd)
    return fail(failure)
  }
  const { bindInterface, fwmark, bindAddress, bindPort } = target
  let scope = 0
  if (bindInterface !== undefined) {
    scope = Math.max(0, sys.ifIndex(bindInterface))
    const bound = sys.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(`${bindInterface}\0`))
    if (bound < 0) return refuse(local(`could not bind to interface ${bindInterface} (${codeOf(bound)})`))
  }
  if (fwmark !== undefined) {
    const marked = sys.setsockopt(fd, SOL_SOCKET, SO_MARK, fwmark | 0)
    if (marked < 0) return refuse(local(`could not set mark ${fwmark} (${codeOf(marked)})`))
  }
  if (bindAddress !== undefined || bindPort !== undefined) {
    sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    const any = new Uint8Array(family === 4 ? 4 : 16)
    const from = bindAddress === undefined ? any : addressBytes(bindAddress)
    const bound = sys.bind(fd, socketAddress(from, bindPort ?? 0, scope))
    if (bound < 0) return refuse(failureOf('connect', codeOf(bound)))
  }
  const connecting = sys.connect(fd, socketAddress(addressBytes(target.address), target.port, scope))
  if (connecting < 0 && connecting !== -constants.errno.EINPROGRESS)
    return refuse(failureOf('connect', codeOf(connecting)))

  let open = true
  let unwatch = () => {}
  return ok({
    whenDone(onDone) {
      const watch = sys.watch(fd, WRITABLE, () => {
        unwatch()
        const error = new Int32Array(1)
        sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, error)
        open = false
        if (error[0] === 0) return onDone(ok(fd))
        sys.close(fd)
        onDone(fail(failureOf('connect', codeOf(-(error[0] as number)))))
      })
      if (typeof watch === 'number') throw new Error(`a socket cannot be polled (${codeOf(watch)})`)
      unwatch = () => sys.unwatch(watch)
    },
    cancel() {
      if (!open) return
      open = false
      unwatch()
      sys.close(fd)
    },
  })
}

const codeOf = (outcome: number): string => hfsys().errorName(-outcome) ?? `errno ${-outcome}`

const local = (message: string): NetFailure => ({ phase: 'connect', reason: 'local', message })

/** struct sockaddr_in or sockaddr_in6. */
function socketAddress(address: Uint8Array, port: number, scope: number): Uint8Array {
  const bytes = new Uint8Array(address.length === 4 ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, address.length === 4 ? AF_INET : AF_INET6, hostIsLittleEndian)
  view.setUint16(2, port)
  bytes.set(address, address.length === 4 ? 4 : 8)
  if (address.length === 16) view.setUint32(24, scope, hostIsLittleEndian)
  return bytes
}
