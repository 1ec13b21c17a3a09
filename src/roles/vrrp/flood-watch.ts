import { after, elapsed, type Instant, micros, seconds } from '../../base/index.ts'
import { type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { FloodGuard, GuardedSocket } from '../../sys/flood-guard/index.ts'
import type { VrrpSocket } from '../../sys/socket/index.ts'
import { advertisingInterface } from './link-names.ts'
import { noteUnclaimed, type Parts } from './parts.ts'
import type { VrrpPorts } from './ports.ts'
import type { Arrival } from './sockets.ts'

/** So many datagrams that change nothing, within WINDOW: two thousand a second. */
const MANY = 200
const WINDOW = micros(100_000)
/** How often it is asked what was taken out. */
const EVERY = seconds(1)
/** Taken out in that time: less is no flood any more, when it has lasted. */
const CALM = 200
const CALM_TURNS = 10

/** Puts a guard before sockets that get thousands of datagrams a second which change nothing, and counts what it takes out. */
export type FloodWatch = {
  /** A datagram that was refused, for nobody here, or the same as one before. */
  wasted(at: Arrival): void
  /** The virtual routers are others, or what is to be heard. */
  follow(): void
  /** Takes over what was counted in the kernel. */
  collect(): void
  run(now: Instant): void
  deadline(): Instant | undefined
  close(): void
}

type Guarded = {
  readonly at: Arrival
  readonly socket: VrrpSocket
  readonly guard: GuardedSocket
  takenOut: number
  /** How many they were at the last turn. */
  atTurn: number
  /** Turns without a flood, one after the other. */
  calm: number
}

type Shared = Pick<Parts, 'clock' | 'log' | 'alarm' | 'sockets' | 'running' | 'unclaimed'> & {
  /** log_unknown_vrids: nobody is a stranger. */
  listensToAll(): boolean
}

export function openFloodWatch(ports: Pick<VrrpPorts, 'openFloodGuard'>, parts: Shared): FloodWatch {
  const { clock, log, alarm, sockets, running } = parts
  const windows = new Map<string, { count: number; began: Instant }>()
  const guarded = new Map<string, Guarded>()
  /** `none`: it cannot be had. */
  let program: FloodGuard | 'wanted' | 'none' | undefined
  let nextTurn: Instant | undefined

  function engage(at: Arrival): void {
    if (guarded.has(at.socket) || program === 'none') return
    if (program === undefined) {
      program = 'wanted'
      // The next full window of datagrams asks again.
      void ports.openFloodGuard().then((opened) => {
        if (program === 'none') return opened.ok && opened.value.close()
        program = opened.ok ? opened.value : 'none'
        if (!opened.ok) log.warn('a flood cannot be held off in the kernel', { reason: opened.error.message })
      })
    }
    const socket = sockets.get(at.socket)
    if (program === 'wanted' || socket === undefined) return
    const guard = socket.protect(program)
    if (!guard.ok) return log.debug('socket is not guarded', { socket: at.socket, reason: guard.error.message })
    guard.value.hear(heardAt(at))
    guarded.set(at.socket, { at, socket, guard: guard.value, takenOut: 0, atTurn: 0, calm: 0 })
    log.warn('a flood of advertisements is held off in the kernel', { socket: at.socket })
    nextTurn ??= after(clock.now(), EVERY)
    alarm.wakeBy(nextTurn)
  }

  /** On a virtual link its own virtual router; on an interface all of it, for those of its virtual links are no strangers. */
  function heardAt({ interface: name, base, family }: Arrival): readonly number[] {
    if (parts.listensToAll()) return [...Array(256).keys()]
    const isHere = (router: VirtualRouter): boolean =>
      router.family === family && router.interface === base && (name === base || advertisingInterface(router) === name)
    return [...running.values()].flatMap(({ router }) => (isHere(router) ? router.virtualRouterId : []))
  }

  function count(one: Guarded): void {
    const { interface: name, base, family } = one.at
    const { unknown, repeated } = one.guard.takenOut()
    one.takenOut += unknown
    // What a virtual link gets for others is nobody's loss.
    if (unknown > 0 && name === base) noteUnclaimed(parts, name, family, 'virtual-router-id', unknown)
    for (const [virtualRouterId, times] of repeated) {
      one.takenOut += times
      const drops = running.get(virtualRouterKey({ interface: base, family, virtualRouterId }))?.counters.drops
      if (drops === undefined) noteUnclaimed(parts, name, family, 'virtual-router-id', times)
      else drops.set('repeated', (drops.get('repeated') ?? 0) + times)
    }
  }

  function release(one: Guarded): void {
    one.guard.release()
    count(one)
    guarded.delete(one.at.socket)
    log.info('the flood of advertisements is over', { socket: one.at.socket, heldOff: one.takenOut })
  }

  function turn(one: Guarded): void {
    count(one)
    one.calm = one.takenOut - one.atTurn < CALM ? one.calm + 1 : 0
    one.atTurn = one.takenOut
    if (one.calm >= CALM_TURNS || sockets.get(one.at.socket) !== one.socket) release(one)
  }

  return {
    wasted(at) {
      let window = windows.get(at.socket)
      if (window === undefined) {
        window = { count: 0, began: clock.now() }
        windows.set(at.socket, window)
      }
      if (++window.count < MANY) return
      const now = clock.now()
      const isFlood = elapsed(window.began, now) < WINDOW
      windows.set(at.socket, { count: 0, began: now })
      if (isFlood) engage(at)
    },
    follow() {
      for (const { at, guard } of guarded.values()) guard.hear(heardAt(at))
    },
    collect() {
      for (const one of guarded.values()) count(one)
    },
    run(now) {
      if (nextTurn === undefined || nextTurn > now) return
      for (const one of [...guarded.values()]) turn(one)
      nextTurn = guarded.size === 0 ? undefined : after(now, EVERY)
    },
    deadline: () => nextTurn,
    close() {
      for (const { guard } of guarded.values()) guard.release()
      guarded.clear()
      if (typeof program === 'object') program.close()
      program = 'none'
    },
  }
}
