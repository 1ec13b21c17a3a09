/**
 * The program alone: loaded in the kernel, attached nowhere, run on frames that tests build (BPF_PROG_TEST_RUN). Each
 * bench has maps of its own. Time is moved by making entries older.
 */

import { type IpAddress, silentLog } from '../../src/base/index.ts'
import { readConnections } from '../../src/forwarding/ebpf/connections.ts'
import { readCounters, readExits } from '../../src/forwarding/ebpf/counters.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import {
  closeDirector,
  type Director,
  type DirectorOptions,
  loadingDirector,
} from '../../src/forwarding/ebpf/program.ts'
import { atOnce, type Sliced } from '../../src/forwarding/ebpf/slices.ts'
import type { Hop } from '../../src/forwarding/ebpf/slot.ts'
import { type Drift, NO_DRIFT, sweep } from '../../src/forwarding/ebpf/sweep.ts'
import { Table } from '../../src/forwarding/ebpf/table.ts'
import type { Connection, OpResult, ServiceCounters, TableOp } from '../../src/forwarding/index.ts'
import { type BpfMap, removePinDirectory } from '../../src/sys/bpf/index.ts'
import { systemClock } from '../../src/sys/time/index.ts'
import { type FramePlan, frame, type ReadFrame, readFrame } from './frames.ts'

export const PASS = -1
export const DROP = 2
export const REDIRECT = 7

let made = 0

export type Verdict = {
  readonly verdict: number
  /** The exit whose counter went up. */
  readonly exit: string
  readonly frame: Uint8Array
  readonly packet: ReadFrame
}

export class Bench {
  readonly pinDirectory = `/sys/fs/bpf/holdfast-h2-bench-${process.pid}-${made++}`
  readonly director: Director
  readonly hops = new Map<string, Hop>()
  /** Addresses whose way was asked for, one after the other. */
  readonly lookups: IpAddress[] = []
  table: Table
  readonly #drift: Drift = new Map()

  constructor(connectionTableSize = 4096, sizes: Partial<DirectorOptions> = {}) {
    const options = { pinDirectory: this.pinDirectory, connectionTableSize, log: silentLog, ...sizes }
    const loaded = atOnce(loadingDirector(options))
    if (!loaded.ok) throw new Error(loaded.error.message)
    this.director = loaded.value
    this.table = this.#newTable(this.director)
  }

  /** Another process takes over what the maps hold. */
  reopen(): void {
    atOnce(this.reopening())
  }

  /** As `reopen`, with the pauses that a backend makes. */
  *reopening(): Sliced<void> {
    this.table = this.#newTable({ ...this.director, adopted: true })
    yield* this.table.adopting()
  }

