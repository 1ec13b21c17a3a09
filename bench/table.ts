/**
 * The connection table: memory a connection, what a pass over a million entries takes, and a table of ten million filled and
 * swept. Beside it what the kernel's own connection tracking takes for an entry.
 *
 *   node build/tools/bench/table.js             a million
 *   node build/tools/bench/table.js 10000000    so many as well; ten million take about 3 GB
 */

import { readFileSync } from 'node:fs'
import process, { argv, stdout } from 'node:process'
import { sweep } from '../src/forwarding/ebpf/sweep.ts'
import type { Bench } from '../test/bpf/bench.ts'
import { Scene } from './scene.ts'

const MILLION = 1_000_000

/** Bytes that the kernel holds for a map, by its own word (Linux 6.4 and later: exactly; before: reckoned). */
function heldBy(fd: number): number {
  const line = /^memlock:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
  if (line === null) throw new Error('fdinfo has no memlock')
  return Number(line[1])
}

/** Bytes of an entry of nf_conntrack, without its place in the hash. */
function conntrackEntry(): number | undefined {
  const line = readFileSync('/proc/slabinfo', 'utf8')
    .split('\n')
    .find((text) => text.startsWith('nf_conntrack '))
  return line === undefined ? undefined : Number(line.split(/\s+/)[3])
}

const row = (...cells: readonly (string | number)[]): void =>
  void stdout.write(
    `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(44) : String(cell).padStart(12))).join('')}\n`,
  )

/** Seconds of processor time, user and system, of one pass; and what it removed. */
async function pass(bench: Bench): Promise<{ seconds: number; removed: number; seen: number }> {
  const before = process.cpuUsage()
  const result = await sweep(
    bench.director,
    new Map(),
    () => bench.now(),
    async () => true,
  )
  const used = process.cpuUsage(before)
  if (result === undefined) throw new Error('the pass did not end')
  return { seconds: (used.user + used.system) / 1e6, removed: result.removed, seen: result.seen }
}

const entry = (count: number): string => `${count.toLocaleString('en').replaceAll(',', ' ')} entries`

async function table(count: number): Promise<void> {
  const scene = new Scene({ method: 'dr', tableSize: count + 1024 })
  try {
    const { connections } = scene.bench.director.maps
    const perEntry = heldBy(connections.fd) / connections.info.entries
    row(`${entry(count)}: bytes an entry`, perEntry.toFixed(1))
    row('  a connection, direct routing or tunnel', perEntry.toFixed(1), 'most 150')
    row('  a connection, NAT or FULLNAT: two entries', (2 * perEntry).toFixed(1), 'most 290')
    const peer = conntrackEntry()
    if (peer !== undefined) row('  nf_conntrack', peer, `ratio ${(perEntry / peer).toFixed(2)}`)
    const began = process.hrtime.bigint()
    scene.fill(count)
    row(`${entry(count)}: filled, s`, (Number(process.hrtime.bigint() - began) / 1e9).toFixed(2))
    row('  found hot, ns', scene.established(2000))
    await pass(scene.bench)
    const alive = await pass(scene.bench)
    if (alive.seen < count || alive.removed !== 0) throw new Error(`saw ${alive.seen}, removed ${alive.removed}`)
    row(
      '  a pass, all alive: s of CPU',
      alive.seconds.toFixed(2),
      `${((alive.seconds / count) * 1e9).toFixed(0)} ns each`,
    )
    scene.fill(count, 1_000_000)
    const dead = await pass(scene.bench)
    if (dead.removed < count) throw new Error(`removed ${dead.removed} of ${count}`)
    row(
      '  a pass, all expired: s of CPU',
      dead.seconds.toFixed(2),
      `${((dead.seconds / count) * 1e9).toFixed(0)} ns each`,
    )
    const empty = await pass(scene.bench)
    row('  a pass, none left: s of CPU', empty.seconds.toFixed(3))
  } finally {
    scene.bench.close()
  }
}

await table(MILLION)
for (const count of argv.slice(2).map(Number)) await table(count)
