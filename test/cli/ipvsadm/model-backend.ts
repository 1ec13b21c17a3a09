/** A backend in memory that refuses what the kernel's IPVS refuses, for tests of the command alone. */

import { address, fail, familyOf, ok } from '../../../src/base/index.ts'
import type { IpvsadmBackend } from '../../../src/cli/ipvsadm/table-access.ts'
import {
  applyOps,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
  type ServiceState,
  type SyncDaemon,
  type Timeouts,
} from '../../../src/forwarding/index.ts'

export type ModelBackend = IpvsadmBackend & { state: ForwardingState }

const defaultsFor = ({ group }: SyncDaemon) => ({
  maxLength: group?.includes(':') ? 1452 : 1472,
  group: address('224.0.0.81'),
  port: 8848,
  ttl: 1,
})

const isMixed = ({ service, destinations }: ServiceState): boolean =>
  destinations.some(
    (one) =>
      familyOf(one.address) !==
      (service.address.kind === 'fwmark' ? service.address.family : familyOf(service.address.address)),
  )

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
        const to = op.destination.address
        if (familyOf(to) === 4 && /^(0|22[4-9]|2[3-5]\d)\./.test(to)) return refuse('EINVAL')
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
        // Synchronisation has no words for a service whose servers are of another family.
        if (backend.state.services.some(isMixed)) return refuse('EINVAL')
        if (!['v0', 'v1'].includes(op.daemon.interface)) return refuse('ENODEV')
        daemons = [...daemons, { ...defaultsFor(op.daemon), ...op.daemon }]
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
