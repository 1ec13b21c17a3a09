import {
  fail,
  type Instant,
  type IpAddress,
  instant,
  address as ipAddress,
  micros,
  ok,
  seconds,
  silentLog,
} from '../../../src/base/index.ts'
import {
  type Checker,
  type CheckTiming,
  endpoint,
  type RealServer,
  serviceKey,
  type VirtualServer,
} from '../../../src/model/index.ts'
import type { VirtualServerSnapshot } from '../../../src/observe/index.ts'
import type { LookupFailure } from '../../../src/proto/lookup/index.ts'
import type { Outcome, OutcomeReason } from '../../../src/proto/probe/index.ts'
import { type CheckerPorts, startChecker } from '../../../src/roles/checker/index.ts'
import type { Found } from '../../../src/roles/checker/lookup.ts'
import type {
  Channel,
  CheckerSlice,
  FromChecker,
  HealthRecord,
  ToChecker,
  TrackedNumber,
} from '../../../src/roles/ipc/index.ts'

export type World = {
  /** What probes of this `address:port` end in; `connected` where nothing is said. `hang` never ends. */
  readonly answers: Map<string, OutcomeReason | 'hang'>
  /** What successful probes of this `address:port` add to the weight; where nothing is said, nothing is. */
  readonly contributions: Map<string, number>
  /** Endpoints in the order they were probed, with the second it happened in. */
  readonly probes: string[]
  readonly running: () => number
  readonly heard: FromChecker[]
  send(message: ToChecker): void
  /** Offers and commits. */
  configure(
    servers: CheckerSlice['virtualServers'],
    health?: readonly HealthRecord[],
    files?: readonly TrackedNumber[],
    more?: Pick<CheckerSlice, 'serverNames' | 'nameServers'>,
  ): Promise<void>
  /** Turns the clock on, stopping at each deadline. */
  pass(seconds: number): Promise<void>
  /** Forgets what was heard. */
  fresh(): void
  said<T extends FromChecker['type']>(type: T): Extract<FromChecker, { readonly type: T }>[]
  /** What it tells of all it checks, where that goes in one piece. */
  snapshot(id?: number): readonly VirtualServerSnapshot[]
  /** Weights in the forwarding table, as the last message has them. */
  table(): Record<string, Record<string, number>>
  /** From here on the host has these addresses. */
  holds(...addresses: readonly string[]): void
  readonly watching: () => boolean
  /** What names have come to; those of which nothing is said do not exist. `hang`: nobody answers. */
  readonly names: Map<string, Found | LookupFailure['reason'] | 'hang'>
  /** Names in the order they were asked for, with the second it happened in. */
  readonly lookups: string[]
  hangUp(): void
  readonly closed: () => boolean
  readonly armed: () => Instant | undefined
  /** How often the timer has fired. */
  readonly turns: () => number
}

