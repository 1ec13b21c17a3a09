/**
 * Virtual routers, a forger and two clients on a LAN that loses, delays, reorders, damages and splits, in virtual time; or on two
 * LANs, where each machine has a virtual router on both, in one sync group. They speak by multicast or to peers, signed
 * (auth_hmac) or not. What runs are the real machines, rules of groups, codecs and receive checks; the shell around them is the
 * role's in small: addresses, announcements, and a process that was stopped reads what it has missed before it acts on its deadlines.
 */
import {
  address,
  compareAddresses,
  type Instant,
  type IpAddress,
  instant,
  type Micros,
  pseudoHeader,
} from '../../src/base/index.ts'
import type { VirtualRouter } from '../../src/model/index.ts'
import {
  type AnnouncementEvent,
  type AnnouncementState,
  announcementDeadline,
  silent,
  stepAnnouncements,
} from '../../src/proto/announce/index.ts'
import { consequences, faultOf, mayBeginAsMaster, mayLead } from '../../src/proto/sync-group/index.ts'
import {
  deadlineOf,
  type Expectation,
  initialize,
  step as realStep,
  type VrrpEvent,
  type VrrpState,
  validate,
} from '../../src/proto/vrrp/index.ts'
import { checkHmac, type Verified } from '../../src/proto/vrrp-hmac/index.ts'
import { advertisementsOf, expectationOf, type Outgoing, withTrailer } from '../../src/roles/vrrp/outgoing.ts'
import { type Signer, signerFor } from '../../src/roles/vrrp/signer.ts'
import {
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  decodeHmacTrailer,
  splitTrailer,
  VRRP_PROTOCOL,
} from '../../src/wire/vrrp/index.ts'

export type StepFunction = typeof realStep

/** As many datagrams as a socket keeps for a process that does not read. */
const SOCKET = 300

type Host = {
  /** Its machine, and the LAN that it is on. */
  readonly machine: number
  readonly lan: number
  router: VirtualRouter
  readonly source: IpAddress
  expectation: Expectation
  state: VrrpState
  announcing: AnnouncementState
  holds: boolean
  /** Not scheduled: what arrives waits. */
  paused: boolean
  readonly waiting: Outgoing[]
  /** Dead: nothing arrives. */
  crashed: boolean
  readonly encoded: Map<number, readonly Outgoing[]>
  signer: Signer | undefined
  /** A fault of its own, and not one of its group. */
  ownFault: string | undefined
  /** The last that it has sent, for who would send it again. */
  said: readonly Outgoing[]
}

type Flying = { readonly at: number; readonly to: number; readonly datagram: Outgoing }
type Claim = { readonly at: number; readonly lan: number; readonly client: number; readonly by: number }

/** What the LANs are. */
export type Wiring = {
  readonly lans: 1 | 2
  readonly unicast: boolean
  /** Each sends from the MAC of the virtual router: switches learn where that is from whatever was sent last. */
  readonly virtualMac: boolean
}

export type Lan = ReturnType<typeof openLan>

/** Of a machine on a LAN. */
const addressOf = (lan: number, machine: number): IpAddress =>
  address(`${lan === 0 ? '192.0.2' : '198.51.100'}.${11 + machine}`)

/**
 * @param routers one a machine; on two LANs it has the same on both
 * @param random  0 ≤ x < 1
 * @param step    the machine, or one that is wrong on purpose
 * @param tell    told what happens, for the story of a seed
 */
