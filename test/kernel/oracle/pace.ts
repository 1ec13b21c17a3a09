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
/**
 * Seconds from segment to segment. What ends after 30 s is gone: the kernel's timers of that length are up to two seconds late, and
 * so is the embedded core's sweep.
 */
export const PAUSE = 36
/** And how many more there may be, for one pause not to fill 56 s, nor two of them 120 s. */
const LONGEST_DELAY = 18
/** Before connections are listed, and where nothing else passes: 10 s and two more, twice. */
export const SHORT_PAUSE = 14
/** Seconds that the packets of a segment may take, for none of these times to end among them or to change places. */
const LONGEST_SEGMENT = 1.8
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
  #ended: number | undefined
  #began = 0
  #kept = true

  /** Whether everything has happened in its time so far. */
  get kept(): boolean {
    return this.#kept
  }

  async pause(seconds: number): Promise<void> {
    if (this.#ended === undefined) return
    const left = this.#ended + seconds - clock()
    if (left > 0) await sleep(left * 1000)
  }

  segmentBegins(): void {
    this.#began = clock()
    if (this.#ended !== undefined && this.#began - this.#ended > PAUSE + LONGEST_DELAY) this.#kept = false
  }

  segmentEnds(): void {
    this.#ended = clock()
    if (this.#ended - this.#began > LONGEST_SEGMENT) this.#kept = false
  }
}
