import { familyOf, type Instant, type IpAddress, type Log, micros } from '../../base/index.ts'
import type { AnnouncementSettings, GarpGroup } from '../../model/index.ts'
import {
  type AnnouncementEvent,
  type AnnouncementState,
  announcementDeadline,
  silent,
  stepAnnouncements,
} from '../../proto/announce/index.ts'
import type { FrameSocket } from '../../sys/socket/index.ts'
import { encodeGratuitousArp } from '../../wire/arp/index.ts'
import { encodeUnsolicitedAdvertisement } from '../../wire/ndisc/index.ts'
import type { PlacedAddress } from './address-keeper.ts'
import type { NetworkView } from './network-view.ts'
import type { VrrpPorts } from './ports.ts'

const ETHERNET_ADDRESS = 6

/** Tells the neighbours on every interface who has the virtual addresses; each virtual router is named by its key. */
export type Announcer = {
  entered(router: string, placed: readonly PlacedAddress[], settings: AnnouncementSettings, now: Instant): void
  changed(
    router: string,
    placed: readonly PlacedAddress[],
    added: readonly PlacedAddress[],
    settings: AnnouncementSettings,
    now: Instant,
  ): void
  weakerMasterHeard(router: string, now: Instant): void
  left(router: string, now: Instant): void
  /** The socket for this interface, opened if it was not; undefined when it cannot be. */
  socketAt(index: number): FrameSocket | undefined
  run(now: Instant): void
  deadline(): Instant | undefined
  /** garp_group: interfaces that share their least gaps. */
  adopt(groups: readonly GarpGroup[]): void
  /** The interface is gone. */
  forgetInterface(index: number): void
  close(): void
}

/** What the interfaces of a group have in common. */
type SharedGaps = { readonly group: GarpGroup; arpFreeAt: Instant; naFreeAt: Instant }

const waitingWith = (state: AnnouncementState, { arpFreeAt, naFreeAt }: SharedGaps): AnnouncementState => ({
  ...state,
  arpFreeAt: later(state.arpFreeAt, arpFreeAt),
  naFreeAt: later(state.naFreeAt, naFreeAt),
})

const later = (a: Instant, b: Instant): Instant => (a > b ? a : b)

/** With the gaps of the group in place of the virtual router's. */
const spaced = (event: AnnouncementEvent, { garpInterval, gnaInterval }: GarpGroup): AnnouncementEvent =>
  event.type === 'master-entered' || event.type === 'addresses-changed'
    ? { ...event, settings: { ...event.settings, garpInterval, gnaInterval } }
    : event

type Machine = { state: AnnouncementState; socket: FrameSocket | undefined }

