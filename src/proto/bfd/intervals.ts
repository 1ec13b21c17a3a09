import { type Micros, micros } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { BfdState } from './state.ts'

/** Chance, from outside so that the steps stay functions. */
export type RandomSource = {
  /** 0 up to but not including 1. */
  fraction(): number
  /** Not 0, and of no other session of this host (RFC 5880 §6.8.1). */
  discriminator(): number
}

/** From packet to packet before jitter (RFC 5880 §6.8.2); undefined: the neighbour wants none (§6.8.1). */
export function transmitInterval({ transmit, remote }: BfdState): Micros | undefined {
  return remote.minReceive === 0 ? undefined : micros(Math.max(transmit.used, remote.minReceive))
}

/** How long nothing may come in until the session is down (RFC 5880 §6.8.4, asynchronous mode). */
export const detectionTime = ({ receive, remote }: BfdState): Micros =>
  micros(remote.multiplier * Math.max(receive.used, remote.minTransmit))

/** Up to a quarter shorter, so that sessions do not fall into step; never its full length with multiplier 1 (§6.8.7). */
export function jittered(interval: Micros, { multiplier }: Pick<BfdSession, 'multiplier'>, fraction: number): Micros {
  const shortened = multiplier === 1 ? 0.1 + 0.15 * fraction : 0.25 * fraction
  return micros(interval * (1 - shortened))
}
