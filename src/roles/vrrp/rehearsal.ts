import { fail, micros, ok, silentLog } from '../../base/index.ts'
import type { RouteClient } from '../../sys/netlink/index.ts'
import { openAddressKeeper } from './address-keeper.ts'
import type { Alarm } from './alarm.ts'
import { openAnnouncer } from './announcer.ts'
import { type Firewall, openFirewall } from './firewall.ts'
import { advertisingInterface } from './link-names.ts'
import { openMachines } from './machines.ts'
import type { NetworkView } from './network-view.ts'
import { addressesOf, type Parts } from './parts.ts'
import { openRoutingKeeper } from './routing-keeper.ts'
import { newRunningRouter, type RunningRouter } from './running-router.ts'
import type { VrrpSockets } from './sockets.ts'

/**
 * Goes once through a backup's takeover and its end, without effect, and makes ready what they need: code that runs for the
 * first time takes ten times as long, and at 10 ms advertisements that is a good part of the outage. The code is the real
 * one and so are the system calls; these get something in them that the kernel does not carry out, and none waits for anybody.
 */
export type Rehearse = (one: RunningRouter) => void

export type Rehearsal = {
  /** The first times of each kind. */
  readonly rehearse: Rehearse
  /** However often it was done. */
  readonly rehearseAgain: Rehearse
}

/** Hundreds of virtual routers of one kind need not each have a rehearsal: it is one code, and the sockets are the same. */
const ENOUGH = 4

/** Where it speaks and has its addresses, and what it says. */
function kindOf({ router }: RunningRouter, view: NetworkView): string {
  const { family, version, authentication, hmac, unicastPeers } = router
  const names = [advertisingInterface(router), ...addressesOf(router).map((address) => address.interface)]
  const links = [...new Set(names)].map((name) => view.link(name)?.index)
  return [family, version, authentication?.type, hmac !== undefined, unicastPeers.length > 0, ...links].join(' ')
}

const deafAlarm: Alarm = { wakeBy() {}, silence() {}, close() {} }

export function openRehearsal(parts: Parts): Rehearsal {
  const { routes, view, announcer, sockets } = parts
  const refused: RouteClient = {
    ...routes,
    addAddress(request) {
      routes.rehearseAddress(request)
      return ok('added')
    },
    deleteAddress: () => ok(undefined),
    addRoute: () => ok('added'),
    deleteRoute: () => ok(undefined),
    addRule: () => ok('added'),
    deleteRule: () => ok(undefined),
  }
  const mute: VrrpSockets = {
    ...sockets,
    get(key) {
      const socket = sockets.get(key)
      return socket && { ...socket, send: socket.rehearse }
    },
  }
  const stage: Parts = {
    ...parts,
    log: silentLog,
    alarm: deafAlarm,
    routes: refused,
    keeper: openAddressKeeper(refused, view, silentLog),
    routing: openRoutingKeeper(refused, view, silentLog),
    announcer: openAnnouncer(
      {
        openFrameSocket(index) {
          const socket = announcer.socketAt(index)
          if (socket === undefined) return fail({ code: 'ENODEV', call: 'socket', message: 'no frame socket' })
          return ok({ ...socket, send: socket.rehearse, close() {} })
        },
      },
      view,
      silentLog,
    ),
    sockets: mute,
    firewall: firewallWithoutEffect(parts),
    groups: new Map(),
    catchUp: undefined,
  }
  const machines = openMachines(
    stage,
    () => {},
    () => {},
    () => {},
    () => {},
    () => {},
  )

  const rehearseAgain: Rehearse = (one) => {
    if (one.state.name !== 'backup') return
    const { state, source, outgoing } = one
    // What it encodes is kept for the real one.
    const double: RunningRouter = { ...newRunningRouter(one.router, 0, state.downAt), state, source, outgoing }
    machines.advance(double, { type: 'deadline-reached' }, state.downAt)
    const end = { type: 'stopped', keepAddresses: false, within: micros(0), alone: true } as const
    machines.advance(double, end, state.downAt)
  }

  const rehearsed = new Map<string, number>()
  const rehearse: Rehearse = (one) => {
    if (one.state.name !== 'backup') return
    const kind = kindOf(one, view)
    const times = rehearsed.get(kind) ?? 0
    if (times === ENOUGH) return
    rehearsed.set(kind, times + 1)
    rehearseAgain(one)
  }
  return { rehearse, rehearseAgain }
}

/** One that has rules to change in both families, and changes none. */
function firewallWithoutEffect({ clock }: Pick<Parts, 'clock'>): Firewall {
  const firewall = openFirewall(
    {
      clock,
      changeNftables: () => ok(undefined),
      watchNftables: () => ok({ close() {} }),
      files: { read: () => undefined, write: () => true, replace() {}, remove() {} },
    },
    silentLog,
    () => ({}),
    () => '',
    { note() {} },
    () => {},
  )
  firewall.arrange({ links: [], dropping: new Set([4, 6]) })
  return firewall
}
