import { fail, familyOf, hostIsLittleEndian, knownBytes, ok, type Result } from '../../base/index.ts'
import { hfsys, probeHfsys } from '../../native/index.ts'
import { ownTrouble } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BINDTODEVICE = 25
const SO_MARK = 36

/** A descriptor that is the caller's to close, and where it is to connect to as the kernel wants to be told: good until the next call. */
export type BoundSocket = { readonly fd: number; readonly remote: Uint8Array }

/**
 * A socket of our own, bound and marked as the target says. Device and mark are set before bind, so that a link-local
 * address finds its interface; Node can set neither before it connects.
 * @param type      SOCK_STREAM, SOCK_DGRAM or SOCK_RAW
 * @param protocol  0: the one that goes with the type
 */
export function openBoundSocket(target: ConnectTarget, type: number, protocol = 0): Result<BoundSocket, NetFailure> {
  const addon = probeHfsys()
  if (!addon.ok) return fail({ phase: 'connect', reason: 'not-supported', message: addon.error })
  const sys = hfsys()
  const family = familyOf(target.address)
  const fd = sys.socket(family === 4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)
  if (fd < 0) return fail(ownTrouble('connect', codeOf(fd)))

  const refuse = (failure: NetFailure): Result<BoundSocket, NetFailure> => {
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
    const from = bindAddress === undefined ? any : knownBytes(bindAddress)
    const bound = sys.bind(fd, socketAddress(from, bindPort ?? 0, scope))
    if (bound < 0) return refuse(ownTrouble('connect', codeOf(bound)))
  }
  return ok({ fd, remote: socketAddress(knownBytes(target.address), target.port, scope) })
}

/** The name of a negative result. */
export const codeOf = (outcome: number): string => hfsys().errorName(-outcome) ?? `errno ${-outcome}`

const local = (message: string): NetFailure => ({ phase: 'connect', reason: 'local', message })

/** What native code gets a look at is given memory outside of the heap: these two are made once, for each socket is told in the same call. */
const forms = { 4: socketForm(AF_INET, 16), 6: socketForm(AF_INET6, 28) } as const

function socketForm(family: number, size: number): { readonly view: DataView; readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family, hostIsLittleEndian)
  return { view, bytes }
}

/** struct sockaddr_in or sockaddr_in6; good until the next call. */
function socketAddress(address: Uint8Array, port: number, scope: number): Uint8Array {
  const { view, bytes } = address.length === 4 ? forms[4] : forms[6]
  view.setUint16(2, port)
  bytes.set(address, address.length === 4 ? 4 : 8)
  if (address.length === 16) view.setUint32(24, scope, hostIsLittleEndian)
  return bytes
}
