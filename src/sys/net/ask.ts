import { fail, familyOf, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { isWouldBlock, PolledDescriptor } from '../descriptor/index.ts'
import { codeOf, openBoundSocket } from './bound-socket.ts'
import type { CancelSignal } from './cancellation.ts'
import { cancelled, failureOf, timeoutOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import { WaitLimit } from './wait-limit.ts'

/** One datagram out, and what comes back for it. */
export type Question = {
  /** `icmp` is raw: the message begins with the ICMP header, and over IPv4 what comes back with the IP header. */
  readonly over: 'udp' | 'icmp'
  readonly request: Uint8Array
  /** Every datagram from the target; valid only until it returns. `enough` ends it in order. */
  readonly onDatagram: (datagram: Uint8Array) => 'more' | 'enough'
}

const SOCK_DGRAM = 2
const SOCK_RAW = 3
const IPPROTO_ICMP = 1
const IPPROTO_ICMPV6 = 58
const SOL_IP = 0
const IP_RECVERR = 11
const SOL_IPV6 = 41
const IPV6_RECVERR = 25
const SOL_RAW = 255
const ICMP_FILTER = 1
const ICMP6_FILTER = 1
const ECHO_REPLY = 0
const ECHO_REPLY_6 = 129

/** What an error quotes at the least of an echo request, and where in it type, code, identifier and sequence number stand. */
const ECHO_HEADER = 8
const ECHO_NAMES = [0, 1, 4, 5, 6, 7]
const MSG_ERRQUEUE = 0x2000

/** Datagrams taken at one wake-up: a flood leaves time for others. */
const BATCH = 64
/** No datagram is longer. One for all sockets: what it holds is passed on before the next read. */
const buffer = new Uint8Array(65_535)
const lengths = new Int32Array(3)

/**
 * Sends one datagram and hears what the target sends back, for as long as `connectTimeout`; that nothing came is a
 * `timeout`. ICMP errors about the request end it with the kernel's reason. The kernel lets through what comes from the
 * target's address and port alone. Whatever happens, the socket is closed when the promise settles; it never rejects.
 */
export function ask(
  target: ConnectTarget,
  { over, request, onDatagram }: Question,
  signal: CancelSignal,
): Promise<Result<void, NetFailure>> {
  if (signal.aborted) return Promise.resolve(fail(cancelled))
  const opened = open(target, over)
  if (!opened.ok) return Promise.resolve(opened)
  const descriptor = opened.value
  const sys = hfsys()

  return new Promise((resolve) => {
    const settle = (result: Result<void, NetFailure>) => {
      if (descriptor.closed) return
      limit.end()
      signal.removeEventListener('abort', onAbort)
      descriptor.close()
      resolve(result)
    }
    const onAbort = () => settle(fail(cancelled))
    const limit = new WaitLimit(target.connectTimeout, () => settle(fail(timeoutOf('receive', target.connectTimeout))))
    const take = () => {
      for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
        const size = sys.recvmsg(descriptor.fd, buffer, undefined, undefined, 0, lengths)
        if (size < 0) {
          if (isWouldBlock(size)) return
          if (over === 'icmp' && isAboutAnother(descriptor.fd, request)) continue
          return settle(fail(refusal(over, 'receive', size)))
        }
        if (onDatagram(buffer.subarray(0, size)) === 'enough') settle(ok(undefined))
      }
    }
    signal.addEventListener('abort', onAbort)
    const watching = descriptor.whenReadable(take)
    if (watching < 0) throw new Error(`a socket cannot be polled (${codeOf(watching)})`)
    const sent = sys.sendmsg(descriptor.fd, request, undefined, undefined, 0)
    if (sent < 0) settle(fail(refusal(over, 'send', sent)))
  })
}

function open(target: ConnectTarget, over: Question['over']): Result<PolledDescriptor, NetFailure> {
  const family = familyOf(target.address)
  const bound =
    over === 'udp'
      ? openBoundSocket(target, SOCK_DGRAM)
      : openBoundSocket(target, SOCK_RAW, family === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)
  if (!bound.ok) return bound
  const sys = hfsys()
  const { fd, remote } = bound.value
  const descriptor = new PolledDescriptor(fd)
  // Also errors that the kernel takes for passing ones: that is what is asked here.
  if (family === 4) sys.setsockopt(fd, SOL_IP, IP_RECVERR, 1)
  else sys.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
  if (over === 'icmp') {
    // A set bit is a type that is not heard.
    if (family === 4) sys.setsockopt(fd, SOL_RAW, ICMP_FILTER, ~(1 << ECHO_REPLY))
    else sys.setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, allBut(ECHO_REPLY_6))
  }
  const connected = sys.connect(fd, remote)
  if (connected >= 0) return ok(descriptor)
  descriptor.close()
  return fail(refusal(over, 'connect', connected))
}

/**
 * A raw socket is told of every ICMP error about a message from here to its target, whoever sent that: of the error that is told
 * next, is it about another message than this request? It is taken from the queue.
 */
function isAboutAnother(fd: number, request: Uint8Array): boolean {
  const size = hfsys().recvmsg(fd, buffer, undefined, undefined, MSG_ERRQUEUE, lengths)
  // The kernel may have had no room to keep it; then it counts.
  if (size < ECHO_HEADER) return false
  return !ECHO_NAMES.every((at) => buffer[at] === request[at])
}

/** struct icmp6_filter: 256 bits in words of the host. */
function allBut(type: number): Uint8Array {
  const words = new Uint32Array(8).fill(0xffffffff)
  const word = type >> 5
  words[word] = ((words[word] ?? 0) & ~(1 << (type & 31))) >>> 0
  return new Uint8Array(words.buffer)
}

function refusal(over: Question['over'], phase: NetFailure['phase'], outcome: number): NetFailure {
  const code = codeOf(outcome)
  if (code === 'ECONNREFUSED')
    return {
      phase,
      reason: 'refused',
      message: over === 'udp' ? 'nobody listens on the port (ICMP)' : 'refused (ICMP)',
    }
  return failureOf(phase, code)
}
