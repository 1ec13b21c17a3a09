import { type Log, type Micros, ok, seconds } from '../../base/index.ts'
import {
  type BackendCapabilities,
  type ForwardingBackend,
  type OpResult,
  plan,
  type ServiceState,
  type TableOp,
} from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { WantedNews } from '../ipc/index.ts'
import { condensed, keyOf } from './condensed.ts'
import type { ForwardingPorts } from './ports.ts'
import { type ServiceFailure, supportedPart } from './supported.ts'

const firstRetry = seconds(1)
const longestRetry = seconds(30)

/** Which services of the table the daemon has made, across its lives; others were made by hand and are not removed. */
export type OwnServices = {
  readonly known: readonly string[]
  remember(keys: readonly string[]): void
}

/**
 * Holds a backend to what is wanted: one plan at a time, of those services of which something else is wanted than before, and
 * of failed ones from what the kernel then really holds.
 */
export type TableKeeper = {
  /** Until the first complete list nothing is planned: an incomplete one would remove what is still wanted. */
  want(order: number, news: WantedNews): void
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
  let held: Map<string, ServiceState> | undefined
  /** Of these something else is wanted than at the last attempt. */
  let changed = new Set<string>()
  /** Of these it is not known what the table holds. */
  let doubtful: ReadonlySet<string> = new Set()
  /** Of these the backend has to be made ready for what is wanted; others do not wait for them. */
  let aside: ReadonlySet<string> = new Set()
  let own: ReadonlySet<string> = new Set(ownServices.known)
  const failures = new Map<string, readonly ServiceFailure[]>()
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
    const keys = withoutLate(new Set([...changed, ...doubtful, ...aside]))
    changed = new Set()
    const { services, failures: unsupported } = supportedPart(statesIn(wanted, keys), can)
    const refused = new Set(unsupported.map((failure) => failure.serviceKey))
    const present = new Set(keys.filter((key) => wanted.has(key)))
    const foreign = services.map(keyOfState).filter((key) => !own.has(key))
    // Somebody may have made by hand what is wanted for the first time.
    const before = await heldNow(new Set([...doubtful, ...foreign]))
    const isOwn = own
    if (foreign.length > 0) rememberOwn([...own, ...foreign])
    // A service that cannot become what it should be stays what it is, and so does one that is not ours.
    const ops = plan({ services: statesIn(before, keys) }, { services }, (key) => isOwn.has(key) && !refused.has(key))
    const failed = await applyAll(ops)
    const stillDoubtful = [...doubtful].filter((key) => aside.has(key))
    doubtful = new Set([...failed.map((failure) => failure.serviceKey), ...stillDoubtful])
    noteFailures(keys, [...unsupported, ...failed])
    for (const state of services) before.set(keyOfState(state), state)
    for (const op of ops) if (op.type === 'remove-service') before.delete(op.serviceKey)
    const gone = new Set(keys.filter((key) => own.has(key) && !present.has(key) && !doubtful.has(key)))
    if (gone.size > 0) rememberOwn([...own].filter((key) => !gone.has(key)))
    if (failed.every(({ final }) => final === true)) retryAfter = firstRetry
    else {
      cancelRetry = stopped ? undefined : ports.schedule(retryAfter, attempt)
      retryAfter = Math.min(retryAfter * 2, longestRetry) as Micros
    }
    onApplied(order, allFailures())
  }

  /** Sets aside what has to wait; it is attempted again when it need not any more. */
  function withoutLate(all: ReadonlySet<string>): readonly string[] {
    const late = new Set<string>()
    for (const key of all) {
      const state = wanted.get(key)
      const ready = state === undefined ? undefined : backend.readies?.(ordersFor(key, state))
      if (ready === undefined) continue
      // One that was set aside before has asked for its attempt.
      if (!aside.has(key)) ready.then(attempt)
      late.add(key)
    }
    aside = late
    return [...all].filter((key) => !late.has(key))
  }

  function noteFailures(keys: readonly string[], now: readonly ServiceFailure[]): void {
    const told = new Set(keys.flatMap((key) => failures.get(key) ?? []).map(failureText))
    for (const key of keys) failures.delete(key)
    for (const failure of now) {
      failures.set(failure.serviceKey, [...(failures.get(failure.serviceKey) ?? []), failure])
      if (!told.has(failureText(failure)))
        log.error('service is not as configured', { service: failure.serviceKey, reason: failure.reason })
    }
  }

  const allFailures = (): readonly ServiceFailure[] => [
    ...[...failures.values()].flat(),
    ...[...aside].map((key) => ({ serviceKey: key, reason: 'its forwarding programs are being loaded' })),
  ]

  /** @param unsure  services to look at in the table itself */
  async function heldNow(unsure: ReadonlySet<string>): Promise<Map<string, ServiceState>> {
    if (held !== undefined && unsure.size === 0) return held
    const { services } = await backend.read()
    if (held === undefined) {
      held = new Map(services.map((state) => [keyOfState(state), state]))
      return held
    }
    for (const key of unsure) held.delete(key)
    for (const state of services) {
      const key = keyOfState(state)
      if (unsure.has(key)) held.set(key, state)
    }
    return held
  }

  function rememberOwn(keys: readonly string[]): void {
    own = new Set(keys)
    ownServices.remember([...own])
  }

  async function applyAll(ops: readonly TableOp[]): Promise<readonly ServiceFailure[]> {
    if (ops.length === 0) return []
    const results: OpResult[] = []
    for (const piece of pieces(ops)) {
      if (results.length > 0) await pause()
      for (const result of await backend.apply(piece)) results.push(result)
    }
    const without = new Set<string>()
    const refused = ops.flatMap((op, index) => {
      const result = results[index] ?? ok(undefined)
      if (result.ok) return []
      const { error } = result
      // The service is what could not be put; that its destinations have no place follows.
      if (error.reason === 'not-found' && without.has(keyOf(op))) return []
      if (op.type === 'put-service') without.add(keyOf(op))
      return [{ op, error }]
    })
    return condensed(refused)
  }

  return {
    want(order, { complete, services, kept = [] }) {
      lastOrder = order
      if (complete) {
        const keep = new Set(kept)
        for (const key of [...wanted.keys(), ...(known ? [] : own)]) {
          if (keep.has(key)) continue
          wanted.delete(key)
          changed.add(key)
        }
      }
      known ||= complete
      for (const state of services) {
        const key = keyOfState(state)
        wanted.set(key, state)
        changed.add(key)
      }
      attempt()
    },
    failures: allFailures,
    wanted: () => [...wanted.values()],
    own: () => [...own],
    forget: () => {
      if (own.size > 0) rememberOwn([])
    },
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

const keyOfState = (state: ServiceState): string => serviceKey(state.service.address)

const statesIn = (all: ReadonlyMap<string, ServiceState>, keys: readonly string[]): readonly ServiceState[] =>
  keys.flatMap((key) => all.get(key) ?? [])

/** All there is to say of a service. */
const ordersFor = (key: string, { service, destinations }: ServiceState): readonly TableOp[] => [
  { type: 'put-service', service },
  ...destinations.map((destination): TableOp => ({ type: 'put-destination', serviceKey: key, destination })),
]

const failureText = (failure: ServiceFailure): string => `${failure.serviceKey} ${failure.reason}`