  #newTable(director: Director): Table {
    const hopTo = (to: IpAddress): Hop => {
      this.lookups.push(to)
      return this.hops.get(to) ?? { interfaceIndex: 1, nextHop: to, mtu: 1500, local: false }
    }
    return new Table(director, hopTo, () => this.now())
  }

  /** Seconds by which user space's clock is ahead of the kernel's. */
  later = 0

  now(): number {
    return Math.floor(systemClock.now() / 1_000_000) + this.later
  }

  apply(ops: readonly TableOp[]): void {
    for (const result of this.results(ops)) if (!result.ok) throw new Error(result.error.message)
  }

  /** As `apply`, where some may be refused. */
  results(ops: readonly TableOp[]): readonly OpResult[] {
    return this.table.apply(ops, ({ type }) => {
      throw new Error(`${type} is no order about the table`)
    })
  }

  run(bytes: Uint8Array): Verdict {
    const before = readExits(this.director)
    const result = this.director.programs.director.run(bytes)
    if (result.error < 0) throw new Error(`BPF_PROG_TEST_RUN: ${result.error}`)
    const after = readExits(this.director)
    const exits = Object.keys(after).filter((name) => after[name] !== before[name])
    return { verdict: result.verdict, exit: exits.join('+'), frame: result.frame, packet: readFrame(result.frame) }
  }

  send(plan: FramePlan): Verdict {
    return this.run(frame(plan))
  }

  /** Nanoseconds for one run, the average of `repeat`. */
  time(plan: FramePlan, repeat: number): number {
    return this.director.programs.director.run(frame(plan), undefined, repeat).nanoseconds
  }

  connections(): Connection[] {
    return readConnections(this.director, (slot) => this.table.slotKeys(slot)?.serviceKey, this.now(), 10_000)
  }

  /** The destination's address of the connection between these ports; fast, for there may be many. */
  lastTo(clientPort: number, targetPort: number): string {
    for (const { count, keys, values } of this.director.maps.connections.slices(65_536)) {
      const view = new DataView(keys.buffer)
      for (let i = count - 1; i >= 0; i--)
        if (view.getUint16(i * 16 + 8) === clientPort && view.getUint16(i * 16 + 10) === targetPort)
          return layout.ipv4.connection.decode(values, i * layout.ipv4.connection.size).address
    }
    throw new Error(`no connection from port ${clientPort} to port ${targetPort}`)
  }

  counters(): ServiceCounters[] {
    return readCounters(this.director, this.table)
  }

  /** The one destination with this key, in whichever service. */
  load(destinationKey: string) {
    const found = this.counters()
      .flatMap(({ destinations }) => destinations)
      .find((one) => one.destinationKey === destinationKey)
    if (found === undefined) throw new Error(`no destination ${destinationKey}`)
    const { activeConnections: active, inactiveConnections: inactive, persistentConnections: persistent } = found
    return { active, inactive, persistent }
  }

  /** Makes all connections, or all templates, older. */
  age(what: 'connections' | 'templates', seconds: number): void {
    for (const { connections, embryos, templates, layout: family } of this.director.tables.values()) {
      const kind = what === 'templates' ? layout.template : family.connection
      for (const map of what === 'templates' ? [templates] : [connections, embryos])
        this.rewrite(map, (value) => {
          const view = new DataView(value.buffer, value.byteOffset)
          for (const [name, offset] of kind.fields)
            if (name === 'seen' || name === 'half_open_until')
              view.setUint32(offset, view.getUint32(offset, true) - seconds, true)
        })
    }
  }

  rewrite(map: BpfMap, change: (value: Uint8Array, key: Uint8Array) => void): void {
    const { keySize, valueSize } = map.info
    for (const { count, keys, values } of [...map.slices(4096)]) {
      for (let i = 0; i < count; i++) {
        const key = keys.slice(i * keySize, (i + 1) * keySize)
        const value = values.slice(i * valueSize, (i + 1) * valueSize)
        change(value, key)
        const done = map.update(key, value)
        if (!done.ok) throw new Error(done.error.message)
      }
    }
  }

  async sweep(): Promise<number> {
    for (const slot of this.table.usedSlots()) if (!this.#drift.has(slot)) this.#drift.set(slot, NO_DRIFT)
    const began = this.now()
    const result = await sweep(
      this.director,
      this.#drift,
      () => this.now(),
      async () => true,
    )
    this.table.freeUnreferred(new Set([...(result?.referred ?? []), ...this.table.sweepLocalities(this.now())]), began)
    return result?.removed ?? 0
  }

  /** As if the last pass over the tables were that many seconds ago. */
  sweptBefore(seconds: number): void {
    for (const { swept } of this.director.tables.values()) {
      const done = swept.update(new Uint8Array(4), layout.sweeps.encode({ last: this.now() - seconds }))
      if (!done.ok) throw new Error(done.error.message)
    }
  }

  /** Drops all connections, without counting. */
  forget(): void {
    const tables = [...this.director.tables.values()]
    for (const map of tables.flatMap(({ connections, embryos }) => [connections, embryos])) {
      const { keySize } = map.info
      for (const { count, keys } of [...map.slices(4096)])
        for (let i = 0; i < count; i++) map.delete(keys.slice(i * keySize, (i + 1) * keySize))
    }
  }

  close(): void {
    closeDirector(this.director)
    removePinDirectory(this.pinDirectory)
  }
}
