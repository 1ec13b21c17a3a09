import type { Micros } from '../../base/index.ts'
import { usualTruth } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, integer, type Lowering, timer } from './arguments.ts'
import { usualTime } from './usual.ts'

/** What a checker takes from itself, its real server or its virtual server, whichever says it first. */
export type Inherited = {
  connectTimeout?: Micros | undefined
  retry?: number | undefined
  delayBeforeRetry?: Micros | undefined
  warmup?: Micros | undefined
  delayLoop?: Micros | undefined
  alpha?: boolean | undefined
  virtualHost?: string | undefined
}

/** Reads the line if it is one of these keywords; false: it is another. */
export function inheritedLine(to: Lowering, node: Node, into: Inherited): boolean {
  switch (node.keyword.text) {
    case 'connect_timeout':
      into.connectTimeout = timer(to, node) ?? into.connectTimeout
      return true
    case 'retry':
    case 'nb_get_retry':
      into.retry = integer(to, node) ?? into.retry
      return true
    case 'delay_before_retry':
      into.delayBeforeRetry = timer(to, node) ?? into.delayBeforeRetry
      return true
    case 'warmup':
      into.warmup = timer(to, node) ?? into.warmup
      return true
    case 'delay_loop':
      into.delayLoop = timer(to, node) ?? into.delayLoop
      return true
    case 'alpha':
      into.alpha = boolean(to, node) ?? into.alpha
      return true
    default:
      return false
  }
}

/** keepalived.conf(5): the virtual server's own defaults, taken last. */
export const serviceDefaults = {
  connectTimeout: usualTime('virtual_server', 'connect_timeout'),
  delayLoop: usualTime('virtual_server', 'delay_loop'),
  alpha: usualTruth('virtual_server', 'alpha'),
} as const

/** The first of `chain` that says it. */
export const inherit = <Key extends keyof Inherited>(chain: readonly Inherited[], key: Key): Inherited[Key] => {
  for (const one of chain) if (one[key] !== undefined) return one[key]
  return undefined
}
