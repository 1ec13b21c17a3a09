/**
 * The embedded IPVS: the backend whose forwarding is director.bpf.c at tc ingress. It owns the pinned maps and programs
 * of one directory and their place on the interfaces; the forwarding role opens it. Programs, links and maps outlive
 * the process, so traffic goes on without it: new connections are scheduled, states advance, what expires counts as
 * absent and makes room when a table is full. Only removal before that, next hops after a route change and new
 * interfaces wait for the next process.
 *
 * Does: IPv4 and IPv6, TCP and UDP, NAT, direct routing, tunnels and FULLNAT with TOA, every scheduler of IPVS, persistence,
 * thresholds, one-packet scheduling, fragments behind a first one. Does not: FTP, fragments before it (they pass to the stack),
 * connections that this host itself opens, NAT to an address of this host. Unlike IPVS it answers for a virtual address whether or not this host
 * holds it, and forwards past netfilter and ip_forward. Follows net/netfilter/ipvs of Linux 6.12 where it says nothing
 * else.
 */

import { fail, type Log, ok, type Result } from '../../base/index.ts'
import { type AttachmentKind, hasTcx, removePinDirectory } from '../../sys/bpf/index.ts'
import { driverOfInterface, readText } from '../../sys/files/index.ts'
import {
  type OpenRouteClient,
  type OpenRouteMonitor,
  openRouteClient,
  openRouteMonitor,
  type RouteEvent,
} from '../../sys/netlink/index.ts'
import { systemClock } from '../../sys/time/index.ts'
import type { BackendCapabilities, ControlOp, ForwardingBackend, OpResult, Unsupported } from '../index.ts'
import type { ConnectionExchange } from '../sync/index.ts'
import { schedulersBuilt } from './accept.ts'
import { readConnections } from './connections.ts'
import { noRates, readCounters, readExits, sampleRates } from './counters.ts'
import { freePagesOf, Lottery } from './defence.ts'
import { dropEntries } from './drop-entries.ts'
import { ESTIMATION_INTERVAL } from './estimator.ts'
import { createExchange } from './exchange.ts'
import { expireRemoved } from './expire-removed.ts'
import { FastLane, type FastLaneWish } from './fast-lane.ts'
import { hopsBy } from './hops.ts'
import { Interfaces } from './interfaces.ts'
import { Ipv6Programs } from './ipv6-programs.ts'
import { LateOrders } from './late-orders.ts'
import { MarkRules } from './marks.ts'
import { closeDirector, loadingDirector } from './program.ts'
import { judgeDefences, readSettings, readTimeouts, writeSettings, writeTimeouts } from './settings.ts'
import { inTurn, OneAtATime, withPauses } from './slices.ts'
import { type Drift, NO_DRIFT, sweep } from './sweep.ts'
import { Table } from './table.ts'

export type { FastLaneWish } from './fast-lane.ts'
export { exitNames } from './layout.ts'

export type EbpfOptions = {
  /** A directory of its own on a bpffs: /sys/fs/bpf/holdfast/NAME. */
  readonly pinDirectory: string
  readonly log: Log
  /** Entries; a NAT connection takes two. Sizes are kept while an earlier run's tables are taken over. */
  readonly connectionTableSize?: number
  /** Of both families. */
  readonly serviceTableSize?: number
  /** Of all services, removed ones included that still have connections. */
  readonly destinationTableSize?: number
  /** Only these; default: every interface that carries traffic, those that come later too. */
  readonly interfaces?: readonly string[]
  /** Where established connections are forwarded in the driver already. Default: `off`. */
  readonly fastLane?: FastLaneWish
  /** Default: tcx where the kernel has it. */
  readonly attachment?: AttachmentKind
  /** Milliseconds between passes over the connection table. */
  readonly sweepInterval?: number
  readonly openRouteClient?: OpenRouteClient
  readonly openRouteMonitor?: OpenRouteMonitor
}

/** It has no sync daemons of its own, and lends its tables to those that are made around it. */
export type EbpfBackend = ForwardingBackend & { readonly exchange: ConnectionExchange }

const DEFAULT_SWEEP_INTERVAL = 5_000
/** How often IPVS looks at the memory that is left. */
const DEFENCE_INTERVAL = 1_000
/** Route events come in bursts; they are answered together. */
const SETTLE_MS = 20
const LOOPBACK = 1

const capabilities: BackendCapabilities = {
  methods: ['nat', 'dr', 'tun', 'fullnat'],
  schedulers: schedulersBuilt,
  families: [4, 6],
  protocols: ['tcp', 'udp', 'sctp'],
  tunnels: ['ipip', 'gue', 'gre'],
  firewallMarks: true,
}

