/**
 * Virtual routers, a forger and two clients on a LAN that loses, delays, reorders, damages and splits, in virtual time. What runs
 * are the real machines, codec and receive checks; the shell around them is the role's in small: addresses, announcements, and
 * a process that was stopped reads what it has missed before it acts on its deadlines.
 */
import {
  address,
  centisecondsFromMicros,
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
import {
  deadlineOf,
  type Expectation,
  initialize,
  step as realStep,
  type VrrpEvent,
  type VrrpState,
  validate,
} from '../../src/proto/vrrp/index.ts'
import {
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  encodeAdvertisementV2,
  encodeAdvertisementV3,
  passwordData,
} from '../../src/wire/vrrp/index.ts'

export type StepFunction = typeof realStep

const GROUP = address('224.0.0.18')
/** As many datagrams as a socket keeps for a process that does not read. */
const SOCKET = 300

type Host = {
  router: VirtualRouter
  readonly source: IpAddress
  expectation: Expectation
  state: VrrpState
  announcing: AnnouncementState
  holds: boolean
  /** Not scheduled: what arrives waits. */
  paused: boolean
  readonly waiting: { readonly from: IpAddress; readonly bytes: Uint8Array }[]
  /** Dead: nothing arrives. */
  crashed: boolean
  readonly encoded: Map<number, Uint8Array>
}

type Flying = { readonly at: number; readonly to: number; readonly from: IpAddress; readonly bytes: Uint8Array }
type Claim = { readonly at: number; readonly client: number; readonly by: number }

export type Lan = ReturnType<typeof openLan>

/**
 * @param random 0 ≤ x < 1
 * @param step   the machine, or one that is wrong on purpose
 * @param tell   told what happens, for the story of a seed
 */
export function openLan(
  routers: readonly VirtualRouter[],
  random: () => number,
  step: StepFunction = realStep,
  tell?: (what: string) => void,
) {
  let now = instant(1_000_000_000)
  let [loss, damage, delay] = [0, 0, 500]
  /** Announcements come in the order in which they were sent. */
  let orderly = false
  /** By place: hosts, then two clients, then the forger. Who is on another side does not hear. */
  const side = new Array<number>(routers.length + 3).fill(0)
  const forger = routers.length + 2
  const hosts: Host[] = routers.map((router, i) => ({
    router,
    source: address(`192.0.2.${11 + i}`),
    expectation: expectationOf(router),
    state: initialize,
    announcing: silent,
    holds: false,
    paused: false,
    waiting: [],
    crashed: false,
    encoded: new Map(),
  }))
  /** Whose hardware address each client has for the virtual address. */
  const caches: (number | undefined)[] = [undefined, undefined]
  let flying: Flying[] = []
  let claims: Claim[] = []

  const arrival = (): number => now + 20 + Math.floor(random() * delay)
  const reaches = (from: number, to: number): boolean => side[from] === side[to] && random() >= loss

  function broadcast(place: number, source: IpAddress, bytes: Uint8Array): void {
    for (const to of hosts.keys()) {
      if (to === place || !reaches(place, to)) continue
      const sent = random() < damage ? flipped(bytes, random()) : bytes
      flying.push({ at: arrival(), to, from: source, bytes: sent })
    }
  }

  function dispatch(i: number, event: VrrpEvent): void {
    const host = hosts[i]!
    const before = host.state
    const { state, actions } = step(host.router, before, event, now)
    host.state = state
    if (tell !== undefined && state.name !== before.name)
      tell(`${time()} router ${i}: ${before.name} → ${state.name} (${event.type})`)
    for (const action of actions) {
      if (action.type === 'send-advertisement') broadcast(i, host.source, bytesOf(host, action.priority))
      else if (action.type === 'install-addresses') host.holds = true
      else if (action.type === 'remove-addresses') host.holds = false
      else if (action.type === 'announce-addresses')
        announce(
          i,
          action.occasion === 'entered'
            ? { type: 'master-entered', router: 'it', addresses: [VIRTUAL], settings: host.router.announcements }
            : { type: 'weaker-master-heard', router: 'it' },
        )
      else if (action.type === 'cease-announcing') announce(i, { type: 'master-left', router: 'it' })
    }
    if (host.holds !== (host.state.name === 'master')) throw new Error(`router ${i} ${state.name}, holds ${host.holds}`)
  }

  function announce(i: number, event: AnnouncementEvent): void {
    const host = hosts[i]!
    const { state, actions } = stepAnnouncements(host.announcing, event, now)
    host.announcing = state
    for (const _ of actions)
      for (const client of [0, 1])
        if (reaches(i, routers.length + client)) claims.push({ at: orderly ? now + 20 : arrival(), client, by: i })
  }

  function receive(i: number, from: IpAddress, bytes: Uint8Array): void {
    const { router, state, expectation, source } = hosts[i]!
    if (state.name !== 'backup' && state.name !== 'master') return
    const decoded =
      router.version === 2
        ? decodeAdvertisementV2(bytes)
        : decodeAdvertisementV3(bytes, 4, pseudoHeader(from, GROUP, 112, bytes.length))
    const result = validate(
      router,
      expectation,
      undefined,
      { source: from, destination: GROUP, hopLimit: 255 },
      decoded,
    )
    if (!result.ok) return
    const { priority, interval } = result.value
    dispatch(i, { type: 'advertisement-received', priority, interval, source: from, self: source })
  }

  /** The role looks into its socket before it acts on a deadline that it has missed. */
  function wake(i: number): void {
    const host = hosts[i]!
    host.paused = false
    for (const { from, bytes } of host.waiting.splice(0)) receive(i, from, bytes)
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
    for (const { client, by } of seen) caches[client] = by
    for (const { to, from, bytes } of heard) {
      const host = hosts[to]!
      if (host.crashed) continue
      if (!host.paused) receive(to, from, bytes)
      else if (host.waiting.length < SOCKET) host.waiting.push({ from, bytes })
    }
    for (const [i, host] of hosts.entries()) {
      if (!runs(host)) continue
      if ((deadlineOf(host.state) ?? now + 1) <= now) dispatch(i, { type: 'deadline-reached' })
      if ((announcementDeadline(host.announcing) ?? now + 1) <= now) announce(i, { type: 'deadline-reached' })
    }
  }

  const time = (): string => `${((now - 1_000_000_000) / 1e6).toFixed(6)} s`
  const say = (what: string): void => tell?.(`${time()} ${what}`)
  const masters = (): number[] => [...hosts.entries()].filter(([, h]) => h.state.name === 'master').map(([i]) => i)

  return {
    hosts: hosts as readonly Readonly<Host>[],
    masters,
    caches: caches as readonly (number | undefined)[],
    say,
    event(i: number, event: VrrpEvent): void {
      const host = hosts[i]!
      if (!runs(host)) return
      say(`router ${i} is told: ${JSON.stringify(event)}`)
      dispatch(i, event)
    },
    priority(i: number, priority: number): void {
      const host = hosts[i]!
      if (!runs(host)) return
      const before = host.router
      say(`router ${i} has priority ${priority}`)
      host.router = { ...before, priority }
      host.encoded.clear()
      dispatch(i, { type: 'reconfigured', before })
    },
    pause(i: number): void {
      say(`router ${i} is not scheduled`)
      hosts[i]!.paused = true
    },
    wake(i: number): void {
      if (!hosts[i]!.paused) return
      say(`router ${i} is scheduled again`)
      wake(i)
    },
    crash(i: number): void {
      const host = hosts[i]!
      say(`router ${i} crashes`)
      Object.assign(host, { crashed: true, paused: false, state: initialize, announcing: silent, holds: false })
      host.waiting.length = 0
    },
    /** @param resumed what it was master of goes on; else whoever died begins anew */
    restart(i: number, resumed: boolean): void {
      const host = hosts[i]!
      if (!host.crashed) return
      say(`router ${i} starts${resumed ? ' as the master it was' : ''}`)
      host.crashed = false
      dispatch(i, resumed ? { type: 'resumed-as-master' } : { type: 'started' })
    },
    /** Bytes of its own choice, from an address of its own choice. */
    forge(from: IpAddress, bytes: Uint8Array): void {
      broadcast(forger, from, bytes)
    },
    weather(next: { readonly loss: number; readonly damage: number; readonly delay: number }): void {
      say(`the LAN: ${JSON.stringify(next)}`)
      ;({ loss, damage, delay } = next)
    },
    split(sides: readonly number[]): void {
      say(`the LAN splits: ${sides.join('')}`)
      for (const i of side.keys()) side[i] = sides[i % sides.length]!
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

const expectationOf = ({ addresses }: VirtualRouter): Expectation => ({
  authenticationData: passwordData(''),
  addresses: new Set(addresses.map((one) => one.address)),
})

function bytesOf(host: Host, priority: number): Uint8Array {
  const known = host.encoded.get(priority)
  if (known !== undefined) return known
  const made = advertisement(host.router, host.source, priority)
  host.encoded.set(priority, made)
  return made
}

export function advertisement(router: VirtualRouter, source: IpAddress, priority: number): Uint8Array {
  const { version, virtualRouterId, advertisementInterval } = router
  const addresses = router.addresses.map((one) => one.address)
  const common = { virtualRouterId, priority, addresses }
  return version === 2
    ? encodeAdvertisementV2({
        ...common,
        version: 2,
        authenticationType: 0,
        interval: Math.round(advertisementInterval / 1e6),
        authenticationData: passwordData(''),
      })
    : encodeAdvertisementV3(
        {
          ...common,
          version: 3,
          reserved: 0,
          interval: centisecondsFromMicros(advertisementInterval),
          checksum: 'with-pseudo-header',
        },
        4,
        pseudoHeader(source, GROUP, 112, 8 + 4 * addresses.length),
      )
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
