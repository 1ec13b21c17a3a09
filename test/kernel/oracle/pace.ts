/**
 * When things happen where time passes. A packet in the second in which its connection expires is for one director before that and
 * for the other after it, and the embedded core counts whole seconds. So the packets of one segment come within two seconds, between
 * segments is a time that is far from all time-outs, and the time-outs are two seconds or more apart: what is shorter than 30 s ends
 * in the first pause, what has about 60 s in the second (TCP half-open and such), and what has 120 s lives to the end.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { serviceKey, type Timeouts } from '../../../src/forwarding/index.ts'
import { clock } from './director.ts'
import type { Climate, Sequence } from './sequence.ts'

/** Whether connections expire between segments of the batch. */
export const timePasses = (batch: number): boolean => batch % 5 === 4

/** What an ICMP error has opened has 3 s, SCTP has 4 s, or 60 s, TCP in CLOSE 10 s. */
export const SHORT_TIMEOUTS: Timeouts = { tcp: 12, tcpFin: 10, udp: 4 }
/** The one ends after some of these and before others, which make it stay, to 67 s; the other before what has 60 s. */
export const SHORT_PERSISTENCES = [7, 56] as const
/** From segment to segment, in seconds: so many, and no more than so many later. */
export type Rest = { readonly seconds: number; readonly delay: number }
/**
 * Where time passes. What ends after 30 s is gone: the kernel's timers of that length are up to two seconds late, and so is the
 * embedded core's sweep. One rest does not fill 56 s, nor do two of them 120 s.
 */
export const LONG_REST: Rest = { seconds: 36, delay: 18 }
/** Elsewhere: 10 s are over in one and 30 s in two, however late, and 30 s are not in one, nor 50 s in two. */
export const SHORT_REST: Rest = { seconds: 17, delay: 5 }
/** Seconds before connections are listed: 10 s and two more, twice. */
export const SETTLING = 14
/** Seconds that the packets of a segment may take, for none of these times to end among them or to change places. */
const LONGEST_SEGMENT = 1.8
/**
 * Seconds that a sequence may take in which nothing hurries, from its first packet until its connections are listed: less than the
 * 10 s of TCP in CLOSE.
 */
export const LONGEST_COURSE = 8
/** So many sequences are played together, that they do not take longer. */
export const TOGETHER = 3

/**
 * Whether the packets of a segment are to come quickly: also where nothing passes on purpose, connections of SCTP begin with 3 s, and
 * so does what an ICMP error opens.
 */
export const hurries = ({ segments }: Sequence, { passing, settings }: Climate): boolean =>
  passing ||
  settings.schedule_icmp === 1 ||
  segments.some(({ ops }) =>
    ops.some((op) => op.type === 'put-service' && serviceKey(op.service.address).startsWith('sctp/')),
  )

/** Of sequences that are played together. */
export class Pace {
  readonly #rest: Rest
  #ended: number | undefined
  #began = 0
  #kept = true

  constructor(rest: Rest) {
    this.#rest = rest
  }

  /** Whether everything has happened in its time so far. */
  get kept(): boolean {
    return this.#kept
  }

  /** Until the next segment may begin, or so many seconds. */
  async pause(seconds = this.#rest.seconds): Promise<void> {
    if (this.#ended === undefined) return
    const left = this.#ended + seconds - clock()
    if (left > 0) await sleep(left * 1000)
  }

  segmentBegins(): void {
    this.#began = clock()
    const { seconds, delay } = this.#rest
    if (this.#ended !== undefined && this.#began - this.#ended > seconds + delay) this.#kept = false
  }

  segmentEnds(): void {
    this.#ended = clock()
    if (this.#ended - this.#began > LONGEST_SEGMENT) this.#kept = false
  }
}
