import { address, type Instant, instant, micros, millis, seconds } from '../../../src/base/index.ts'
import type { BfdSession } from '../../../src/model/index.ts'
import { type BfdState, initialBfd, type RandomSource, stepBfd } from '../../../src/proto/bfd/index.ts'
import type { BfdStateName, ControlPacket } from '../../../src/wire/bfd/index.ts'

/** Detects in 50 ms once it is up. */
export const session: BfdSession = {
  name: 'peer',
  family: 4,
  neighbour: address('192.0.2.2'),
  multihop: false,
  minReceive: millis(10),
  minTransmit: millis(10),
  idleTransmit: seconds(1),
  multiplier: 5,
  passive: false,
  hopLimit: 255,
  maxHops: 0,
  vrrp: true,
  checker: true,
}

/** No jitter, and discriminators that count upwards from 1000. */
export function steady(fraction = 0): RandomSource {
  let last = 1000
  return { fraction: () => fraction, discriminator: () => ++last }
}

export const at = (of: number): Instant => instant(of * 1_000_000)
export const START = at(100)
/** Of ours in every table. */
export const OURS = 7
export const THEIRS = 9

export const packet = (state: BfdStateName, more: Partial<ControlPacket> = {}): ControlPacket => ({
  diagnostic: 0,
  state,
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: THEIRS,
  yourDiscriminator: OURS,
  desiredMinTransmit: state === 'up' ? millis(20) : seconds(1),
  requiredMinReceive: millis(20),
  requiredMinEchoReceive: micros(0),
  ...more,
})

/** A session in this state at START, with a neighbour that has said what `packet` says. */
export function inState(name: BfdStateName, of: BfdSession = session, random = steady()): BfdState {
  const initial = initialBfd(of, OURS)
  const step = (state: BfdState, event: Parameters<typeof stepBfd>[2]) => stepBfd(of, state, event, START, random).state
  if (name === 'admin-down') return initial
  const down = step(initial, { type: 'enabled' })
  if (name === 'down') return down
  const init = step(down, { type: 'packet-received', packet: packet('down') })
  if (name === 'init') return init
  return step(init, { type: 'packet-received', packet: packet('up', { final: false }) })
}