/** Loads the program, takes over what an earlier process left in the directory, and attaches to the interfaces. */
export async function openEbpfBackend(options: EbpfOptions): Promise<Result<EbpfBackend, Unsupported>> {
  const { pinDirectory, log, interfaces: only, sweepInterval = DEFAULT_SWEEP_INTERVAL } = options
  let closed = false
  /** So that others are answered; false: it is to end. */
  const pause = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(!closed)))
  const loaded = await withPauses(loadingDirector(options), pause)
  if (!loaded.ok) return loaded
  const director = loaded.value
  const client = (options.openRouteClient ?? openRouteClient)()
  if (!client.ok) {
    closeDirector(director)
    return fail({ reason: 'system', message: client.error.message })
  }
  const routes = client.value
  const now = () => Math.floor(systemClock.now() / 1_000_000)

  const hops = hopsBy(routes, log)
  hops.readLinks()
  const kind = options.attachment ?? (hasTcx(LOOPBACK) ? 'tcx' : 'clsact')
  const interfaces = new Interfaces(kind, director.programs.director, pinDirectory, only, log)
  const marks = new MarkRules(director, (name) => {
    hops.readLinks()
    interfaces.follow(hops.links())
    return hops.links().find((link) => link.name === name)?.index
  })
  const table = new Table(director, hops.to, now, (wanted) => marks.take(wanted))
  if (director.adopted) await withPauses(table.adopting(), pause)
  const ipv6 = new Ipv6Programs(director, pause, log)
  const exchange = createExchange(director, table, now, () => ipv6.wait())
  const lane = new FastLane(director, options.fastLane ?? 'off', pinDirectory, driverOfInterface, log)
  const refreshing = new OneAtATime(() => withPauses(table.refreshHops(), pause))
  const follow = () => {
    hops.readLinks()
    interfaces.follow(hops.links())
    lane.follow(hops.links())
    refreshing.ask()
  }
  let following: NodeJS.Timeout | undefined
  const onEvent = (event: RouteEvent) => {
    if (event.type === 'neighbour' || following !== undefined) return
    following = setTimeout(() => {
      following = undefined
      follow()
    }, SETTLE_MS)
  }
  const monitor = (options.openRouteMonitor ?? openRouteMonitor)({ groups: ['link', 'address', 'route'], onEvent })
  if (!monitor.ok) {
    routes.close()
    closeDirector(director)
    return fail({ reason: 'system', message: monitor.error.message })
  }
  follow()
  const marked = marks.take(table.marks())
  if (!marked.ok) log.error('packets with firewall marks are not balanced', { reason: marked.error.message })
  interfaces.dropStale()
  lane.dropStale()
  log.info(director.adopted ? 'forwarding taken over' : 'forwarding started', {
    pinDirectory,
    attachment: kind,
    services: table.state().services.length,
  })

  const rates = noRates()
  sampleRates(director, table, rates)
  const estimation = setInterval(() => sampleRates(director, table, rates), ESTIMATION_INTERVAL)
  let sweeping: Promise<void> = Promise.resolve()
  const drift: Drift = new Map()
  const sweepOnce = async () => {
    const began = now()
    for (const slot of table.usedSlots()) if (!drift.has(slot)) drift.set(slot, NO_DRIFT)
    const result = await sweep(director, drift, now, pause)
    if (result === undefined) return
    exchange.forget()
    table.freeUnreferred(new Set([...result.referred, ...table.sweepLocalities(now())]), began)
    for (const slot of drift.keys()) if (table.slotKeys(slot) === undefined) drift.delete(slot)
  }
  let next: NodeJS.Timeout | undefined
  const scheduleSweep = () => {
    next = setTimeout(() => {
      sweeping = sweepOnce().then(() => {
        if (!closed) scheduleSweep()
      })
    }, sweepInterval)
  }
  scheduleSweep()

  const lottery = new Lottery()
  const judge = () => {
    const meminfo = readText('/proc/meminfo')
    return judgeDefences(director, meminfo.ok ? freePagesOf(meminfo.value) : undefined)
  }
  const defending = setInterval(() => {
    if (judge()) dropEntries(director, lottery, now(), Math.random, (slot) => table.isOnePacket(slot))
  }, DEFENCE_INTERVAL)

  const control = (op: ControlOp): OpResult => {
    switch (op.type) {
      case 'zero-counters':
        return table.zeroCounters(op.serviceKey)
      case 'set-timeouts':
        return writeTimeouts(director, op.timeouts)
      case 'set-settings': {
        const written = writeSettings(director, op.settings)
        judge()
        const followed = marks.refresh()
        if (!followed.ok) return fail({ reason: 'system', message: followed.error.message })
        return written
      }
      case 'start-sync-daemon':
      case 'stop-sync-daemon':
        return fail({ reason: 'not-supported', message: `${op.type} is not supported by the embedded core` })
    }
  }

  const orders = inTurn()
  const late = new LateOrders(ipv6, async (ops) => {
    const results = await orders(() => withPauses(table.applying(ops, control), pause))
    exchange.forget()
    const removes = ops.some(({ type }) => type === 'remove-destination' || type === 'remove-service')
    if (removes && readSettings(director).expire_nodest_conn === 1) await expireRemoved(director, pause)
    return results
  })
  await refreshing.idle()
  return ok({
    exchange,
    kind: 'ebpf',
    probe: async () => ok(capabilities),
    read: () => orders(async () => table.state()),
    info: async () => ({ version: '1.2.1', connectionTableSize: director.maps.connections.info.entries }),
    timeouts: async () => readTimeouts(director),
    settings: async () => readSettings(director),
    syncDaemons: async () => [],
    readies: (ops) => late.readies(ops),
    apply: (ops) => late.apply(ops),
    counters: async () => readCounters(director, table, rates),
    exits: async () => readExits(director),
    connections: async (limit) => readConnections(director, (slot) => table.slotKeys(slot)?.serviceKey, now(), limit),
    async close(leave) {
      if (closed) return
      closed = true
      clearInterval(estimation)
      clearTimeout(next)
      clearInterval(defending)
      clearTimeout(following)
      monitor.value.close()
      exchange.deafen()
      await late.idle()
      // Others that waited with the last order have had their turn after it.
      await pause()
      await Promise.all([sweeping, refreshing.idle(), orders(async () => {})])
      routes.close()
      if (leave === 'nothing') {
        marks.take({ 4: [], 6: [] })
        interfaces.detachAll()
        lane.detachAll()
        removePinDirectory(pinDirectory)
      }
      lane.close()
      closeDirector(director)
    },
  })
}
