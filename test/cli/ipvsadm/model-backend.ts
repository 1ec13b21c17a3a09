/** A backend in memory that refuses what the kernel's IPVS refuses, for tests of the command alone. */

import { fail, familyOf, ok } from '../../../src/base/index.ts'
import type { IpvsadmBackend } from '../../../src/cli/ipvsadm/table-access.ts'
import {
  applyOps,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
  type SyncDaemon,
  type Timeouts,
} from '../../../src/forwarding/index.ts'

export type ModelBackend = IpvsadmBackend & { state: ForwardingState }

export function modelBackend(initial: ForwardingState = { services: [] }): ModelBackend {
  let timeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 }
  let daemons: readonly SyncDaemon[] = []
  const refuse = (code: string): OpResult => fail({ reason: 'invalid', code, message: `the kernel says ${code}` })
  const applyOne = (op: ForwardingOp): OpResult => {
    switch (op.type) {
      case 'put-service':
        if (!['sip', undefined].includes(op.service.persistenceEngine)) return refuse('ENOENT')
        backend.state = applyOps(backend.state, [op])
        return ok(undefined)
      case 'put-destination': {
        const { address } = op.destination
        if (familyOf(address) === 4 && /^(0|22[4-9]|2[3-5]\d)\./.test(address)) return refuse('EINVAL')
        backend.state = applyOps(backend.state, [op])
        return ok(undefined)
      }
      case 'remove-service':
      case 'remove-destination':
        backend.state = applyOps(backend.state, [op])
        return ok(undefined)
      case 'set-timeouts': {
        const { tcp, tcpFin, udp } = op.timeouts
        timeouts = { tcp: tcp || timeouts.tcp, tcpFin: tcpFin || timeouts.tcpFin, udp: udp || timeouts.udp }
        return ok(undefined)
      }
      case 'start-sync-daemon':
        if (op.daemon.interface !== 'v0') return refuse('ENODEV')
        daemons = [...daemons, op.daemon]
        return ok(undefined)
      case 'stop-sync-daemon':
        daemons = daemons.filter(({ role }) => role !== op.role)
        return ok(undefined)
      case 'zero-counters':
      case 'set-settings':
        return ok(undefined)
    }
  }
  const backend: ModelBackend = {
    kind: 'ipvs',
    state: initial,
    read: async () => backend.state,
    info: async () => ({ version: '1.2.1', connectionTableSize: 4096 }),
    timeouts: async () => timeouts,
    settings: async () => ({}),
    syncDaemons: async () => daemons,
    apply: async (ops) => ops.map(applyOne),
    counters: async () => [],
    exits: async () => ({}),
    connections: async () => [],
  }
  return backend
}
