import {
  assertNever,
  type Family,
  fail,
  type Instant,
  type IpAddress,
  type Log,
  ok,
  pseudoHeader,
  type Result,
} from '../../base/index.ts'
import { type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { VirtualRouterSnapshot } from '../../observe/index.ts'
import {
  type Cause,
  deadlineOf,
  type Entered,
  RESIGNED,
  step,
  type VrrpAction,
  type VrrpEvent,
  validate,
} from '../../proto/vrrp/index.ts'
import type { RouteEvent } from '../../sys/netlink/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'
import {
  type Advertisement,
  type Decoded,
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  peekVirtualRouterId,
  VRRP_PROTOCOL,
} from '../../wire/vrrp/index.ts'
import type { ResumedRouter } from '../ipc/index.ts'
import { openAddressKeeper, type PlacedAddress, place } from './address-keeper.ts'
import { openAnnouncer } from './announcer.ts'
import { leftovers } from './leftovers.ts'
import { addressId, faultReason, openNetworkView, sourceAddress } from './network-view.ts'
import { expectationOf } from './outgoing.ts'
import type { VrrpPorts } from './ports.ts'
import {
  isOverslept,
  newRunningRouter,
  outgoingAt,
  ownsAddresses,
  type RunningRouter,
  snapshotOf,
} from './running-router.ts'
import { openVrrpSockets, socketKey } from './sockets.ts'

/** All virtual routers of this host: their machines, sockets, addresses and announcements, under one timer. */
export type VirtualRouters = {
  /** Whether sockets for these can be had; interfaces that are missing are no obstacle. */
  prepare(routers: readonly VirtualRouter[]): Result<void, string>
  /**
   * From here on exactly these run: new ones start, unchanged ones are not touched, changed ones are adjusted and stay
   * what they are, others end.
   * @param resumed masters of a process that has just ended; they are masters at once
   */
  configure(routers: readonly VirtualRouter[], resumed?: readonly ResumedRouter[]): void
  /** Removes what an earlier run left on the interfaces. */
  clean(): void
  masters(): readonly ResumedRouter[]
  snapshots(): readonly VirtualRouterSnapshot[]
  /** Masters resign; their addresses go, unless they are to stay. */
  stop(keepAddresses: boolean): void
  /** Ends those and lets go of the others without a word and with their addresses in place. */
  handOver(keys: ReadonlySet<string>): void
  /** One more deadline of the caller's, on the same timer. */
  wakeAt(at: Instant | undefined, wake: () => void): void
  close(): void
}

export type StateReport = (
  router: VirtualRouter,
  key: string,
  entered: Entered,
  resumed: boolean,
  priority: number,
) => void

export function openVirtualRouters(
  ports: VrrpPorts,
  log: Log,
  report: StateReport,
): Result<VirtualRouters, { readonly message: string }> {
  const { clock } = ports
  const client = ports.openRouteClient()
  if (!client.ok) return client
  const routes = client.value
  const running = new Map<string, RunningRouter>()
  /** Every virtual address: none of them is a source of ours. */
  let virtual: ReadonlySet<IpAddress> = new Set()
  let armed: Instant | undefined
  let callerDeadline: { readonly at: Instant; readonly wake: () => void } | undefined
  let closed = false

  const view = openNetworkView()
  const keeper = openAddressKeeper(routes, view, log)
  const announcer = openAnnouncer(ports, view, log)
  const timer = ports.openTimer(() => {
    armed = undefined
    if (!closed) runDeadlines()
  })
  const sockets = openVrrpSockets(ports, log, receive, () => wakeBy(clock.now()))

  const loaded = reload()
  if (!loaded.ok) {
    dispose()
    return loaded
  }
  const monitor = ports.openRouteMonitor({ groups: ['link', 'address'], onEvent: onRouteEvent })
  if (!monitor.ok) {
    dispose()
    return monitor
  }
  // What changed between the first reading and the subscription.
  const reloaded = reload()
  if (!reloaded.ok) {
    monitor.value.close()
    dispose()
    return reloaded
  }

  function dispose(): void {
    closed = true
    timer.close()
    sockets.close()
    announcer.close()
    routes.close()
  }

  function reload(): Result<void, { readonly message: string }> {
    const links = routes.links()
    if (!links.ok) return links
    const addresses = routes.addresses()
    if (!addresses.ok) return addresses
    view.replace(links.value, addresses.value)
    return ok(undefined)
  }

  // Time

  function wakeBy(at: Instant | undefined): void {
    if (at === undefined || closed || (armed !== undefined && armed <= at)) return
    armed = at
    timer.arm(at)
  }

  function runDeadlines(): void {
    let now = clock.now()
    for (const one of running.values()) {
      const deadline = deadlineOf(one.state)
      if (deadline === undefined || deadline > now) continue
      // The socket may hold what this deadline has missed: look there first, once.
      if (!one.putOff && isOverslept(one, deadline, now)) {
        one.putOff = true
        continue
      }
      one.putOff = false
      advance(one, { type: 'deadline-reached' }, now)
    }
    now = clock.now()
    announcer.run(now)
    if ((sockets.deadline() ?? Number.POSITIVE_INFINITY) <= now) reassess()
    if (callerDeadline !== undefined && callerDeadline.at <= now) {
      const { wake } = callerDeadline
      callerDeadline = undefined
      wake()
    }
    rearm()
  }

  function rearm(): void {
    for (const { state } of running.values()) wakeBy(deadlineOf(state))
    wakeBy(announcer.deadline())
    wakeBy(sockets.deadline())
    wakeBy(callerDeadline?.at)
  }

  // One virtual router

  function advance(one: RunningRouter, event: VrrpEvent, now: Instant): void {
    const before = one.state
    const { state, actions } = step(one.router, before, event, now)
    one.state = state
    if (state.name !== before.name) {
      one.since = clock.wall()
      one.complained.clear()
      if (state.name === 'master') one.counters.becameMaster++
      if (before.name === 'master') one.counters.releasedMaster++
    }
    for (const action of actions) perform(one, action, before.name, now)
    wakeBy(deadlineOf(state))
  }

  function perform(one: RunningRouter, action: VrrpAction, from: string, now: Instant): void {
    switch (action.type) {
      case 'send-advertisement':
        return sendAdvertisement(one, action.priority)
      case 'install-addresses':
        keeper.hold(one.key, addressesOf(one.router), ownsAddresses(one.router))
        return
      case 'remove-addresses':
        return keeper.release(one.key)
      case 'announce-addresses':
        if (action.occasion === 'weaker-master') announcer.weakerMasterHeard(one.key, now)
        else announcer.entered(one.key, placedOf(one.router), one.router.announcements, now)
        return wakeBy(announcer.deadline())
      case 'cease-announcing':
        return announcer.left(one.key, now)
      case 'notify':
        return notify(one, action.entered, action.cause, from)
      default:
        return assertNever(action)
    }
  }

  function sendAdvertisement(one: RunningRouter, priority: number): void {
    const socket = sockets.get(socketKey(one.router))
    const datagrams = outgoingAt(one, priority)
    if (socket === undefined || datagrams.length === 0) return
    for (const datagram of datagrams) {
      const sent = socket.send(datagram)
      if (!sent.ok) complain(one, `send ${sent.error.code}`, 'advertisement was not sent', sent.error.message)
    }
    one.counters.advertisementsSent++
    if (priority === RESIGNED) one.counters.priorityZeroSent++
  }

  function notify(one: RunningRouter, entered: Entered, cause: Cause, from: string): void {
    const { router, key, state } = one
    const reason = state.name === 'fault' ? state.reason : cause
    if (entered === 'MASTER_RX_LOWER_PRI')
      complain(one, 'weaker-master', 'a weaker virtual router believes it is master', router.interface)
    else log.info(`virtual router entered ${entered.toLowerCase()}`, { router: router.name, from, reason })
    report(router, key, entered, cause === 'resumed', router.priority)
  }

  /** Once for each kind in the time of one state, whatever the peer does. */
  function complain(one: RunningRouter, kind: string, message: string, reason: string, source?: IpAddress): void {
    if (one.complained.has(kind)) return
    one.complained.add(kind)
    log.warn(message, { router: one.router.name, reason, ...(source === undefined ? {} : { source }) })
  }

  const addressesOf = (router: VirtualRouter) => [...router.addresses, ...router.excludedAddresses]

  function placedOf(router: VirtualRouter): readonly PlacedAddress[] {
    return addressesOf(router).flatMap((address) => {
      const placed = place(address, view)
      return placed === undefined || !keeper.holds(addressId(placed)) ? [] : [placed]
    })
  }

  // What comes in

  function receive(name: string, family: Family, datagram: VrrpDatagram): void {
    const { payload, source, destination } = datagram
    const virtualRouterId = peekVirtualRouterId(payload)
    if (virtualRouterId === undefined) return
    const one = running.get(virtualRouterKey({ interface: name, family, virtualRouterId }))
    if (one === undefined || one.source === undefined) return
    const { state, counters, router } = one
    if (state.name !== 'backup' && state.name !== 'master') return
    const previous = state.name === 'backup' ? state.heard?.source : undefined
    const result = validate(router, one.expectation, previous, datagram, decode(router, datagram))
    if (!result.ok) {
      counters.drops.set(result.error, (counters.drops.get(result.error) ?? 0) + 1)
      complain(one, result.error, 'advertisement refused', result.error, source)
      return
    }
    const { priority, interval, remarks, checksum } = result.value
    counters.advertisementsReceived++
    if (priority === RESIGNED) counters.priorityZeroReceived++
    for (const remark of remarks)
      if (remark === 'address-list' || priority !== RESIGNED)
        complain(one, remark, `advertisement accepted with another ${remark} than ours`, remark, source)
    if (
      checksum !== undefined &&
      (checksum === 'message-only') !== router.v3ChecksumAsV2 &&
      !one.complained.has(checksum)
    ) {
      one.complained.add(checksum)
      log.info('the other side sums advertisements differently', { router: router.name, checksum, source, destination })
    }
    one.putOff = false
    advance(one, { type: 'advertisement-received', priority, interval, source, self: one.source }, clock.now())
  }

  function decode(router: VirtualRouter, datagram: VrrpDatagram): Decoded<Advertisement> {
    const { payload, source, destination, declaredLength = payload.length } = datagram
    if (router.version === 2) return decodeAdvertisementV2(payload, declaredLength)
    const pseudo = pseudoHeader(source, destination, VRRP_PROTOCOL, declaredLength)
    return decodeAdvertisementV3(payload, router.family === 4 ? 4 : 16, pseudo, declaredLength)
  }

  function onRouteEvent(event: RouteEvent): void {
    if (closed) return
    view.apply(event)
    switch (event.type) {
      case 'link-removed':
        announcer.forgetInterface(event.index)
        return reassess()
      case 'link':
        return reassess()
      case 'address':
        return reassess(event.address.interfaceIndex)
      case 'address-removed':
        putBack(addressId(event.address), event.address.address)
        return reassess(event.address.interfaceIndex)
      case 'resync': {
        const read = reload()
        if (!read.ok) log.error('interfaces cannot be read', { reason: read.error.message })
        for (const placed of keeper.missing()) putBack(addressId(placed), placed.address)
        return reassess()
      }
      case 'neighbour':
      case 'route-changed':
        return
      default:
        return assertNever(event)
    }
  }

  /** Someone removed a virtual address while we are master with it. */
  function putBack(id: string, address: IpAddress): void {
    if (!keeper.restore(id)) return
    log.info('virtual address was removed and is put back', { address })
    const now = clock.now()
    for (const one of running.values()) {
      if (one.state.name !== 'master') continue
      const placed = placedOf(one.router)
      const added = placed.filter((each) => addressId(each) === id)
      if (added.length > 0) announcer.changed(one.key, placed, added, one.router.announcements, now)
    }
    wakeBy(announcer.deadline())
  }

  /** Makes good what is missing of a master's addresses: their interface may have come only now. */
  function reinstall(one: RunningRouter): void {
    const added = keeper.hold(one.key, addressesOf(one.router), ownsAddresses(one.router))
    if (added.length === 0) return
    announcer.changed(one.key, placedOf(one.router), added, one.router.announcements, clock.now())
    wakeBy(announcer.deadline())
  }

  /**
   * Looks again whether each virtual router may run, and where it sends from.
   * @param index only those on this interface, or that send from anywhere; undefined: all, and the sockets
   */
  function reassess(index?: number): void {
    if (closed) return
    if (index === undefined) sockets.synchronize(routersOf(), view)
    for (const one of running.values()) {
      if (index !== undefined && one.router.source === undefined && view.link(one.router.interface)?.index !== index)
        continue
      locate(one)
      const now = clock.now()
      const reason = reasonAgainst(one)
      if (one.state.name === 'fault') {
        if (reason === undefined) {
          advance(one, { type: 'fault-cleared' }, now)
          rehearse(one)
        } else if (reason !== one.state.reason) advance(one, { type: 'fault-found', reason }, now)
      } else if (one.state.name !== 'initialize' && reason !== undefined)
        advance(one, { type: 'fault-found', reason }, now)
      else if (one.state.name === 'master' && index === undefined) reinstall(one)
    }
    wakeBy(sockets.deadline())
  }

  function locate(one: RunningRouter): void {
    const source = sourceAddress(one.router, view, virtual)
    if (source === one.source) return
    // A master whose source has just gone says goodbye from it, if it still can.
    if (source === undefined && one.state.name === 'master') return
    one.source = source
    one.outgoing.clear()
  }

  function reasonAgainst(one: RunningRouter): string | undefined {
    const reason = faultReason(one.router, view, sourceAddress(one.router, view, virtual))
    return reason ?? sockets.failure(socketKey(one.router))?.message
  }

  function* routersOf(): Iterable<VirtualRouter> {
    for (const { router } of running.values()) yield router
  }

  // Configuration

  function configure(routers: readonly VirtualRouter[], resumed: readonly ResumedRouter[] = []): void {
    const wanted = new Map(routers.map((router) => [virtualRouterKey(router), router]))
    virtual = new Set(routers.flatMap((router) => addressesOf(router).map(({ address }) => address)))
    // Both the old and the new ones need their sockets now: those that end have to say so.
    sockets.synchronize([...routersOf(), ...routers], view)
    keeper.together(() => {
      for (const one of running.values()) {
        const router = wanted.get(one.key)
        if (router !== undefined && !sameValue(router, one.router)) adjust(one, router)
      }
      const fresh: RunningRouter[] = []
      for (const [key, router] of wanted)
        if (!running.has(key)) {
          const one = newRunningRouter(router, clock.wall())
          running.set(key, one)
          fresh.push(one)
        }
      const since = new Map(resumed.map((one) => [one.key, one.since]))
      // Those that the network takes for masters speak first.
      for (const one of fresh) if (since.has(one.key)) start(one, since.get(one.key))
      for (const one of fresh) if (!since.has(one.key)) start(one, undefined)
      for (const one of [...running.values()])
        if (!wanted.has(one.key)) {
          advance(one, { type: 'deleted' }, clock.now())
          running.delete(one.key)
        }
    })
    reassess()
    rearm()
    for (const one of running.values()) rehearse(one)
  }

  /**
   * Does once, without effect, what a takeover does, and makes ready what it needs: code that runs for the first time
   * takes ten times as long, and at 10 ms advertisements that is a good part of the outage.
   */
  function rehearse(one: RunningRouter): void {
    if (one.state.name !== 'backup') return
    const { router, state } = one
    step(router, state, { type: 'deadline-reached' }, state.downAt)
    outgoingAt(one, router.priority)
    outgoingAt(one, RESIGNED)
    const placed = addressesOf(router).flatMap((address) => place(address, view) ?? [])
    announcer.rehearse(one.key, placed, router.announcements)
    for (const each of placed.slice(0, 1)) routes.addAddress({ ...each, interfaceIndex: NO_INTERFACE })
  }

  function start(one: RunningRouter, since: string | undefined): void {
    locate(one)
    const reason = reasonAgainst(one)
    if (since === undefined || reason !== undefined) {
      advance(one, { type: 'started', ...(reason === undefined ? {} : { faultReason: reason }) }, clock.now())
      return
    }
    advance(one, { type: 'resumed-as-master' }, clock.now())
    const at = Date.parse(since)
    if (!Number.isNaN(at)) one.since = at
  }

  function adjust(one: RunningRouter, router: VirtualRouter): void {
    const before = one.router
    const placedBefore = new Set(placedOf(before).map(addressId))
    one.router = router
    one.expectation = expectationOf(router)
    one.outgoing.clear()
    one.complained.clear()
    locate(one)
    const now = clock.now()
    advance(one, { type: 'reconfigured', before }, now)
    if (one.state.name !== 'master') return
    const placed = placedOf(router)
    const added = placed.filter((each) => !placedBefore.has(addressId(each)))
    announcer.changed(one.key, placed, added, router.announcements, now)
  }

  return ok({
    prepare(routers) {
      sockets.synchronize([...routersOf(), ...routers], view)
      for (const router of routers) {
        const failure = sockets.failure(socketKey(router))
        if (failure?.code === 'EPERM' || failure?.code === 'EACCES')
          return fail(`${failure.message}; VRRP needs root or CAP_NET_RAW and CAP_NET_ADMIN`)
      }
      return ok(undefined)
    },
    configure,
    clean() {
      for (const address of leftovers([...routersOf()], view, keeper.holds)) {
        const removed = routes.deleteAddress(address)
        const fields = { address: `${address.address}/${address.prefixLength}` }
        if (removed.ok) log.info('address of an earlier run removed', fields)
        else log.error('address of an earlier run cannot be removed', { ...fields, reason: removed.error.message })
      }
    },
    masters: () =>
      [...running.values()]
        .filter(({ state }) => state.name === 'master')
        .map(({ key, since }) => ({ key, since: new Date(since).toISOString() })),
    snapshots: () => [...running.values()].map(snapshotOf),
    stop(keepAddresses) {
      for (const one of running.values()) advance(one, { type: 'stopped', keepAddresses }, clock.now())
    },
    handOver(keys) {
      timer.arm(undefined)
      for (const one of running.values()) {
        if (keys.has(one.key)) keeper.forget(one.key)
        else advance(one, { type: 'deleted' }, clock.now())
      }
    },
    wakeAt(at, wake) {
      callerDeadline = at === undefined ? undefined : { at, wake }
      wakeBy(at)
    },
    close() {
      monitor.value.close()
      dispose()
    },
  })
}

/** An index that no interface has: the kernel refuses it after reading the whole request. */
const NO_INTERFACE = 0x7fffffff

/** Configurations are plain values, made in one way: equal text is equal meaning. */
const sameValue = (a: VirtualRouter, b: VirtualRouter): boolean => JSON.stringify(a) === JSON.stringify(b)
