/** Virtual routers on a LAN that loses, delays and splits, on a clock that the test turns: nothing sleeps. */
import { after, type Instant, type IpAddress, instant, type Micros, micros, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { deadlineOf, initialize, step, type VrrpEvent, type VrrpState } from '../../../src/proto/vrrp/index.ts'

export type Host = { readonly address: IpAddress; readonly router: VirtualRouter }

type Message = {
  readonly at: Instant
  readonly from: number
  readonly to: number
  readonly priority: number
  readonly interval: Micros
}

export type Lan = {
  readonly now: () => Instant
  readonly states: () => readonly VrrpState[]
  readonly masters: () => readonly number[]
  /** How many advertisements each has sent. */
  readonly sent: () => readonly number[]
  /** An event at one of them, now. */
  tell(host: number, event: VrrpEvent): void
  /** Whether what `from` sends reaches `to`. */
  connect(from: number, to: number, connected: boolean): void
  heal(): void
  run(length: Micros): void
}

/**
 * @param random 0 ≤ x < 1: each message takes up to 5 ms, and is lost with the probability `loss`
 */
export function simulate(hosts: readonly Host[], random: () => number, options: { readonly loss?: number } = {}): Lan {
  let now = instant(1_000_000_000)
  let loss = options.loss ?? 0
  const states: VrrpState[] = hosts.map(() => initialize)
  const sent = hosts.map(() => 0)
  const cut = new Set<string>()
  let messages: Message[] = []

  const dispatch = (host: number, event: VrrpEvent) => {
    const { router } = hosts[host]!
    const { state, actions } = step(router, states[host]!, event, now)
    states[host] = state
    for (const action of actions) {
      if (action.type !== 'send-advertisement') continue
      sent[host]!++
      for (const to of hosts.keys()) {
        if (to === host || cut.has(`${host}>${to}`) || random() < loss) continue
        const delay = micros(50 + random() * 5_000)
        messages.push({
          at: after(now, delay),
          from: host,
          to,
          priority: action.priority,
          interval: router.advertisementInterval,
        })
      }
    }
  }
  const earliest = (): Instant | undefined => {
    const moments = [...states.map(deadlineOf), ...messages.map(({ at }) => at)].filter((at) => at !== undefined)
    return moments.length === 0 ? undefined : (Math.min(...moments) as Instant)
  }

  return {
    now: () => now,
    states: () => [...states],
    masters: () => [...states.entries()].filter(([, { name }]) => name === 'master').map(([i]) => i),
    sent: () => [...sent],
    tell: dispatch,
    connect(from, to, connected) {
      if (connected) cut.delete(`${from}>${to}`)
      else cut.add(`${from}>${to}`)
    },
    heal() {
      cut.clear()
      loss = 0
    },
    run(length) {
      const end = after(now, length)
      for (let at = earliest(); at !== undefined && at <= end; at = earliest()) {
        if (at > now) now = at
        const arrived = messages.filter((message) => message.at <= now)
        messages = messages.filter((message) => message.at > now)
        for (const { from, to, priority, interval } of arrived)
          dispatch(to, {
            type: 'advertisement-received',
            priority,
            interval,
            source: hosts[from]!.address,
            self: hosts[to]!.address,
          })
        for (const host of hosts.keys()) dispatch(host, { type: 'deadline-reached' })
      }
      now = end
    },
  }
}

/** Longer than any of these needs to take over, or to notice that it should not have. */
export const longEnough = (hosts: readonly Host[]): Micros =>
  seconds(
    (8 *
      Math.max(
        ...hosts.map(({ router }) => router.advertisementInterval * router.downTimerAdverts + router.preemptDelay),
      )) /
      1e6 +
      4,
  )

/** The same numbers for the same seed (mulberry32), 0 ≤ x < 1: a failing property names its seed and not a stream. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
