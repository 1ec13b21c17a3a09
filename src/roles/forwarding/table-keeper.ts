import { type Log, type Micros, ok, seconds } from '../../base/index.ts'
import {
  applyOps,
  type BackendCapabilities,
  type ForwardingBackend,
  type ForwardingState,
  plan,
  type ServiceState,
  type TableOp,
} from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { ForwardingPorts } from './ports.ts'
import { type ServiceFailure, supportedPart } from './supported.ts'

const firstRetry = seconds(1)
const longestRetry = seconds(30)

/** Holds a backend to what is wanted: one plan at a time, failures retried from what the kernel then really holds. */
export type TableKeeper = {
  /** Until the first complete list nothing is planned: an incomplete one would remove what is still wanted. */
  want(order: number, complete: boolean, services: readonly ServiceState[]): void
  /** What could not be put into the table, by the last attempt. */
  readonly failures: () => readonly ServiceFailure[]
  readonly wanted: () => readonly ServiceState[]
  /** Resolves when no attempt is under way; nothing is begun any more. */
  stop(): Promise<void>
}

export function createTableKeeper(
  backend: ForwardingBackend,
  can: BackendCapabilities,
  ports: Pick<ForwardingPorts, 'schedule'>,
  log: Log,
  onApplied: (order: number, failures: readonly ServiceFailure[]) => void,
): TableKeeper {
  const wanted = new Map<string, ServiceState>()
  let known = false
  let lastOrder = 0
  let held: ForwardingState | undefined
  let failures: readonly ServiceFailure[] = []
  let running: Promise<void> | undefined
  let again = false
  let cancelRetry: (() => void) | undefined
  let retryAfter: Micros = firstRetry
  let stopped = false

  function attempt(): void {
    if (stopped || !known) return
    if (running !== undefined) {
      again = true
      return
    }
    cancelRetry?.()
    cancelRetry = undefined
    running = bringAbout().finally(() => {
      running = undefined
      if (!again) return
      again = false
      attempt()
    })
  }

  async function bringAbout(): Promise<void> {
    const order = lastOrder
    const { services, failures: unsupported } = supportedPart([...wanted.values()], can)
    const refused = new Set(unsupported.map((failure) => failure.serviceKey))
    const before = held ?? (await backend.read())
    // A service that cannot become what it should be stays what it is.
    const ops = plan(before, { services }, (key) => !refused.has(key))
    const failed = await applyAll(ops)
    const told = new Set(failures.map(failureText))
    failures = [...unsupported, ...failed]
    for (const failure of failures) {
      if (!told.has(failureText(failure)))
        log.error('service is not as configured', { service: failure.serviceKey, reason: failure.reason })
    }
    held = failed.length === 0 ? applyOps(before, ops) : undefined
    if (failed.every(({ final }) => final === true)) retryAfter = firstRetry
    else {
      cancelRetry = stopped ? undefined : ports.schedule(retryAfter, attempt)
      retryAfter = Math.min(retryAfter * 2, longestRetry) as Micros
    }
    onApplied(order, failures)
  }

  async function applyAll(ops: readonly TableOp[]): Promise<readonly ServiceFailure[]> {
    if (ops.length === 0) return []
    const results = await backend.apply(ops)
    const without = new Set<string>()
    return ops.flatMap((op, index) => {
      const result = results[index] ?? ok(undefined)
      if (result.ok) return []
      const { reason, message } = result.error
      // The service is what could not be put; that its destinations have no place follows.
      if (reason === 'not-found' && without.has(keyOf(op))) return []
      if (op.type === 'put-service') without.add(keyOf(op))
      const final = reason === 'not-supported' || reason === 'invalid'
      return [{ serviceKey: keyOf(op), reason: message, ...(final ? { final: true as const } : {}) }]
    })
  }

  return {
    want(order, complete, services) {
      lastOrder = order
      if (complete) wanted.clear()
      known ||= complete
      for (const state of services) wanted.set(serviceKey(state.service.address), state)
      attempt()
    },
    failures: () => failures,
    wanted: () => [...wanted.values()],
    async stop() {
      stopped = true
      again = false
      cancelRetry?.()
      await running
    },
  }
}

const keyOf = (op: TableOp): string => (op.type === 'put-service' ? serviceKey(op.service.address) : op.serviceKey)

const failureText = (failure: ServiceFailure): string => `${failure.serviceKey} ${failure.reason}`
