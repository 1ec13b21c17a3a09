/** The typed face of hfbpf (src/native/hfbpf/hfbpf.c): bpf(2) through libbpf. Loaded only where forwarding runs, or a flood of advertisements is held off. */

import { fail, ok, type Result } from '../base/index.ts'
import type { Outcome } from './hfsys.ts'
import { loadAddon } from './load-addon.ts'

export type LoadedObject = {
  readonly maps: Readonly<Record<string, number>>
  readonly programs: Readonly<Record<string, number>>
}
export type LoadRefusal = { readonly error: Outcome; readonly log: string }
export type MapInfo = {
  readonly type: number
  readonly id: number
  readonly keySize: number
  readonly valueSize: number
  readonly entries: number
  readonly flags: number
  readonly name: string
}
export type TestRun = {
  readonly error: Outcome
  readonly verdict: number
  /** Of one run, on average. */
  readonly nanoseconds: number
  readonly dataSize: number
  readonly ctxSize: number
}
export type RingHandle = object & { readonly kind: 'hfbpf-ring' }

/** Descriptors are the caller's to close. An argument of the wrong type throws; nothing else does. */
export type Hfbpf = {
  /** `maxEntries` and `reuse` (descriptors) go by map name. On failure the log is libbpf's and the verifier's. */
  load(
    path: string,
    maxEntries: Readonly<Record<string, number>>,
    reuse: Readonly<Record<string, number>>,
    rodata?: Uint8Array,
  ): LoadedObject | LoadRefusal
  /** As `load`, while the caller goes on: a thread waits for the kernel. The descriptors of `reuse` may be closed at once. */
  loadLater(...object: Parameters<Hfbpf['load']>): Promise<LoadedObject | LoadRefusal>
  close(fd: number): Outcome
  pin(fd: number, path: string): Outcome
  /** The descriptor of what is pinned there. */
  get(path: string): Outcome
  mountBpffs(path: string): Outcome
  mapCreate(type: number, name: string, keySize: number, valueSize: number, entries: number, flags: number): Outcome
  mapInfo(fd: number): MapInfo | Outcome
  /** Buffers have the map's sizes; a per-CPU value is one 8-aligned value a possible CPU. */
  mapLookup(fd: number, key: Uint8Array, into: Uint8Array): Outcome
  mapUpdate(fd: number, key: Uint8Array, value: Uint8Array, flags: number): Outcome
  mapDelete(fd: number, key: Uint8Array): Outcome
  mapNextKey(fd: number, key: Uint8Array | undefined, into: Uint8Array): Outcome
  /** ENOENT with a count: these were the last. */
  mapLookupBatch(
    fd: number,
    cursor: Uint8Array | undefined,
    cursorInto: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: number,
  ): { readonly error: Outcome; readonly count: number }
  /** How many were written. */
  mapUpdateBatch(fd: number, keys: Uint8Array, values: Uint8Array, count: number, flags: number): Outcome
  mapDeleteBatch(fd: number, keys: Uint8Array, count: number): Outcome
  programId(fd: number): Outcome
  /** The descriptor of a link at tc ingress; -EINVAL on kernels before 6.6. */
  tcxAttach(program: number, interfaceIndex: number): Outcome
  /** A link; `flags` are XDP_FLAGS_* of linux/if_link.h. */
  xdpAttach(program: number, interfaceIndex: number, flags: number): Outcome
  /** The id of the program in the driver; 0: none. */
  xdpQuery(interfaceIndex: number): Outcome
  /** Program ids there. */
  tcxQuery(interfaceIndex: number): readonly number[] | Outcome
  /** -ENOLINK when the interface is gone. */
  linkUpdate(link: number, program: number): Outcome
  linkDetach(link: number): Outcome
  /** A clsact ingress filter; replaces what has this priority and handle. */
  tcAttach(program: number, interfaceIndex: number, priority: number, handle: number): Outcome
  tcDetach(interfaceIndex: number, priority: number, handle: number): Outcome
  /** The program's id. */
  tcQuery(interfaceIndex: number, priority: number, handle: number): Outcome
  testRun(
    program: number,
    data: Uint8Array | undefined,
    dataInto: Uint8Array | undefined,
    ctx: Uint8Array | undefined,
    ctxInto: Uint8Array | undefined,
    repeat: number,
    flags: number,
  ): TestRun
  possibleCpus(): number
  /**
   * `onRecords` gets what has come in some milliseconds: before each record its length in four bytes of the host's order. It
   * is a copy. Keeps the event loop alive until it is closed.
   */
  ringOpen(map: number, onRecords: (batch: Uint8Array) => void): RingHandle | Outcome
  /** Exactly once. */
  ringClose(ring: RingHandle): void
}

let loaded: Hfbpf | undefined

/** The addon, or the sentence that says why it does not load: not built, or no libbpf on this host. */
export function openHfbpf(): Result<Hfbpf, string> {
  if (loaded !== undefined) return ok(loaded)
  const result = loadAddon<Hfbpf>('hfbpf')
  if (!result.ok) {
    return fail(
      result.error.includes('libbpf.so') ? `libbpf is missing: install libbpf1 (${result.error})` : result.error,
    )
  }
  loaded = result.value
  return result
}

/** For what runs only after `openHfbpf` has succeeded; throws its sentence otherwise. */
export function hfbpf(): Hfbpf {
  const result = openHfbpf()
  if (!result.ok) throw new Error(result.error)
  return result.value
}
