import type { BfdSession } from '../../model/index.ts'
import type { ControlPacket } from '../../wire/bfd/index.ts'

/** Facts. */
export type BfdEvent =
  /** It may speak; also after `disabled`. */
  | { readonly type: 'enabled' }
  | { readonly type: 'packet-received'; readonly packet: ControlPacket }
  | { readonly type: 'deadline-reached' }
  /** The step is given the session as it is now. */
  | { readonly type: 'reconfigured'; readonly before: BfdSession }
  /** It may not: it is not configured any more, or has nowhere to send from. */
  | { readonly type: 'disabled' }