/** @param advertisingAt  the interface that advertisements of this virtual router go by */
export function openAnnouncer(
  ports: Pick<VrrpPorts, 'openFrameSocket'>,
  view: NetworkView,
  log: Log,
  advertisingAt: (router: string) => string | undefined = () => undefined,
): Announcer {
  const machines = new Map<number, Machine>()
  const groups = new Map<string, SharedGaps>()

  const machineAt = (index: number): Machine => {
    const machine = machines.get(index) ?? { state: silent, socket: undefined }
    machines.set(index, machine)
    return machine
  }
  const dispatch = (index: number, event: AnnouncementEvent, now: Instant) => {
    const machine = machineAt(index)
    const shared = groups.get(view.linkAt(index)?.name ?? '')
    const { state, actions } = stepAnnouncements(
      shared === undefined ? machine.state : waitingWith(machine.state, shared),
      shared === undefined ? event : spaced(event, shared.group),
      now,
    )
    machine.state = state
    if (shared !== undefined) {
      shared.arpFreeAt = state.arpFreeAt
      shared.naFreeAt = state.naFreeAt
    }
    const frames = new Map<IpAddress, Uint8Array | undefined>()
    for (const { address } of actions) {
      if (!frames.has(address)) frames.set(address, frameOf(index, address))
      const frame = frames.get(address)
      if (frame !== undefined) send(machine, index, frame)
    }
  }
  const frameOf = (index: number, address: IpAddress): Uint8Array | undefined => {
    const link = view.linkAt(index)
    // Without ARP, or without Ethernet addresses, there is nobody to tell.
    if (link === undefined || link.noArp || link.mac.length !== ETHERNET_ADDRESS) return undefined
    return familyOf(address) === 4
      ? encodeGratuitousArp({ mac: link.mac, address })
      : // RFC 9568 §6.4.1 has R set; keepalived sets it only where the interface forwards.
        encodeUnsolicitedAdvertisement({ mac: link.mac, address, router: true, override: true })
  }
  const socketOf = (machine: Machine, index: number): FrameSocket | undefined => {
    if (machine.socket !== undefined) return machine.socket
    const opened = ports.openFrameSocket(index)
    if (opened.ok) machine.socket = opened.value
    else
      log.error('addresses cannot be announced', { interface: view.linkAt(index)?.name, reason: opened.error.message })
    return machine.socket
  }
  const send = (machine: Machine, index: number, frame: Uint8Array) => {
    const sent = socketOf(machine, index)?.send(frame)
    if (sent !== undefined && !sent.ok)
      log.debug('announcement was not sent', { interface: view.linkAt(index)?.name, reason: sent.error.message })
  }
  const everywhere = (event: AnnouncementEvent, now: Instant) => {
    for (const index of machines.keys()) dispatch(index, event, now)
  }

  /** Switches forget a MAC that nothing is heard from: elsewhere than where advertisements go it may be told again and again. */
  const settingsAt = (router: string, index: number, settings: AnnouncementSettings): AnnouncementSettings => {
    const { extraInterval = 0, extraOnAll, masterRefresh } = settings
    if (extraInterval === 0) return settings
    const link = view.linkAt(index)
    if (link === undefined || link.name === advertisingAt(router)) return settings
    if (extraOnAll !== true && link.over === undefined) return settings
    return masterRefresh > 0 && masterRefresh <= extraInterval
      ? settings
      : { ...settings, masterRefresh: micros(extraInterval), masterRefreshRepeat: 1 }
  }

  return {
    entered(router, placed, settings, now) {
      for (const [index, addresses] of byInterface(placed))
        dispatch(
          index,
          { type: 'master-entered', router, addresses, settings: settingsAt(router, index, settings) },
          now,
        )
    },
    changed(router, placed, added, settings, now) {
      const fresh = byInterface(added)
      const all = byInterface(placed)
      for (const index of new Set([...machines.keys(), ...all.keys()])) {
        const addresses = all.get(index)
        if (addresses === undefined) dispatch(index, { type: 'master-left', router }, now)
        else
          dispatch(
            index,
            {
              type: 'addresses-changed',
              router,
              addresses,
              added: fresh.get(index) ?? [],
              settings: settingsAt(router, index, settings),
            },
            now,
          )
      }
    },
    weakerMasterHeard: (router, now) => everywhere({ type: 'weaker-master-heard', router }, now),
    left: (router, now) => everywhere({ type: 'master-left', router }, now),
    socketAt: (index) => socketOf(machineAt(index), index),
    run(now) {
      for (const [index, { state }] of machines) {
        const at = announcementDeadline(state)
        if (at !== undefined && at <= now) dispatch(index, { type: 'deadline-reached' }, now)
      }
    },
    deadline() {
      let earliest: Instant | undefined
      for (const { state } of machines.values()) {
        const at = announcementDeadline(state)
        if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
      }
      return earliest
    },
    adopt(wanted) {
      const before = [...new Set(groups.values())]
      groups.clear()
      for (const group of wanted) {
        const same = before.find((one) => JSON.stringify(one.group) === JSON.stringify(group))
        const shared = same ?? { group, arpFreeAt: silent.arpFreeAt, naFreeAt: silent.naFreeAt }
        for (const name of group.interfaces) groups.set(name, shared)
      }
    },
    forgetInterface(index) {
      machines.get(index)?.socket?.close()
      machines.delete(index)
    },
    close() {
      for (const { socket } of machines.values()) socket?.close()
      machines.clear()
    },
  }
}

function byInterface(placed: readonly PlacedAddress[]): Map<number, IpAddress[]> {
  const groups = new Map<number, IpAddress[]>()
  for (const { interfaceIndex, address } of placed) {
    const group = groups.get(interfaceIndex)
    if (group === undefined) groups.set(interfaceIndex, [address])
    else group.push(address)
  }
  return groups
}
