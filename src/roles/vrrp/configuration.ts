import type { IpAddress } from '../../base/index.ts'
import {
  interfacesByTrackGroup,
  neededInterfaces,
  noStaticItems,
  type Track,
  type VirtualRouter,
  virtualRouterKey,
} from '../../model/index.ts'
import { effectiveTracks } from '../../proto/priority/index.ts'
import type { ResumedRouter, VrrpSlice } from '../ipc/index.ts'
import type { Machines } from './machines.ts'
import { addressId } from './network-view.ts'
import { expectationOf } from './outgoing.ts'
import { addressesOf, droppedOf, droppingFamilies, guard, type Parts, placedOf, routersOf } from './parts.ts'
import { runningGroups } from './running-group.ts'
import { headerSignerFor, newRunningRouter, ownsAddresses, type RunningRouter } from './running-router.ts'
import { signerFor } from './signer.ts'
import { holdStatics } from './static-items.ts'
import type { Surroundings, Verdict } from './surroundings.ts'

/** What of a configuration concerns the virtual routers. */
export type RoutersOf = Pick<VrrpSlice, 'routers' | 'syncGroups' | 'beginAnew' | 'observed' | 'statics'>

/**
 * From here on exactly these run: new ones start, unchanged ones are not touched, changed ones are adjusted and stay what
 * they are, those that speak elsewhere now end and begin anew, others end.
 * @param resumed masters of a process that has just ended; they are masters at once
 */
export function configure(
  parts: Parts,
  machines: Machines,
  surroundings: Surroundings,
  { routers: written, syncGroups, beginAnew = [], observed = [], statics = noStaticItems }: RoutersOf,
  resumed: readonly ResumedRouter[],
): void {
  const { clock, firewall, keeper, routing, links, sockets, view, running, incidents } = parts
  const routers = links.provide(written)
  const before = [...routersOf(parts)]
  const wanted = new Map(routers.map((router) => [virtualRouterKey(router), router]))
  for (const { key } of resumed) {
    const router = wanted.get(key)
    if (router !== undefined) firewall.expect(key, droppedOf(parts, router))
  }
  // The rules of those that end go when they have ended.
  firewall.arrange({ links: links.present(), dropping: droppingFamilies([...before, ...routers]) })
  parts.virtual = movingAddresses(routers)
  // Both the old and the new ones need their sockets now: those that end have to say so.
  sockets.synchronize([...routersOf(parts), ...routers], view)
  for (const { key, observation } of observed) parts.observations.set(key, observation)
  parts.groups = runningGroups(syncGroups, routers, parts.groups)
  const owners = new Set(routers.filter(ownsAddresses).map(({ name }) => name))
  const tracksOf = (router: VirtualRouter): readonly Track[] => {
    const group = parts.groups.get(virtualRouterKey(router))?.group
    return effectiveTracks(router, group, group?.members.some((name) => owners.has(name)) ?? false)
  }
  const needsOf = (router: VirtualRouter): ReadonlySet<string> =>
    new Set([...neededInterfaces(router), ...interfacesByTrackGroup(statics, router.name)])
  together([firewall, keeper, routing, machines], () => {
    if (!sameValue(statics, parts.statics)) {
      parts.statics = statics
      holdStatics(parts)
      // What is static may be what is sent from.
      surroundings.reload()
    }
    // What ends is told of first: what begins may have its name.
    for (const one of [...running.values()]) {
      const isGone = !wanted.has(one.key)
      if (!isGone && !beginAnew.includes(one.key)) continue
      machines.advance(one, { type: 'deleted' }, clock.now())
      running.delete(one.key)
      if (isGone) incidents.forget(one.key)
    }
    // Now that nobody has to say goodbye by what was.
    if (links.replace()) sockets.synchronize([...routersOf(parts), ...routers], view)
    for (const one of running.values()) {
      const router = wanted.get(one.key)
      if (router === undefined) continue
      one.tracks = tracksOf(router)
      one.needs = needsOf(router)
      if (!sameValue(router, one.configured)) adjust(parts, machines, surroundings, one, router)
    }
    const fresh: RunningRouter[] = []
    for (const [key, router] of wanted)
      if (!running.has(key)) {
        const one = {
          ...newRunningRouter(router, clock.wall(), clock.now()),
          tracks: tracksOf(router),
          needs: needsOf(router),
        }
        running.set(key, one)
        fresh.push(one)
      }
    const since = resumable(parts, fresh, resumed)
    // Those that the network takes for masters speak first.
    for (const one of fresh) {
      surroundings.locate(one)
      surroundings.weigh(one)
    }
    const verdicts = surroundings.judge([...running.values()])
    for (const one of fresh) if (since.has(one.key)) start(parts, machines, one, since.get(one.key), verdicts.get(one))
    for (const one of fresh) if (!since.has(one.key)) start(parts, machines, one, undefined, verdicts.get(one))
  })
  surroundings.reassess()
  links.settle()
  firewall.arrange({ links: links.present(), dropping: droppingFamilies(routers) })
}

