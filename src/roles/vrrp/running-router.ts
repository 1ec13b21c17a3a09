import { elapsed, type Instant, type IpAddress } from '../../base/index.ts'
import { neededInterfaces, type Track, type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { VirtualRouterSnapshot } from '../../observe/index.ts'
import {
  deadlineOf,
  type Expectation,
  initialize,
  type LastHeard,
  OWNER,
  type Remark,
  type VrrpState,
} from '../../proto/vrrp/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import type { Fetching } from './catch-up.ts'
import { type HeaderSigner, type HeaderSignerState, openHeaderSigner } from './header-signer.ts'
import { advertisementsOf, expectationOf, type Outgoing, withTrailer } from './outgoing.ts'
import { type RejectedSenders, rejectedSnapshot } from './rejected.ts'
import type { Judged } from './repeats.ts'
import { type Signer, signerFor } from './signer.ts'

/** A virtual router with its machine's state and what was counted; the role's one mutable object a virtual router. */
export type RunningRouter = {
  readonly key: string
  configured: VirtualRouter
  /** What counts for it, with its sync group's. */
  tracks: readonly Track[]
  /** Interfaces without which it may not run, but for its own. */
  needs: ReadonlySet<string>
  /** As configured but for the priority, which is the effective one. */
  router: VirtualRouter
  expectation: Expectation
  state: VrrpState
  /** When the state was entered, ms since 1970. */
  since: number
  /** The same on the clock of the machine. */
  enteredAt: Instant
  /** The last advertisement that was accepted. */
  lastHeard: (LastHeard & { readonly wall: number }) | undefined
  /** Whose were refused. */
  readonly rejected: RejectedSenders
  /** Where our advertisements come from; undefined while there is no usable address. */
  source: IpAddress | undefined
  /** Of auth_hmac. */
  signer: Signer | undefined
  /** Of auth_type AH. */
  headerSigner: (HeaderSigner & HeaderSignerState) | undefined
  /** Encoded advertisements by priority, not signed; emptied when anything in them changes. */
  readonly outgoing: Map<number, readonly Outgoing[]>
  /** What was complained about since the state was entered: once is enough. */
  readonly complained: Set<string>
  /** When it was complained about last, whatever the state. */
  readonly complainedAt: Map<string, Instant>
  /** Forgotten when the configuration changes. */
  judged: Judged | undefined
  /** A late deadline was put off once, so that what waits in the socket is heard first. */
  putOff: boolean
  /** While connections are fetched that it needs as master. */
  fetching: Fetching | undefined
  /** The deadline for which a backup has made ready. */
  readyFor: Instant | undefined
  readonly counters: {
    advertisementsSent: number
    advertisementsReceived: number
    priorityZeroSent: number
    priorityZeroReceived: number
    becameMaster: number
    releasedMaster: number
    readonly drops: Map<string, number>
    readonly remarks: Map<Remark, number>
  }
}

export function newRunningRouter(router: VirtualRouter, wall: number, now: Instant): RunningRouter {
  return {
    key: virtualRouterKey(router),
    configured: router,
    tracks: [],
    needs: neededInterfaces(router),
    router,
    expectation: expectationOf(router),
    state: initialize,
    since: wall,
    enteredAt: now,
    lastHeard: undefined,
    rejected: new Map(),
    source: undefined,
    signer: signerFor(router.hmac, undefined),
    headerSigner: headerSignerFor(router, undefined),
    outgoing: new Map(),
    complained: new Set(),
    complainedAt: new Map(),
    judged: undefined,
    putOff: false,
    fetching: undefined,
    readyFor: undefined,
    counters: {
      advertisementsSent: 0,
      advertisementsReceived: 0,
      priorityZeroSent: 0,
      priorityZeroReceived: 0,
      becameMaster: 0,
      releasedMaster: 0,
      drops: new Map(),
      remarks: new Map(),
    },
  }
}

/** What was counted under another configuration goes on to count. */
export const headerSignerFor = (router: VirtualRouter, before: HeaderSignerState | undefined) =>
  router.authentication?.type === 'ah' ? openHeaderSigner(router, before) : undefined

export function clearCounters({ counters }: RunningRouter): void {
  const { drops, remarks, ...counts } = counters
  for (const name of Object.keys(counts)) counters[name as keyof typeof counts] = 0
  drops.clear()
  remarks.clear()
}

/**
 * The datagrams of one advertisement with this priority, signed where that is configured, once for all peers; none without a
 * source address.
 * @param wall milliseconds since 1970
 */
export function outgoingAt(running: RunningRouter, priority: number, wall: number): readonly Outgoing[] {
  const datagrams = unsignedAt(running, priority)
  if (running.headerSigner !== undefined) return running.headerSigner.seal(datagrams, wall)
  const [first] = datagrams
  const trailer = first && running.signer?.sign(first.source, first.payload, wall)
  return trailer === undefined ? datagrams : withTrailer(datagrams, trailer)
}

function unsignedAt(running: RunningRouter, priority: number): readonly Outgoing[] {
  const known = running.outgoing.get(priority)
  if (known !== undefined) return known
  if (running.source === undefined) return []
  const made = advertisementsOf(running.router, running.source, priority)
  running.outgoing.set(priority, made)
  return made
}

/**
 * Whether this deadline was missed so far that we may not have listened: what would have kept a backup from taking over, or
 * the master that took the place of one who was not scheduled, waits in the socket (keepalived: timer_expired_backup).
 */
export const isOverslept = (deadline: Instant, now: Instant): boolean => now - deadline > OVERSLEPT

/** µs. Looking into the socket first costs a turn of the event loop, some 50 µs. */
const OVERSLEPT = 2_000

/** @param unclaimed what its socket got for nobody, by reason */
export function snapshotOf(running: RunningRouter, unclaimed?: ReadonlyMap<string, number>): VirtualRouterSnapshot {
  const { router, state, counters, source } = running
  const heard = state.name === 'backup' ? state.heard : undefined
  const masterAddress = state.name === 'master' ? source : heard?.source
  const masterPriority = state.name === 'master' ? router.priority : heard?.priority
  const inSeconds = (us: number): number => us / 1_000_000
  const { drops, remarks, ...counts } = counters
  return {
    name: router.name,
    interface: router.interface,
    family: router.family,
    version: router.version,
    virtualRouterId: router.virtualRouterId,
    state: state.name,
    since: new Date(running.since).toISOString(),
    ...(state.name === 'fault' ? { faultReason: state.reason } : {}),
    basePriority: running.configured.priority,
    effectivePriority: router.priority,
    preempt: router.preempt,
    advertisementInterval: inSeconds(router.advertisementInterval),
    masterInterval: inSeconds(state.name === 'backup' ? state.masterInterval : router.advertisementInterval),
    ...(masterAddress === undefined ? {} : { masterAddress }),
    ...(masterPriority === undefined ? {} : { masterPriority }),
    ...(source === undefined ? {} : { source }),
    addresses: [...router.addresses, ...router.excludedAddresses].map((one) => `${one.address}/${one.prefixLength}`),
    ...counts,
    drops: Object.fromEntries(drops),
    ...(remarks.size === 0 ? {} : { remarks: Object.fromEntries(remarks) }),
    ...(unclaimed === undefined ? {} : { unclaimed: Object.fromEntries(unclaimed) }),
    ...(running.lastHeard === undefined ? {} : { lastHeard: lastHeardOf(running.lastHeard) }),
    ...(running.rejected.size === 0 ? {} : { rejected: rejectedSnapshot(running.rejected) }),
  }
}

const lastHeardOf = ({ source, priority, wall }: LastHeard & { readonly wall: number }) => ({
  source,
  priority,
  at: new Date(wall).toISOString(),
})

/** An owner's addresses that are on the interface anyway are the host's own. */
export const ownsAddresses = (router: VirtualRouter): boolean => router.priority === OWNER

/** When its timer runs out, by the wall clock. */
export function timerOf(
  { state }: RunningRouter,
  clock: Pick<Clock, 'now' | 'wall'>,
): Pick<VirtualRouterSnapshot, 'timerAt'> {
  const at = deadlineOf(state)
  if (at === undefined) return {}
  return { timerAt: new Date(clock.wall() + elapsed(clock.now(), at) / 1_000).toISOString() }
}