/** A checker role in a world of its own: clock, timer, probes and channel are all the test's. */
export function openWorld(): World {
  let now = instant(0)
  let deadline: Instant | undefined
  let fire = () => {}
  let receive: (message: ToChecker) => void = () => {}
  let channelClosed = () => {}
  let closed = false
  let running = 0
  let turns = 0
  let revision = 0
  let held: ReadonlySet<IpAddress> = new Set()
  let tellAddresses: ((held: ReadonlySet<IpAddress>) => void) | undefined
  const heard: FromChecker[] = []
  const answers = new Map<string, OutcomeReason | 'hang'>()
  const contributions = new Map<string, number>()
  const probes: string[] = []
  const names: World['names'] = new Map()
  const lookups: string[] = []
  const table: Record<string, Record<string, number>> = {}

  const channel: Channel<ToChecker, FromChecker> = {
    send(message) {
      const copy = structuredClone(message)
      heard.push(copy)
      if (copy.type !== 'services-wanted') return
      if (copy.complete) for (const key of Object.keys(table)) if (copy.kept?.includes(key) !== true) delete table[key]
      for (const { service, destinations } of copy.services)
        table[serviceKey(service.address)] = Object.fromEntries(destinations.map((d) => [endpoint(d), d.weight]))
    },
    onMessage(handler) {
      receive = handler
    },
    onClosed(handler) {
      channelClosed = handler
    },
    close() {
      closed = true
    },
  }
  const ports: CheckerPorts = {
    clock: { now: () => now, wall: () => Date.UTC(2026, 0, 1) + now / 1000 },
    openTimer: (onFire) => {
      fire = onFire
      return {
        arm(at) {
          deadline = at
        },
        close() {
          deadline = undefined
        },
      }
    },
    random: () => 0,
    async lookUp(of, nameServers, signal) {
      lookups.push([now / 1e6, of.name, ...(nameServers ?? []).map(endpoint)].join(' '))
      const found = names.get(of.name) ?? 'nxdomain'
      if (found === 'hang') await new Promise((resolve) => signal.addEventListener('abort', resolve))
      if (typeof found === 'object') return ok(found)
      return fail({ reason: found === 'hang' ? 'unanswered' : found, message: `${of.name}: ${found}` })
    },
    probesAtATime: 512,
    watchAddresses(onAddresses) {
      tellAddresses = onAddresses
      onAddresses(held)
      return {
        close() {
          tellAddresses = undefined
        },
      }
    },
    async probe(checker, request, signal) {
      if (!('target' in checker)) throw new Error(`${checker.kind} was to make a probe`)
      const target = endpoint(checker.target)
      const path = checker.kind === 'http' ? (checker.requests[request]?.path ?? '?') : ''
      probes.push(`${now / 1e6} ${target}${path}`)
      running++
      const answer = answers.get(`${target}${path}`) ?? answers.get(target) ?? 'connected'
      if (answer === 'hang') await new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
      running--
      const contribution = contributions.get(target)
      return {
        reason: answer === 'hang' ? 'connect-timeout' : answer,
        detail: `it was ${answer}`,
        ...(contribution === undefined ? {} : { contribution }),
      } satisfies Outcome
    },
  }
  startChecker(channel, ports, silentLog)

  const world: World = {
    answers,
    contributions,
    probes,
    heard,
    running: () => running,
    send: (message) => receive(structuredClone(message)),
    async configure(virtualServers, health = [], files = [], more = {}) {
      revision++
      world.send({ type: 'offer', revision, slice: { virtualServers, health, files, ...more } })
      world.send({ type: 'commit', revision })
      await settled()
    },
    async pass(length) {
      const end = instant(now + length * 1e6)
      for (let i = 0; deadline !== undefined && deadline <= end; i++) {
        if (i > 100_000) throw new Error('the role never comes to rest')
        now = instant(Math.max(now, deadline))
        turns++
        fire()
        await settled()
      }
      now = end
    },
    fresh: () => void heard.splice(0),
    said: (type) => heard.filter((message) => message.type === type) as never,
    snapshot(id = 1) {
      world.send({ type: 'snapshot-requested', id })
      return JSON.parse(world.said('snapshot').at(-1)?.snapshot ?? '')
    },
    table: () => table,
    holds(...addresses) {
      held = new Set(addresses.map(ipAddress))
      tellAddresses?.(held)
    },
    watching: () => tellAddresses !== undefined,
    names,
    lookups,
    hangUp: () => channelClosed(),
    closed: () => closed,
    armed: () => deadline,
    turns: () => turns,
  }
  return world
}

/** All that is ready to run has run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

export const timing: CheckTiming = {
  delayLoop: seconds(6),
  retry: 1,
  delayBeforeRetry: seconds(2),
  warmup: micros(0),
  alpha: false,
  logAllFailures: false,
}

export const tcp = (address: string, port = 80, over: Partial<CheckTiming> = {}): Checker => ({
  kind: 'tcp',
  timing: { ...timing, ...over },
  target: { address: ipAddress(address), port, connectTimeout: seconds(5) },
})

export const bfd = (session: string, over: Partial<CheckTiming> = {}): Checker => ({
  kind: 'bfd',
  timing: { ...timing, ...over },
  session,
})

export const http = (address: string, paths: readonly string[], over: Partial<CheckTiming> = {}): Checker => ({
  kind: 'http',
  timing: { ...timing, ...over },
  target: { address: ipAddress(address), port: 80, connectTimeout: seconds(5) },
  requests: paths.map((path) => ({ path, statusCodes: [{ from: 200, to: 299 }] })),
  httpVersion: '1.0',
  fastRecovery: false,
})

export const real = (address: string, over: Partial<RealServer> = {}): RealServer => ({
  address: ipAddress(address),
  port: 80,
  weight: 1,
  method: 'dr',
  inhibitOnFailure: false,
  upperThreshold: 0,
  lowerThreshold: 0,
  checkers: [tcp(address)],
  ...over,
})

export const virtual = (realServers: readonly RealServer[], over: Partial<VirtualServer> = {}): VirtualServer => {
  const service = { kind: 'address', protocol: 'tcp', address: '192.0.2.1' as IpAddress, port: 80 } as const
  return {
    key: serviceKey(service),
    service,
    scheduler: 'wlc',
    onePacket: false,
    realServers,
    quorum: 1,
    hysteresis: 0,
    alpha: false,
    omega: false,
    ...over,
  }
}

export const VIP = 'tcp/192.0.2.1:80'