export function openLan(
  routers: readonly VirtualRouter[],
  { lans, unicast, virtualMac }: Wiring,
  random: () => number,
  step: StepFunction = realStep,
  tell?: (what: string) => void,
) {
  let now = instant(1_000_000_000)
  let [loss, damage, delay] = [0, 0, 500]
  /** Announcements come in the order in which they were sent. */
  let orderly = false
  /** On each LAN by place: machines, then two clients, then the forger. Who is on another side does not hear. */
  const side = Array.from({ length: lans }, () => new Array<number>(routers.length + 3).fill(0))
  const forger = routers.length + 2
  const machines = [...routers.keys()]
  /** Of two LANs those of the second follow those of the first. */
  const hosts: Host[] = side.flatMap((_, lan) =>
    routers.map((router, machine): Host => {
      const unicastPeers = unicast
        ? machines.flatMap((other) => (other === machine ? [] : [addressOf(lan, other)]))
        : []
      return {
        machine,
        lan,
        router: { ...router, unicastPeers },
        source: addressOf(lan, machine),
        expectation: expectationOf(router),
        state: initialize,
        announcing: silent,
        holds: false,
        paused: false,
        waiting: [],
        crashed: false,
        encoded: new Map(),
        signer: signerFor(router.hmac, undefined),
        ownFault: undefined,
        said: [],
      }
    }),
  )
  const ofMachine = (machine: number): number[] => side.map((_, lan) => lan * routers.length + machine)
  const others = (i: number): number[] => ofMachine(hosts[i]!.machine).filter((other) => other !== i)
  /** Which machine what each client sends to the virtual address of its LAN goes to. */
  const caches = side.map((): (number | undefined)[] => [undefined, undefined])
  let flying: Flying[] = []
  let claims: Claim[] = []

  const arrival = (): number => now + 20 + Math.floor(random() * delay)
  const reaches = (lan: number, from: number, to: number): boolean =>
    side[lan]![from] === side[lan]![to] && random() >= loss

  function send(lan: number, place: number, datagrams: readonly Outgoing[]): void {
    for (const datagram of datagrams)
      for (const machine of machines) {
        const to = lan * routers.length + machine
        const { router, source } = hosts[to]!
        const isMeant = datagram.destination === source || datagram.destination === router.multicastGroup
        if (machine === place || !isMeant || !reaches(lan, place, machine)) continue
        const payload = random() < damage ? flipped(datagram.payload, random()) : datagram.payload
        // Ethernet keeps the order of what one says to another.
        const before = orderly
          ? flying.findLast((one) => one.to === to && one.datagram.source === datagram.source)
          : undefined
        flying.push({ at: Math.max(arrival(), before?.at ?? 0), to, datagram: { ...datagram, payload } })
      }
  }

  function advertise(i: number, priority: number): void {
    const host = hosts[i]!
    host.said = datagramsOf(host, priority, now)
    send(host.lan, host.machine, host.said)
    if (virtualMac) claim(host)
  }

  /** What its group has to say to an event that would make it master (src/roles/vrrp/machines.ts). */
  function judged(i: number, event: VrrpEvent): VrrpEvent {
    if (lans === 1) return event
    if (event.type === 'deadline-reached') {
      const isHeld = hosts[i]!.state.name === 'backup' && !mayLead(others(i).map((other) => hosts[other]!.state))
      return isHeld ? { ...event, held: true } : event
    }
    if (event.type !== 'started') return event
    const mayBegin = mayBeginAsMaster(ofMachine(hosts[i]!.machine).map((one) => hosts[one]!.router))
    return mayBegin ? event : { ...event, held: true }
  }

  function dispatch(i: number, asked: VrrpEvent): void {
    const host = hosts[i]!
    const event = judged(i, asked)
    const before = host.state
    const { state, actions } = step(host.router, before, event, now)
    host.state = state
    if (tell !== undefined && state.name !== before.name)
      tell(`${time()} router ${i}: ${before.name} → ${state.name} (${event.type})`)
    for (const action of actions) {
      if (action.type === 'send-advertisement') advertise(i, action.priority)
      else if (action.type === 'install-addresses') host.holds = true
      else if (action.type === 'remove-addresses') host.holds = false
      else if (action.type === 'announce-addresses') tellNeighbours(i, action.occasion)
      else if (action.type === 'cease-announcing') announce(i, { type: 'master-left', router: 'it' })
    }
    if (host.holds !== (host.state.name === 'master')) throw new Error(`router ${i} ${state.name}, holds ${host.holds}`)
    if (state === before || event.type === 'group-became-master' || event.type === 'group-became-backup') return
    const states = new Map(others(i).map((other) => [other, hosts[other]!.state] as const))
    for (const { member, event: following } of consequences(before, state, states)) dispatch(member, following)
  }

  /** A fault of one is a fault of all in its group. */
  function judgeFaults(machine: number): void {
    const members = ofMachine(machine)
    const failed = members.flatMap((i) => hosts[i]!.ownFault ?? [])[0]
    for (const i of members) {
      const reason = faultOf('G', hosts[i]!.ownFault, failed === undefined ? undefined : { name: 'it', reason: failed })
      dispatch(i, reason === undefined ? { type: 'fault-cleared' } : { type: 'fault-found', reason })
    }
  }

  /** What one neighbour has wrong it may have wrong of the others in the group as well. */
  function tellNeighbours(i: number, occasion: 'entered' | 'weaker-master'): void {
    const settings = hosts[i]!.router.announcements
    if (occasion === 'entered')
      return announce(i, { type: 'master-entered', router: 'it', addresses: [VIRTUAL], settings })
    for (const one of [i, ...others(i)])
      if (hosts[one]!.state.name === 'master') announce(one, { type: 'weaker-master-heard', router: 'it' })
  }

  function announce(i: number, event: AnnouncementEvent): void {
    const host = hosts[i]!
    const { state, actions } = stepAnnouncements(host.announcing, event, now)
    host.announcing = state
    for (const _ of actions) claim(host)
  }

  /** From here on what clients send to the virtual address goes to it. */
  function claim({ lan, machine }: Host): void {
    for (const client of [0, 1])
      if (reaches(lan, machine, routers.length + client))
        claims.push({ at: orderly ? now + 20 : arrival(), lan, client, by: machine })
  }

  function receive(i: number, { payload, source, destination, hopLimit }: Outgoing): void {
    const { router, state, expectation, source: self, signer } = hosts[i]!
    if (state.name !== 'backup' && state.name !== 'master') return
    const whole = { message: payload, declared: payload.length }
    const { message, declared, trailer }: ReturnType<typeof splitTrailer> =
      signer === undefined ? whole : splitTrailer(payload, payload.length, 4)
    const decoded =
      router.version === 2
        ? decodeAdvertisementV2(message, declared)
        : decodeAdvertisementV3(
            message,
            4,
            pseudoHeader(source, destination, VRRP_PROTOCOL, declared),
            declared,
            trailer,
          )
    let verified: Verified | undefined
    const result = validate(router, expectation, undefined, { source, destination, hopLimit }, decoded, () => {
      if (signer === undefined) return undefined
      const arrival = { source, ...(unicast ? { isPeer: router.unicastPeers.includes(source) } : {}) }
      const signed = trailer && decodeHmacTrailer(trailer)
      const checked = checkHmac(
        signer.settings,
        signer.marks,
        signed === undefined ? arrival : { ...arrival, trailer: signed.ok ? signed.value : undefined },
        wall(now),
        (one) => trailer && signer.verify(source, message, trailer, one),
      )
      if (!checked.ok) return checked.error
      verified = checked.value
      return undefined
    })
    if (!result.ok) return
    if (signer !== undefined && verified !== undefined) signer.marks = verified.marks
    const { priority, interval } = result.value
    dispatch(i, { type: 'advertisement-received', priority, interval, source, self })
  }

  /** The role looks into its socket before it acts on a deadline that it has missed. */
  function wake(i: number): void {
    const host = hosts[i]!
    host.paused = false
    for (const datagram of host.waiting.splice(0)) receive(i, datagram)
  }

  const runs = (host: Host): boolean => !host.paused && !host.crashed

  function earliest(): number {
    let first = Number.POSITIVE_INFINITY
    for (const host of hosts) {
      if (!runs(host)) continue
      first = Math.min(first, deadlineOf(host.state) ?? first, announcementDeadline(host.announcing) ?? first)
    }
    for (const { at } of flying) if (at < first) first = at
    for (const { at } of claims) if (at < first) first = at
    return first
  }

  function turn(): void {
    const [heard, seen] = [flying.filter(({ at }) => at <= now), claims.filter(({ at }) => at <= now)]
    if (heard.length > 0) flying = flying.filter(({ at }) => at > now)
    if (seen.length > 0) claims = claims.filter(({ at }) => at > now)
    for (const { lan, client, by } of seen) caches[lan]![client] = by
    for (const { to, datagram } of heard) {
      const host = hosts[to]!
      if (host.crashed) continue
      if (!host.paused) receive(to, datagram)
      else if (host.waiting.length < SOCKET) host.waiting.push(datagram)
    }
    for (const [i, host] of hosts.entries()) {
      if (!runs(host)) continue
      if ((deadlineOf(host.state) ?? now + 1) <= now) dispatch(i, { type: 'deadline-reached' })
      if ((announcementDeadline(host.announcing) ?? now + 1) <= now) announce(i, { type: 'deadline-reached' })
    }
  }

  const time = (): string => `${((now - 1_000_000_000) / 1e6).toFixed(6)} s`
  const say = (what: string): void => tell?.(`${time()} ${what}`)
  /** Machines that are master on this LAN. */
  const masters = (lan: number): number[] =>
    machines.filter((machine) => hosts[lan * routers.length + machine]!.state.name === 'master')

  return {
    /** Those of a LAN stand together, in the order of their machines. */
    hosts: hosts as readonly Readonly<Host>[],
    masters,
    caches: caches as readonly (readonly (number | undefined)[])[],
    say,
    /** All virtual routers of a machine are told. */
    event(machine: number, event: VrrpEvent): void {
      if (!runs(hosts[machine]!)) return
      say(`machine ${machine} is told: ${JSON.stringify(event)}`)
      for (const i of ofMachine(machine)) {
        if (event.type === 'stopped') hosts[i]!.ownFault = undefined
        dispatch(i, event)
      }
    },
    /** One of them is in fault, or is not any more. */
    fault(machine: number, lan: number, reason: string | undefined): void {
      const i = ofMachine(machine)[lan]!
      if (!runs(hosts[i]!) || hosts[i]!.state.name === 'initialize') return
      say(`router ${i}: ${reason ?? 'its fault is mended'}`)
      hosts[i]!.ownFault = reason
      judgeFaults(machine)
    },
    priority(machine: number, priority: number): void {
      if (!runs(hosts[machine]!)) return
      say(`machine ${machine} has priority ${priority}`)
      for (const i of ofMachine(machine)) {
        const host = hosts[i]!
        const before = host.router
        host.router = { ...before, priority }
        host.encoded.clear()
        dispatch(i, { type: 'reconfigured', before })
      }
    },
    pause(machine: number): void {
      say(`machine ${machine} is not scheduled`)
      for (const i of ofMachine(machine)) hosts[i]!.paused = true
    },
    wake(machine: number): void {
      if (!hosts[machine]!.paused) return
      say(`machine ${machine} is scheduled again`)
      for (const i of ofMachine(machine)) wake(i)
    },
    crash(machine: number): void {
      say(`machine ${machine} crashes`)
      for (const i of ofMachine(machine)) {
        const host = hosts[i]!
        Object.assign(host, { crashed: true, paused: false, state: initialize, announcing: silent, holds: false })
        Object.assign(host, { ownFault: undefined, signer: signerFor(host.router.hmac, undefined) })
        host.waiting.length = 0
      }
    },
    /** @param resumed what it was master of goes on; else whoever died begins anew */
    restart(machine: number, resumed: boolean): void {
      if (!hosts[machine]!.crashed) return
      say(`machine ${machine} starts${resumed ? ' as the master it was' : ''}`)
      for (const i of ofMachine(machine)) hosts[i]!.crashed = false
      for (const i of ofMachine(machine)) dispatch(i, resumed ? { type: 'resumed-as-master' } : { type: 'started' })
    },
    /** In the form of a machine's, but unsigned and from an address that is nobody's. */
    forge(machine: number, priority: number): void {
      for (const i of ofMachine(machine)) {
        const { lan, router, source } = hosts[i]!
        const { hmac: _, ...unsigned } = { ...router, unicastPeers: unicast ? [...router.unicastPeers, source] : [] }
        send(lan, forger, advertisementsOf(unsigned, NOBODY, priority))
      }
    },
    /** What a machine has said last, once more. */
    repeat(machine: number): void {
      for (const i of ofMachine(machine)) send(hosts[i]!.lan, forger, hosts[i]!.said)
    },
    weather(next: { readonly loss: number; readonly damage: number; readonly delay: number }): void {
      say(`the LAN: ${JSON.stringify(next)}`)
      ;({ loss, damage, delay } = next)
    },
    split(lan: number, sides: readonly number[]): void {
      say(`LAN ${lan} splits: ${sides.join('')}`)
      for (const i of side[lan]!.keys()) side[lan]![i] = sides[i % sides.length]!
    },
    /** What is under way never arrives, and switches keep announcements in order from here on. */
    lose(): void {
      orderly = true
      flying = []
      claims = []
    },
    /** @param look asked after every moment at which something happens */
    run(length: Micros, look?: (now: Instant) => void): void {
      const end = now + length
      for (let at = earliest(); at <= end; at = earliest()) {
        if (at > now) now = instant(at)
        turn()
        look?.(now)
      }
      now = instant(end)
    },
  }
}

const VIRTUAL = address('192.0.2.100')

const NOBODY = address('192.0.2.250')

/** Milliseconds since 1970: the clocks of all machines are right. */
const wall = (now: Instant): number => 1_790_000_000_000 + now / 1_000

function datagramsOf(host: Host, priority: number, now: Instant): readonly Outgoing[] {
  const { router, source, signer } = host
  const known = host.encoded.get(priority)
  const made = known ?? advertisementsOf(router, source, priority)
  host.encoded.set(priority, made)
  const [first] = made
  const trailer = first === undefined ? undefined : signer?.sign(source, first.payload, wall(now))
  return trailer === undefined ? made : withTrailer(made, trailer)
}

/** One bit: no checksum lets that by. */
function flipped(bytes: Uint8Array, where: number): Uint8Array {
  const copy = bytes.slice()
  const bit = Math.floor(where * bytes.length * 8)
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

/** Stronger first: by priority, then by address. */
export const byStrength = (a: Readonly<Host>, b: Readonly<Host>): number =>
  b.router.priority - a.router.priority || compareAddresses(b.source, a.source)
