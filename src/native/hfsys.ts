/** The typed face of hfsys (src/native/hfsys/*.c): system calls, one each, as the kernel has them. */

import { ok, type Result } from '../base/index.ts'
import { loadAddon } from './load-addon.ts'

/** A result of a system call: not negative, or -errno. EAGAIN is a value like any other. */
export type Outcome = number

/** Keeps the event loop alive until it is given to `unwatch`, or as `keepAlive` says. */
export type Watch = object & { readonly kind: 'hfsys-watch' }

/**
 * Addresses, option values and control messages are the bytes the kernel defines, in the host's byte order. Buffers are
 * not kept after a call. An argument of the wrong type throws; nothing else does.
 */
export type Hfsys = {
  socket(domain: number, type: number, protocol: number): Outcome
  bind(fd: number, address: Uint8Array): Outcome
  connect(fd: number, address: Uint8Array): Outcome
  /** The length of the address. */
  getsockname(fd: number, into: Uint8Array): Outcome
  /** A number is passed as a C int. */
  setsockopt(fd: number, level: number, option: number, value: number | Uint8Array): Outcome
  /** The length of the value. */
  getsockopt(fd: number, level: number, option: number, into: Uint8Array | Int32Array): Outcome
  /** Bytes sent. Never raises SIGPIPE. */
  sendmsg(
    fd: number,
    data: Uint8Array,
    address: Uint8Array | undefined,
    control: Uint8Array | undefined,
    flags: number,
  ): Outcome
  /** Bytes received; `lengths` gets the length of the address, that of the control messages, and the MSG_* flags. */
  recvmsg(
    fd: number,
    into: Uint8Array,
    address: Uint8Array | undefined,
    control: Uint8Array | undefined,
    flags: number,
    lengths: Int32Array,
  ): Outcome
  /** SO_ATTACH_FILTER; an array of struct sock_filter. */
  attachFilter(fd: number, program: Uint8Array): Outcome
  /** -ENODEV where there is no interface of that name. */
  ifIndex(name: string): Outcome
  ifName(index: number): string | undefined
  read(fd: number, into: Uint8Array): Outcome
  write(fd: number, data: Uint8Array): Outcome
  /** A watched descriptor is unwatched first. */
  close(fd: number): Outcome
  ioctl(fd: number, request: number, value: number | Uint8Array): Outcome
  flock(fd: number, operation: number): Outcome
  /** CLOCK_MONOTONIC in whole microseconds, rounded down. */
  clock(): number
  /** Keeps the processor until `clock` says so. */
  linger(until: number): void
  /** CLOCK_REALTIME in whole microseconds since 1970, rounded down. */
  wallClock(): number
  /** A timer on CLOCK_MONOTONIC; reading gives 8 bytes once it has fired, else EAGAIN. */
  timerfdCreate(): Outcome
  /** Microseconds of `clock`; negative disarms, the past fires at once. */
  timerfdSet(fd: number, at: number): Outcome
  mount(source: string, target: string, type: string, flags: number, data: string): Outcome
  umount(target: string, flags: number): Outcome
  /** The magic number of the file system that holds `path`: 0xcafe4a11 is bpffs. */
  statfsType(path: string): Outcome
  /** Our umask takes bits away from the mode. */
  mkfifo(path: string, mode: number): Outcome
  /** Of the calling thread, as all that follow but mlock2, setResourceLimit and pidfd*. */
  setScheduler(policy: number, priority: number): Outcome
  getScheduler(): Outcome
  /** Bit n of byte n / 8 is processor n. */
  setAffinity(mask: Uint8Array): Outcome
  setns(fd: number, type: number): Outcome
  prctl(option: number, argument: number): Outcome
  /** Both in bytes; what user space can address is exact in a number. */
  mlock2(address: number, length: number, flags: number): Outcome
  setThreadName(name: string): Outcome
  /** Of the whole process, in the limit's unit. */
  setResourceLimit(resource: number, soft: number, hard: number): Outcome
  /** Six words: effective, permitted, inheritable of capabilities 0-31, then of 32-63. */
  capget(into: Uint32Array): Outcome
  capset(from: Uint32Array): Outcome
  pidfdOpen(pid: number): Outcome
  pidfdSendSignal(fd: number, signal: number): Outcome
  /** A descriptor that gives a byte for each signal caught: its number. Once a process: -EBUSY. */
  signalPipe(): Outcome
  /** From now on the signal goes to the pipe. */
  catchSignal(signal: number): Outcome
  /** Programs that are run from here ignore it too. */
  ignoreSignal(signal: number): Outcome
  /** The signal, which has a handler, goes to the process of `relayTo` before the handler; not waiting for the event loop. */
  relaySignal(signal: number): Outcome
  /** Which process, and as which signal; a negative descriptor: nobody. */
  relayTo(pidfd: number, signal: number): void
  /** `ENOENT`; takes the positive number. */
  errorName(errno: number): string | undefined
  errorText(errno: number): string
  /**
   * Calls back whenever the descriptor is ready (1 readable, 2 writable), or with a negative number for an error on it,
   * again and again until the cause is cleared. -errno for a descriptor that cannot be polled.
   */
  watch(fd: number, events: number, callback: (events: number) => void): Watch | Outcome
  /** Safe inside the callback; afterwards the descriptor may be closed. Again does nothing. */
  unwatch(watch: Watch): void
  /** 0: the event loop may end although the watch is open; 1, as at its beginning: it may not. */
  keepAlive(watch: Watch, whether: 0 | 1): void
  /** An epoll descriptor. It is readable while one of those that it waits for is ready. */
  epollCreate(): Outcome
  /** EPOLL_CTL_*, EPOLLIN and the like; `id` comes back from `epollWait`. */
  epollControl(epoll: number, operation: number, fd: number, events: number, id: number): Outcome
  /** How many are ready, 256 at most; `into` gets the id and the events of each, as far as it has room. Does not wait. */
  epollWait(epoll: number, into: Int32Array): Outcome
  /** Bytes in a C long. */
  readonly wordSize: number
}

let loaded: Hfsys | undefined

/** For a program's start: the sentence to end with when the addon is missing. */
export function probeHfsys(): Result<void, string> {
  if (loaded !== undefined) return ok(undefined)
  const result = loadAddon<Hfsys>('hfsys')
  if (!result.ok) return result
  loaded = result.value
  return ok(undefined)
}

/** The addon; throws the sentence of `probeHfsys` where it is missing. */
export function hfsys(): Hfsys {
  if (loaded === undefined) {
    const result = probeHfsys()
    if (!result.ok) throw new Error(result.error)
  }
  return loaded as Hfsys
}
