import type { Instant, Micros } from '../../base/index.ts'

export type ArpingSettings = {
  /** ask who has it; detect whether somebody else has it; update caches by requests, or by replies. */
  readonly mode: 'ask' | 'detect' | 'update' | 'reply'
  /** Go on asking everybody when somebody has answered. */
  readonly keepBroadcasting: boolean
  readonly quitOnFirst: boolean
  /** Packets to send; absent: no end. */
  readonly count?: number
  readonly deadline?: Micros
  readonly interval: Micros
}

export type ArpingState = {
  readonly startedAt: Instant
  readonly sent: number
  readonly broadcasts: number
  readonly received: number
  /** Of those received: requests, and broadcasts. */
  readonly requests: number
  readonly broadcastsReceived: number
  /** 6 bytes: who answered first. */
  readonly answerer?: Uint8Array
  readonly lastSentAt: Instant
  readonly sendAt: Instant
}

/** The time, an answer about the address, or the user who has had enough. */
export type ArpingEvent =
  | { readonly type: 'deadline-reached' }
  | {
      readonly type: 'claim-received'
      /** 6 bytes. */
      readonly mac: Uint8Array
      readonly broadcast: boolean
      readonly request: boolean
    }
  | { readonly type: 'interrupted' }

export type ArpingAction =
  /** @property to  6 bytes; absent: everybody */
  | { readonly type: 'send'; readonly to?: Uint8Array }
  /** @property took  since the last packet sent */
  | {
      readonly type: 'tell-claim'
      readonly mac: Uint8Array
      readonly broadcast: boolean
      readonly request: boolean
      readonly took: Micros
    }
  | { readonly type: 'end'; readonly exitCode: 0 | 1 }
