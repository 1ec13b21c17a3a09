import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf, type MapInfo } from '../../native/index.ts'
import { type SystemError, systemError } from '../descriptor/index.ts'

const PERCPU_TYPES = [5, 6, 10] // PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH of linux/bpf.h
const ENOENT = -2
const ENOSPC = -28

/** A slice of a map: `count` keys and values, packed one after the other; valid until the next slice is asked for. */
export type Slice = { readonly count: number; readonly keys: Uint8Array; readonly values: Uint8Array }

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** A BPF map by its descriptor. Keys and values are bytes in the kernel's layout; they are not kept after a call. */
export class BpfMap {
  readonly fd: number
  readonly info: MapInfo
  /** Bytes that a lookup gives: for per-CPU maps one 8-aligned value a possible CPU. */
  readonly readSize: number

  constructor(fd: number, info: MapInfo) {
    this.fd = fd
    this.info = info
    const aligned = (info.valueSize + 7) & ~7
    this.readSize = PERCPU_TYPES.includes(info.type) ? aligned * hfbpf().possibleCpus() : info.valueSize
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    const into = new Uint8Array(this.readSize)
    const outcome = hfbpf().mapLookup(this.fd, key, into)
    if (outcome === ENOENT) return undefined
    if (outcome < 0) throw new Error(systemError('BPF_MAP_LOOKUP_ELEM', outcome, this.info.name).message)
    return into
  }

  /** Replaces or adds; a full map is `E2BIG`. */
  update(key: Uint8Array, value: Uint8Array): Result<void, SystemError> {
    const outcome = hfbpf().mapUpdate(this.fd, key, value, 0)
    return outcome < 0 ? fail(systemError('BPF_MAP_UPDATE_ELEM', outcome, this.info.name)) : ok(undefined)
  }

  /** Whether there was one. */
  delete(key: Uint8Array): boolean {
    return hfbpf().mapDelete(this.fd, key) === 0
  }

  /** Writes `count` packed entries. */
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): Result<void, SystemError> {
    const outcome = hfbpf().mapUpdateBatch(this.fd, keys, values, count, 0)
    return outcome < 0 ? fail(systemError('BPF_MAP_UPDATE_BATCH', outcome, this.info.name)) : ok(undefined)
  }

  /** Of an array: the values of `count` entries from the one at `start` on, packed. */
  arrayPart(start: number, count: number): Uint8Array {
    const values = new Uint8Array(count * this.readSize)
    if (count === 0) return values
    // The kernel's cursor is the entry before.
    const cursor = start === 0 ? undefined : new Uint8Array(Uint32Array.of(start - 1).buffer)
    const keys = new Uint8Array(count * 4)
    const done = hfbpf().mapLookupBatch(this.fd, cursor, new Uint8Array(8), keys, values, count)
    if (done.error < 0 && done.error !== ENOENT)
      throw new Error(systemError('BPF_MAP_LOOKUP_BATCH', done.error, this.info.name).message)
    if (done.count < count) throw new Error(`the map ${this.info.name} has no entry ${start + done.count}`)
    return values
  }

  /**
   * The whole map in slices. Entries that come and go meanwhile may be seen or not; one that stays is seen at least
   * once. An array comes in the order of its indexes. Values are of `readSize` bytes.
   */
  *slices(size: number): Generator<Slice, void, void> {
    const { keySize, name } = this.info
    let cursor: Uint8Array | undefined
    let room = size
    for (;;) {
      const next = new Uint8Array(Math.max(keySize, 8))
      const keys = new Uint8Array(room * keySize)
      const values = new Uint8Array(room * this.readSize)
      const { error, count } = hfbpf().mapLookupBatch(this.fd, cursor, next, keys, values, room)
      if (error === ENOSPC) {
        // One bucket holds more than a slice.
        room *= 2
        continue
      }
      if (error < 0 && error !== ENOENT) throw new Error(systemError('BPF_MAP_LOOKUP_BATCH', error, name).message)
      if (count > 0) yield { count, keys, values }
      if (error === ENOENT) return
      cursor = next
    }
  }

  /**
   * A part of a hash map in slices: `share` of its buckets, from the one at `from` on and round its end. Both are
   * fractions of the whole.
   */
  *part(from: number, share: number, size: number): Generator<Slice, void, void> {
    const { entries } = this.info
    const buckets = 2 ** Math.ceil(Math.log2(entries))
    const start = Math.floor(from * buckets) % buckets
    const wanted = Math.max(1, Math.floor(share * buckets))
    yield* this.#buckets(start, Math.min(buckets, start + wanted), size)
    if (start + wanted > buckets) yield* this.#buckets(0, start + wanted - buckets, size)
  }

  /** Buckets from one to before another; a few more at the end, for a slice is filled. The kernel's cursor is a bucket's number. */
  *#buckets(start: number, end: number, size: number): Generator<Slice, void, void> {
    const { keySize, valueSize, name } = this.info
    const cursor = new Uint8Array(Math.max(keySize, 8))
    const view = new DataView(cursor.buffer)
    view.setUint32(0, start, LITTLE)
    let room = size
    while (view.getUint32(0, LITTLE) < end) {
      const keys = new Uint8Array(room * keySize)
      const values = new Uint8Array(room * valueSize)
      const { error, count } = hfbpf().mapLookupBatch(this.fd, cursor.slice(), cursor, keys, values, room)
      if (error === ENOSPC) {
        room *= 2
        continue
      }
      if (error < 0 && error !== ENOENT) throw new Error(systemError('BPF_MAP_LOOKUP_BATCH', error, name).message)
      if (count > 0) yield { count, keys, values }
      if (error === ENOENT) return
    }
  }

  /** Pins it; something pinned there already is `EEXIST`. */
  pin(path: string): Result<void, SystemError> {
    return pinDescriptor(this.fd, path)
  }

  close(): void {
    hfbpf().close(this.fd)
  }
}

export function pinDescriptor(fd: number, path: string): Result<void, SystemError> {
  const outcome = hfbpf().pin(fd, path)
  return outcome < 0 ? fail(systemError('BPF_OBJ_PIN', outcome, path)) : ok(undefined)
}

/** A map from a descriptor, which the map then owns. */
export function mapOf(fd: number): Result<BpfMap, SystemError> {
  const info = hfbpf().mapInfo(fd)
  if (typeof info === 'number') return fail(systemError('BPF_OBJ_GET_INFO_BY_FD', info))
  return ok(new BpfMap(fd, info))
}

/** The map pinned at a path; undefined: nothing is. */
export function openPinnedMap(path: string): Result<BpfMap | undefined, SystemError> {
  const fd = hfbpf().get(path)
  if (fd === ENOENT) return ok(undefined)
  if (fd < 0) return fail(systemError('BPF_OBJ_GET', fd, path))
  return mapOf(fd)
}
