import { fail, hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { type BpfMap, type BpfProgram, loadObject, objectPath, probeBpf } from '../bpf/index.ts'
import { checked, type SystemError } from '../descriptor/index.ts'

const SOL_SOCKET = 1
const SO_DETACH_BPF = 27
const SO_ATTACH_BPF = 50
const SO_COOKIE = 57

/** In the order of `enum socket_kind`. */
const SOCKET_KINDS = ['ipv4', 'ipv6', 'authenticated'] as const
export type SocketKind = (typeof SOCKET_KINDS)[number]

const COOKIE = 8
/** `struct guarded`: slot, kind, a bit for each virtual router id. */
const GUARDED = 40
const KNOWN = 8
const IDS = 256
/** `struct taken_out`: for unknown ids, then for each id. */
const TAKEN_OUT = 8 * (1 + IDS)

/** How many datagrams user space was spared. */
export type TakenOut = {
  /** For virtual routers that are not to be heard. */
  readonly unknown: number
  /** Came again at once, by virtual router id; only ids of which some did. */
  readonly repeated: ReadonlyMap<number, number>
}

/** One socket while it is guarded. */
export type GuardedSocket = {
  /** Only these virtual router ids are heard. */
  hear(ids: Iterable<number>): void
  /** Since it was asked last; after the release once more. */
  takenOut(): TakenOut
  /** All is heard again. Before the socket is closed; again does nothing. */
  release(): void
}

export type FloodGuard = {
  /** @returns ENOSPC where as many sockets are guarded as there is room for */
  protect(fd: number, kind: SocketKind): Result<GuardedSocket, SystemError>
  close(): void
}

/** Loads the program. The error is a sentence for the user: no libbpf, or no right to. */
export function openFloodGuard(): Result<FloodGuard, { readonly message: string }> {
  const probed = probeBpf()
  if (!probed.ok) return fail({ message: probed.error })
  const loaded = loadObject({ path: objectPath('vrrp-guard.bpf.o'), reuse: new Map() })
  if (!loaded.ok) return loaded
  const { maps, programs } = loaded.value
  const [program, sockets, counters] = [programs.get('guard'), maps.get('guarded_sockets'), maps.get('taken_out')]
  if (program === undefined || sockets === undefined || counters === undefined)
    return fail({ message: 'vrrp-guard.bpf.o is of another build' })
  const slots = new Set<number>()
  return ok({
    protect: (fd, kind) => protect({ program, sockets, counters, slots }, fd, kind),
    close() {
      for (const map of maps.values()) map.close()
      for (const one of programs.values()) one.close()
    },
  })
}

type Loaded = {
  readonly program: BpfProgram
  readonly sockets: BpfMap
  readonly counters: BpfMap
  /** Those taken. */
  readonly slots: Set<number>
}

function protect(
  { program, sockets, counters, slots }: Loaded,
  fd: number,
  kind: SocketKind,
): Result<GuardedSocket, SystemError> {
  const slot = [...Array(sockets.info.entries).keys()].find((one) => !slots.has(one))
  if (slot === undefined)
    return fail({ code: 'ENOSPC', call: 'SO_ATTACH_BPF', message: 'too many sockets are guarded already' })
  const cookie = new Uint8Array(COOKIE)
  const known = checked('getsockopt SO_COOKIE', hfsys().getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie))
  if (!known.ok) return known
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, slot, host)
  const cleared = counters.update(key, new Uint8Array(TAKEN_OUT))
  if (!cleared.ok) return cleared

  const entry = new Uint8Array(GUARDED)
  const view = new DataView(entry.buffer)
  view.setUint32(0, slot, host)
  view.setUint32(4, SOCKET_KINDS.indexOf(kind), host)
  // Until it is said who is to be heard, all are.
  entry.fill(0xff, KNOWN)
  const entered = sockets.update(cookie, entry)
  if (!entered.ok) return entered
  const attached = checked('setsockopt SO_ATTACH_BPF', hfsys().setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, program.fd))
  if (!attached.ok) {
    sockets.delete(cookie)
    return attached
  }
  slots.add(slot)
  let before: Readonly<Record<number, bigint>> = []
  let released = false

  return ok({
    hear(ids) {
      if (released) return
      entry.fill(0, KNOWN)
      for (const id of ids) entry[KNOWN + (id >> 3)] = (entry[KNOWN + (id >> 3)] ?? 0) | (1 << (id & 7))
      sockets.update(cookie, entry)
    },
    takenOut() {
      const bytes = counters.lookup(key)
      if (bytes === undefined) return { unknown: 0, repeated: new Map() }
      const totals = new BigUint64Array(bytes.buffer, bytes.byteOffset, 1 + IDS)
      const repeated = new Map<number, number>()
      const since = totals.map((total, i) => total - (before[i] ?? 0n))
      since.forEach((count, i) => {
        if (i > 0 && count > 0) repeated.set(i - 1, Number(count))
      })
      before = totals
      return { unknown: Number(since[0]), repeated }
    },
    release() {
      if (released) return
      released = true
      hfsys().setsockopt(fd, SOL_SOCKET, SO_DETACH_BPF, 0)
      sockets.delete(cookie)
      slots.delete(slot)
    },
  })
}
