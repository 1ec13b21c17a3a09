import type { Result } from '../../base/index.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** PING_CHECK: `end` is in order once the reply has come that repeats what was sent. */
export const judgePing = (end: Result<void, TransportFailure>): Outcome =>
  end.ok ? outcome('accepted', 'the echo came back') : judgeTransport(end.error)
