import { fail, ok, type Result } from '../../../src/base/index.ts'
import {
  applyOps,
  type BackendCapabilities,
  type ForwardingBackend,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
  type Unsupported,
} from '../../../src/forwarding/index.ts'

/** A backend in memory that holds what it is told, refuses what `refuse` says, and remembers every call. */
export function fakeBackend(initial: ForwardingState = { services: [] }) {
  const calls: string[] = []
  const applied: (readonly ForwardingOp[])[] = []
  const capabilities: BackendCapabilities = {
    methods: ['nat', 'dr'],
    schedulers: ['rr', 'wrr', 'lc', 'wlc'],
    families: [4],
    protocols: ['tcp', 'udp'],
  }
  const fake = {
    calls,
    applied,
    state: initial,
    refuse: undefined as ((op: ForwardingOp) => string | undefined) | undefined,
    probed: ok(capabilities) as Result<BackendCapabilities, Unsupported>,
    closed: undefined as 'services-in-place' | 'nothing' | undefined,
  }
  const backend: ForwardingBackend = {
    kind: 'ebpf',
    probe: async () => fake.probed,
    async read() {
      calls.push('read')
      return fake.state
    },
    async apply(ops) {
      calls.push('apply')
      applied.push(ops)
      return ops.map((op): OpResult => {
        const refusal = fake.refuse?.(op)
        if (refusal !== undefined) return fail({ reason: 'no-space', message: refusal })
        fake.state = applyOps(fake.state, [op])
        return ok(undefined)
      })
    },
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
