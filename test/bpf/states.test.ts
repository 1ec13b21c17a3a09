/** Every cell of IPVS's TCP tables (ip_vs_proto_tcp.c), with the timeout it leads to and its effect on the active count. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { CONNECTION_ACTIVE, ipv4, STATE_MASK } from '../../src/forwarding/ebpf/layout.ts'
import { judgeDefences, writeSettings } from '../../src/forwarding/ebpf/settings.ts'
import { Bench } from './bench.ts'
import { destination, put, service, VIP } from './cluster.ts'
import { ACK, FIN, type FramePlan, RST, SYN } from './frames.ts'

const STATES = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA'] as const
const TIMEOUTS = { NO: 2, ES: 900, SS: 120, SR: 60, FW: 120, TW: 120, CL: 10, CW: 60, LA: 30, LI: 120, SA: 120 }
const ACTIVE = ['ES', 'SS', 'SR', 'SA']

/** Columns as STATES. A SYN into TW or CL from the client opens a new connection, which starts as one in NO. */
const byDefault = `
in syn      SR ES ES SR SR SR SR SR SR SR SR
in fin      CL CW SS TW TW TW CL CW LA LI TW
in ack      ES ES SS ES FW TW CL CW CL LI ES
in rst      CL CL CL SR CL CL CL CL LA LI SR
out syn     SS ES SS SR SS SS SS SS SS LI SR
out fin     TW FW SS TW FW TW CL TW LA LI TW
out ack     ES ES SS ES FW TW CL CW LA ES ES
out rst     CL CL SS CL CL TW CL CL CL CL CL
inonly syn  SR ES ES SR SR SR SR SR SR SR SR
inonly fin  CL FW SS TW FW TW CL CW LA LI TW
inonly ack  ES ES SS ES FW TW CL CW CL LI ES
inonly rst  CL CL CL SR CL CL CL CL LA LI CL
in none     CL CL CL CL CL CL CL CL CL CL CL
`
/** With secure_tcp. */
const secure = `
in syn      SR ES ES SR SR SR SR SR SR SR SA
in fin      CL CW SS TW TW TW CL CW LA LI SA
in ack      ES ES SS SR FW TW CL CW CL LI SA
in rst      CL CL CL SR CL CL CL CL LA LI CL
out syn     SS ES SS SA SS SS SS SS SS LI SA
out fin     TW FW SS TW FW TW CL TW LA LI TW
out ack     ES ES SS ES FW TW CL CW LA ES ES
out rst     CL CL SS CL CL TW CL CL CL CL CL
inonly syn  SA ES ES SR SA SA SA SA SA SA SA
inonly fin  CL FW SS TW FW TW CL CW LA LI TW
inonly ack  ES ES SS ES FW TW CL CW CL LI ES
inonly rst  CL CL CL SR CL CL CL CL LA LI CL
`
const rowsOf = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
/** With a flag of a later row each, which must not count. */
const FLAGS: Readonly<Record<string, number>> = {
  syn: SYN | FIN | ACK,
  fin: FIN | ACK,
  ack: ACK,
  rst: RST | FIN | ACK,
  none: 0,
}

let bench: Bench
beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
    ...put(service(8000), [destination('198.51.100.11', 8080, 'nat')]),
  ])
})
afterAll(() => bench?.close())

const client = '203.0.113.5'
let port = 10_000

/** Opens a connection and puts it into a state, with the counts that belong to it. */
function inState(method: 'nat' | 'dr', state: number): FramePlan {
  port++
  const plan: FramePlan = {
    source: client,
    target: VIP,
    sourcePort: port,
    targetPort: method === 'nat' ? 8000 : 80,
    flags: SYN,
  }
  bench.send(plan)
  bench.send({ ...plan, flags: ACK })
  const active = ACTIVE.includes(STATES[state] ?? '')
  change(port, (status) => (status & ~(STATE_MASK | CONNECTION_ACTIVE)) | state | (active ? CONNECTION_ACTIVE : 0))
  if (!active) shiftActive(method, -1)
  return plan
}

function change(clientPort: number, next: (status: number) => number): void {
  bench.rewrite(bench.director.maps.connections, (value, key) => {
    const keyView = new DataView(key.buffer)
    const view = new DataView(value.buffer, value.byteOffset)
    if (keyView.getUint16(8) === clientPort) view.setUint32(0, next(view.getUint32(0, true)), true)
  })
}

/** The count as if the connection had come into its state by packets. */
function shiftActive(method: 'nat' | 'dr', by: number): void {
  const { loads } = bench.director.maps
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, method === 'nat' ? 1 : 0, true)
  const value = loads.lookup(key) ?? new Uint8Array(24)
  const view = new DataView(value.buffer)
  view.setInt32(4, view.getInt32(4, true) + by, true)
  loads.update(key, value)
}

function read(clientPort: number) {
  for (const map of [bench.director.maps.connections, bench.director.maps.embryos]) {
    for (const { count, keys, values } of map.slices(4096)) {
      for (let i = 0; i < count; i++) {
        const from = new DataView(keys.buffer, keys.byteOffset + i * 16, 16).getUint16(8)
        if (from === clientPort) return ipv4.connection.decode(values, i * ipv4.connection.size)
      }
    }
  }
  return undefined
}

describe.each([
  ['the default table', byDefault, 0],
  ['secure_tcp', secure, 3],
] as const)('%s', (_name, table, mode) => {
  everyCell(rowsOf(table), mode)
})

/** Connections are opened by the default table. */
function secureTcp(mode: number): void {
  writeSettings(bench.director, { secure_tcp: mode })
  judgeDefences(bench.director, undefined)
}

function everyCell(rows: string[][], mode: number): void {
  describe.each(rows)('%s %s', (direction, event, ...columns) => {
    const method = direction === 'inonly' ? 'dr' : 'nat'
    const key = method === 'nat' ? '198.51.100.11:8080' : '192.0.2.11:80'
    test.each(columns.map((next, state) => [STATES[state], next, state] as const))('%s to %s', (_from, next, state) => {
      const plan = inState(method, state)
      secureTcp(mode)
      onTestFinished(() => secureTcp(0))
      const before = bench.load(key)
      const flags = FLAGS[event ?? '']
      if (direction === 'out')
        bench.send({
          source: '198.51.100.11',
          target: client,
          sourcePort: 8080,
          targetPort: port,
          ...(flags !== undefined && { flags }),
        })
      else bench.send({ ...plan, ...(flags !== undefined && { flags }) })
      const entry = read(port)
      const name = STATES[(entry?.status ?? 0) & STATE_MASK] ?? ''
      expect(name).toBe(next)
      expect(entry?.timeout).toBe(TIMEOUTS[next as keyof typeof TIMEOUTS])
      const was = ACTIVE.includes(STATES[state] ?? '') ? 1 : 0
      const is = ACTIVE.includes(name) ? 1 : 0
      expect(bench.load(key).active - before.active).toBe(is - was)
      expect(bench.load(key).active + bench.load(key).inactive).toBe(before.active + before.inactive)
    })
  })
}
