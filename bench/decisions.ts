/**
 * What one decision of the forwarding program costs, alone (BPF_PROG_TEST_RUN): an established packet and the first packet of a
 * connection, for each method, with few and many real servers, few and many connections. Outside the guest in nanoseconds;
 * under `scripts/kernel-vm` with KVM_ICOUNT=1 a nanosecond is an instruction, and the figures are the same in every run.
 *
 *   node build/tools/bench/decisions.js             nanoseconds, all cases
 *   node build/tools/bench/decisions.js --json      instructions of the recorded cases, as one line of JSON
 */

import { argv, stdout } from 'node:process'
import { METHODS, Scene, within } from './scene.ts'

const brief = argv.includes('--json')
const runs = brief ? 15 : 2000

if (brief) {
  const figures: Record<string, number> = {}
  for (const family of [4, 6] as const) {
    for (const method of METHODS) {
      const name = family === 6 ? `${method} IPv6` : method
      within(new Scene({ method, family, tableSize: 4096 }), (scene) => {
        figures[`${name} established`] = scene.established(runs)
        figures[`${name} first packet, rr`] = scene.first(runs)
      })
    }
  }
  within(new Scene({ method: 'nat', tableSize: 4096 }), (scene) => {
    figures['nat established, to the client'] = scene.reply(runs)
  })
  within(new Scene({ method: 'dr', scheduler: 'wlc', tableSize: 4096 }), (scene) => {
    figures['dr first packet, wlc of 10'] = scene.first(runs)
  })
  stdout.write(`${JSON.stringify(figures)}\n`)
} else {
  stdout.write('Nanoseconds of the program alone, a packet (median; scheduler wlc)\n')
  const row = (...cells: readonly (string | number)[]) =>
    stdout.write(
      `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(10) : String(cell).padStart(13))).join('')}\n`,
    )
  row('method', 'servers', 'connections', 'established', 'first')
  for (const method of METHODS) {
    for (const [servers, connections] of [
      [10, 1],
      [100, 1],
      [1000, 1],
      [10, 1_000_000],
    ] as const) {
      const tableSize = connections > 1 ? 2_100_000 : 65_536
      within(new Scene({ method, servers, scheduler: 'wlc', tableSize }), (scene) => {
        if (connections > 1) scene.fill(connections)
        row(method, servers, connections, scene.established(runs), scene.first(runs))
      })
    }
  }
}
