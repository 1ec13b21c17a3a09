import type { BfdStateName, ControlPacket } from '../../wire/bfd/index.ts'

/** Orders, to be carried out in the order given. */
export type BfdAction =
  | { readonly type: 'send'; readonly packet: ControlPacket }
  | {
      readonly type: 'announce'
      readonly from: BfdStateName
      readonly to: BfdStateName
      /**
       * What trackers are to take it for. Absent where it says nothing about the path: short of up it was down before, and a
       * neighbour that is administratively down has not failed (RFC 5882 §3.2; keepalived).
       */
      readonly path?: 'good' | 'bad'
    }
