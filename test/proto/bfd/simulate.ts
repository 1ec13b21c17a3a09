import { after, type Instant, instant, type Micros, micros } from '../../../src/base/index.ts'
import type { BfdSession } from '../../../src/model/index.ts'
import { type BfdEvent, type BfdState, bfdDeadline, initialBfd, stepBfd } from '../../../src/proto/bfd/index.ts'
import type { ControlPacket } from '../../../src/wire/bfd/index.ts'

type Side = 0 | 1
type Flight = { readonly at: Instant; readonly to: Side; readonly packet: ControlPacket }

/** Two sessions on one link, in virtual time. A packet takes 0.1 to 1 ms and may be lost; packets may overtake each other. */
export type Link = {
  readonly now: () => Instant
  readonly state: (side: Side) => BfdState
  tell(side: Side, event: BfdEvent): void
  reconfigure(side: Side, session: BfdSession): void
  /** Whether what this side sends arrives: 0 never, 1 always. */
  deliver(from: Side, share: number): void
  run(length: Micros): void
  /** Until both are in this state; the time that took, or undefined where `within` was not enough. */
  until(names: readonly [BfdState['name'], BfdState['name']], within: Micros): Micros | undefined
  /** What trackers of this side have been told. */
  readonly told: (side: Side) => readonly ('good' | 'bad')[]
  readonly packets: (side: Side) => readonly { readonly at: Instant; readonly packet: ControlPacket }[]
}

/** @param random 0 up to but not including 1 */
export function joined(sessions: readonly [BfdSession, BfdSession], random: () => number): Link {
  let now = instant(1_000_000)
  let flights: Flight[] = []
  let drawn = 0
  const share = [1, 1]
  const source = { fraction: random, discriminator: () => ++drawn }
  const sides = sessions.map((session) => ({
    session,
    state: initialBfd(session, source.discriminator()),
    told: [] as ('good' | 'bad')[],
    packets: [] as { at: Instant; packet: ControlPacket }[],
  })) as [SideState, SideState]

  const tell = (side: Side, event: BfdEvent) => {
    const one = sides[side]
    const { state, actions } = stepBfd(one.session, one.state, event, now, source)
    one.state = state
    for (const action of actions)
      if (action.type === 'announce') {
        if (action.path !== undefined) one.told.push(action.path)
      } else {
        one.packets.push({ at: now, packet: action.packet })
        if (random() < (share[side] as number))
          flights.push({ at: after(now, micros(100 + 900 * random())), to: side === 0 ? 1 : 0, packet: action.packet })
      }
  }
  /** Whose packet it is is decided as the role does: by the discriminator, or by the pair of addresses where it is 0. */
  const arrive = ({ to, packet }: Flight) => {
    if (packet.yourDiscriminator !== 0 && packet.yourDiscriminator !== sides[to].state.discriminator) return
    tell(to, { type: 'packet-received', packet })
  }
  const next = (): Instant | undefined => {
    const all = [...sides.map(({ state }) => bfdDeadline(state)), ...flights.map(({ at }) => at)]
    return all.reduce(
      (least, one) => (one !== undefined && (least === undefined || one < least) ? one : least),
      undefined,
    )
  }
  const turn = (end: Instant): boolean => {
    const at = next()
    if (at === undefined || at > end) {
      now = end
      return false
    }
    if (at > now) now = at
    const due = flights.filter((one) => one.at <= now)
    flights = flights.filter((one) => one.at > now)
    for (const one of due) arrive(one)
    for (const side of [0, 1] as const) {
      const deadline = bfdDeadline(sides[side].state)
      if (deadline !== undefined && deadline <= now) tell(side, { type: 'deadline-reached' })
    }
    return true
  }

  return {
    now: () => now,
    state: (side) => sides[side].state,
    tell,
    reconfigure(side, session) {
      const before = sides[side].session
      sides[side].session = session
      tell(side, { type: 'reconfigured', before })
    },
    deliver(from, of) {
      share[from] = of
    },
    run(length) {
      const end = after(now, length)
      while (turn(end));
    },
    until(names, within) {
      const [start, end] = [now, after(now, within)]
      const there = () => sides.every(({ state }, i) => state.name === names[i])
      while (!there()) if (!turn(end)) return undefined
      return micros(now - start)
    },
    told: (side) => sides[side].told,
    packets: (side) => sides[side].packets,
  }
}

type SideState = {
  session: BfdSession
  state: BfdState
  readonly told: ('good' | 'bad')[]
  readonly packets: { at: Instant; packet: ControlPacket }[]
}
