import { type Log, type Micros, ok, seconds } from '../../base/index.ts'
import {
  applyOps,
  type BackendCapabilities,
  type ForwardingBackend,
  type ForwardingState,
  type OpResult,
  plan,
  type ServiceState,
  type TableOp,
} from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { ForwardingPorts } from './ports.ts'
import { type ServiceFailure, supportedPart } from './supported.ts'

const firstRetry = seconds(1)
const longestRetry = seconds(30)

/** Which services of the table the daemon has made, across its lives; others were made by hand and are not removed. */
export type OwnServices = {
  readonly known: readonly string[]
  remember(keys: readonly string[]): void
}

/** Holds a backend to what is wanted: one plan at a time, failed services retried from what the kernel then really holds. */
export type TableKeeper = {
  /** Until the first complete list nothing is planned: an incomplete one would remove what is still wanted. */
  want(order: number, complete: boolean, services: readonly ServiceState[]): void
  /** What could not be put into the table, by the last attempt. */
  readonly failures: () => readonly ServiceFailure[]
  readonly wanted: () => readonly ServiceState[]
  /** Keys of what is in the table by our doing. */
  readonly own: () => readonly string[]
  /** Nothing of ours is there any more. */
  forget(): void
  /** Resolves when no attempt is under way; nothing is begun any more. */
  stop(): Promise<void>
}

export function createTableKeeper(
  backend: ForwardingBackend,
  can: BackendCapabilities,
  ownServices: OwnServices,
  ports: Pick<ForwardingPorts, 'schedule'>,
  log: Log,
  onApplied: (order: number, failures: readonly ServiceFailure[]) => void,
): TableKeeper {
  const wanted = new Map<string, ServiceState>()
  let known = false
  let lastOrder = 0
  /** What is in the table by the orders that succeeded; hand edits are not in it, so that they stay. */
  let held: ForwardingState | undefined
  /** Of these it is not known what the table holds. */
  let doubtful: ReadonlySet<string> = new Set()
  let own: ReadonlySet<string> = new Set(ownServices.known)
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
    // Somebody may have made by hand what is wanted for the first time.
    const before = await heldNow(new Set([...doubtful, ...services.map(keyOfState).filter((key) => !own.has(key))]))
    const isOwn = own
    rememberOwn([...own, ...services.map(keyOfState)])
    // A service that cannot become what it should be stays what it is, and so does one that is not ours.
    const ops = plan(before, { services }, (key) => isOwn.has(key) && !refused.has(key))
    const failed = await applyAll(ops)
    const told = new Set(failures.map(failureText))
    failures = [...unsupported, ...failed]
    for (const failure of failures) {
      if (!told.has(failureText(failure)))
        log.error('service is not as configured', { service: failure.serviceKey, reason: failure.reason })
    }
    held = applyOps(before, ops)
    doubtful = new Set(failed.map((failure) => failure.serviceKey))
    rememberOwn([...services.map(keyOfState), ...[...own].filter((key) => refused.has(key) || doubtful.has(key))])
    if (failed.every(({ final }) => final === true)) retryAfter = firstRetry
    else {
      cancelRetry = stopped ? undefined : ports.schedule(retryAfter, attempt)
      retryAfter = Math.min(retryAfter * 2, longestRetry) as Micros
    }
    onApplied(order, failures)
  }

  /** @param unsure  services to look at in the table itself */
  async function heldNow(unsure: ReadonlySet<string>): Promise<ForwardingState> {
    if (held !== undefined && unsure.size === 0) return held
    const read = await backend.read()
    if (held === undefined) return read
    const isDoubtful = (state: ServiceState) => unsure.has(keyOfState(state))
    return {
      services: [...held.services.filter((state) => !isDoubtful(state)), ...read.services.filter(isDoubtful)],
    }
  }

  function rememberOwn(keys: readonly string[]): void {
    const next = new Set(keys)
    if (next.size === own.size && [...next].every((key) => own.has(key))) return
    own = next
    ownServices.remember([...next])
  }

  async function applyAll(ops: readonly TableOp[]): Promise<readonly ServiceFailure[]> {
    if (ops.length === 0) return []
    const results: OpResult[] = []
    for (const piece of pieces(ops)) {
      if (results.length > 0) await pause()
      results.push(...(await backend.apply(piece)))
    }
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
    own: () => [...own],
    forget: () => rememberOwn([]),
    async stop() {
      stopped = true
      again = false
      cancelRetry?.()
      await running
    },
  }
}

/** Orders carried out in one go, and then some more until the next service: between pieces signs of life are answered. */
const PIECE = 1_000

function* pieces(ops: readonly TableOp[]): Iterable<readonly TableOp[]> {
  for (let from = 0; from < ops.length; ) {
    let to = Math.min(from + PIECE, ops.length)
    while (to < ops.length && keyOf(ops[to] as TableOp) === keyOf(ops[to - 1] as TableOp)) to++
    yield ops.slice(from, to)
    from = to
  }
}

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))

const keyOf = (op: TableOp): string => (op.type === 'put-service' ? serviceKey(op.service.address) : op.serviceKey)

const keyOfState = (state: ServiceState): string => serviceKey(state.service.address)

const failureText = (failure: ServiceFailure): string => `${failure.serviceKey} ${failure.reason}`
