/**
 * IPVS's defences against floods (ip_vs_ctl.c update_defense_level(), ip_vs_conn.c ip_vs_random_dropentry()): which are in
 * force, and which connections drop_entry takes.
 */

/** Settings of IPVS's defences: 0 never, 1 when memory is short, 2 the same and in force now, 3 always. */
export type Levels = { readonly drop_entry: number; readonly drop_packet: number; readonly secure_tcp: number }

export type Defence = {
  /** As the settings read from now on: 1 and 2 change into each other. */
  readonly levels: Levels
  readonly dropEntry: boolean
  readonly secureTcp: boolean
  /** One of so many packets that would open a connection is dropped; 0: none. */
  readonly dropRate: number
}

export function defenceNow(levels: Levels, threshold: number, alwaysRate: number, freePages: number): Defence {
  const short = freePages < threshold
  const next = (level: number) => (level === 1 || level === 2 ? (short ? 2 : 1) : level)
  const inForce = (level: number) => next(level) >= 2
  const rate = Math.floor(threshold / Math.max(1, threshold - freePages))
  return {
    levels: {
      drop_entry: next(levels.drop_entry),
      drop_packet: next(levels.drop_packet),
      secure_tcp: next(levels.secure_tcp),
    },
    dropEntry: inForce(levels.drop_entry),
    secureTcp: inForce(levels.secure_tcp),
    dropRate: levels.drop_packet === 3 ? alwaysRate : inForce(levels.drop_packet) ? rate : 0,
  }
}

const PAGE_KIB = 4

/** Free pages and those of buffers, from /proc/meminfo; undefined: it does not say. */
export function freePagesOf(meminfo: string): number | undefined {
  const of = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const free = of('MemFree')
  const buffers = of('Buffers')
  return free === undefined || buffers === undefined ? undefined : Math.floor((free + buffers) / PAGE_KIB)
}

/** What drop_entry asks of a connection. */
export type Candidate = {
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** As numbered by IPVS. */
  readonly state: number
  /** The client's packets. */
  readonly packets: number
  /** Seconds since its last packet. */
  readonly idle: number
}

/** Connections idle for a minute with 1 to 8 packets: of those with n packets every n-th. */
export class Lottery {
  readonly #waiting = new Map<number, number>()

  draws({ packets, idle }: Candidate): boolean {
    if (idle < 60 || packets < 1 || packets > 8) return false
    const left = (this.#waiting.get(packets) ?? 0) - 1
    this.#waiting.set(packets, left > 0 ? left : packets)
    return left <= 0
  }
}

const TCP = { established: 1, synReceived: 3, synAck: 10 }
const SCTP = { init1: 1, init: 2, established: 8 }

/** Whether drop_entry takes a connection that it has come upon. */
export function isVictim(candidate: Candidate, lottery: Lottery): boolean {
  const { protocol, state } = candidate
  switch (protocol) {
    case 'tcp':
      if (state === TCP.synReceived || state === TCP.synAck) return true
      return state === TCP.established && lottery.draws(candidate)
    case 'sctp':
      if (state === SCTP.init1 || state === SCTP.init) return true
      return state === SCTP.established && lottery.draws(candidate)
    case 'udp':
      return lottery.draws(candidate)
  }
}
