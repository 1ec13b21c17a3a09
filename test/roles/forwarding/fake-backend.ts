import { fail, ok, type Result } from '../../../src/base/index.ts'
import {
  applyOps,
  type BackendCapabilities,
  type ControlOp,
  type ForwardingBackend,
  type ForwardingOp,
  type ForwardingState,
  type OpError,
  type OpResult,
  type TableOp,
  type Unsupported,
} from '../../../src/forwarding/index.ts'

/** A backend in memory that holds what it is told, refuses what `refuse` says, and remembers every call. */
export function fakeBackend(initial: ForwardingState = { services: [] }) {
  const calls: string[] = []
  const applied: (readonly TableOp[])[] = []
  const capabilities: BackendCapabilities = {
    methods: ['nat', 'dr'],
    schedulers: ['rr', 'wrr', 'lc', 'wlc'],
    families: [4],
    protocols: ['tcp', 'udp'],
    tunnels: [],
    firewallMarks: false,
  }
  const fake = {
    calls,
    applied,
    state: initial,
    /** Orders about forwarding as a whole. */
    controls: [] as ControlOp[],
    refuse: undefined as ((op: TableOp) => string | OpError | undefined) | undefined,
    refuseControl: undefined as ((op: ControlOp) => string | undefined) | undefined,
    probed: ok(capabilities) as Result<BackendCapabilities, Unsupported>,
    /** What orders have to wait for. */
    readies: undefined as ((ops: readonly ForwardingOp[]) => Promise<void> | undefined) | undefined,
    closed: undefined as 'services-in-place' | 'nothing' | undefined,
  }
  const backend: ForwardingBackend = {
    kind: 'ebpf',
    probe: async () => fake.probed,
    async read() {
      calls.push('read')
      return fake.state
    },
    readies: (ops) => fake.readies?.(ops),
    async apply(all) {
      await fake.readies?.(all)
      const ops = all.filter(isTableOp)
      calls.push('apply')
      if (ops.length > 0) applied.push(ops)
      return all.map((op): OpResult => {
        if (!isTableOp(op)) {
          fake.controls.push(op)
          const reason = fake.refuseControl?.(op)
          return reason === undefined ? ok(undefined) : fail({ reason: 'not-supported', message: reason })
        }
        const refusal = fake.refuse?.(op)
        if (typeof refusal === 'string') return fail({ reason: 'no-space', message: refusal })
        if (refusal !== undefined) return fail(refusal)
        fake.state = applyOps(fake.state, [op])
        return ok(undefined)
      })
    },
    info: async () => ({ version: '1.2.1', connectionTableSize: 4096 }),
    timeouts: async () => ({ tcp: 900, tcpFin: 120, udp: 300 }),
    settings: async () => ({ sloppy_tcp: 1 }),
    syncDaemons: async () => [],
    counters: async () => [],
    exits: async () => ({ 'not-ours': 3 }),
    connections: async () => [],
    async close(leave) {
      fake.closed = leave
      if (leave === 'nothing') fake.state = { services: [] }
    },
  }
  return Object.assign(fake, { backend })
}

const isTableOp = (op: ForwardingOp): op is TableOp =>
  op.type === 'put-service' ||
  op.type === 'remove-service' ||
  op.type === 'put-destination' ||
  op.type === 'remove-destination'