/** Runs `work` with all of them putting off what can wait for its end. */
const together = (all: readonly { together(work: () => void): void }[], work: () => void): void =>
  all.reduceRight((inner, one) => () => one.together(inner), work)()

/** Since when each that is resumed was master; of a sync group all are, or none is. */
function resumable(
  { groups }: Parts,
  fresh: readonly RunningRouter[],
  resumed: readonly ResumedRouter[],
): ReadonlyMap<string, string> {
  const since = new Map(resumed.map((one) => [one.key, one.since]))
  const begins = new Set(fresh.map(({ key }) => key))
  const whole = ([key]: readonly [string, string]) =>
    groups.get(key)?.members.every((member) => since.has(member) || !begins.has(member)) ?? true
  return new Map([...since].filter(whole))
}

function start(
  { clock, passiveUntil }: Parts,
  machines: Machines,
  one: RunningRouter,
  since: string | undefined,
  { reason, isPending }: Verdict = { reason: undefined, isPending: false },
): void {
  const waits = passiveUntil !== undefined || (reason === undefined && isPending)
  if (since === undefined && waits) return
  if (since === undefined || reason !== undefined) {
    machines.advance(one, { type: 'started', ...(reason === undefined ? {} : { faultReason: reason }) }, clock.now())
    return
  }
  machines.advance(one, { type: 'resumed-as-master' }, clock.now())
  const at = Date.parse(since)
  if (!Number.isNaN(at)) one.since = at
}

function adjust(
  parts: Parts,
  machines: Machines,
  surroundings: Surroundings,
  one: RunningRouter,
  router: VirtualRouter,
): void {
  const before = one.router
  const placedBefore = new Set(placedOf(parts, before).map(addressId))
  one.configured = router
  one.router = { ...router, priority: surroundings.priorityOf(one) }
  one.expectation = expectationOf(router)
  one.signer = signerFor(router.hmac, one.signer)
  one.headerSigner = headerSignerFor(router, one.headerSigner)
  one.outgoing.clear()
  one.complained.clear()
  one.judged = undefined
  surroundings.locate(one)
  const now = parts.clock.now()
  machines.advance(one, { type: 'reconfigured', before }, now)
  if (one.state.name !== 'master') return
  guard(parts, one.key, router)
  const placed = placedOf(parts, router)
  const added = placed.filter((each) => !placedBefore.has(addressId(each)))
  parts.announcer.changed(one.key, placed, added, router.announcements, now)
}

/** Those of an owner may be the host's own, and the only ones to send from; where they are not, they bear our mark. */
const movingAddresses = (routers: readonly VirtualRouter[]): ReadonlySet<IpAddress> =>
  new Set(
    routers
      .filter((router) => !ownsAddresses(router))
      .flatMap((router) => addressesOf(router).map(({ address }) => address)),
  )

/** Configurations are plain values, made in one way: equal text is equal meaning. */
const sameValue = <T>(a: T, b: T): boolean => JSON.stringify(a) === JSON.stringify(b)
