import type { Result } from '../../base/index.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** One for all: of tens of thousands of checkers each keeps its last. */
const CONNECTED = outcome('connected', 'connection established')

/** TCP_CHECK: an established connection is all that is asked for; nothing is sent and nothing read (keepalived.conf(5)). */
export function judgeTcp(end: Result<void, TransportFailure>): Outcome {
  return end.ok ? CONNECTED : judgeTransport(end.error)
}
