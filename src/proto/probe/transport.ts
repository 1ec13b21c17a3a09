import { assertNever } from '../../base/index.ts'
import { type Outcome, outcome } from './outcome.ts'

/** How a conversation broke off below the checker's own protocol; the shell of `sys/net` speaks these words. */
export type TransportFailure = {
  readonly phase: 'connect' | 'handshake' | 'send' | 'receive'
  readonly reason:
    | 'refused'
    | 'timeout'
    | 'unreachable'
    | 'reset'
    | 'tls'
    | 'certificate'
    | 'protocol'
    | 'too-large'
    | 'local'
    | 'not-supported'
  /** One sentence without a full stop. */
  readonly message: string
}

/** The outcome of a conversation that broke off; the same for every checker that connects. */
export function judgeTransport(failure: TransportFailure): Outcome {
  switch (failure.reason) {
    case 'refused':
      return outcome('connection-refused', failure.message)
    case 'timeout':
      return outcome(failure.phase === 'connect' ? 'connect-timeout' : 'response-timeout', failure.message)
    case 'unreachable':
      return outcome('unreachable', failure.message)
    case 'reset':
      return outcome('reset', failure.message)
    case 'tls':
      return outcome('tls-failure', failure.message)
    case 'certificate':
      return outcome('bad-certificate', failure.message)
    case 'protocol':
      return outcome('malformed-response', failure.message)
    case 'too-large':
      return outcome('too-large', failure.message)
    case 'local':
      return outcome('local-error', failure.message)
    case 'not-supported':
      return outcome('not-supported', failure.message)
    default:
      return assertNever(failure.reason)
  }
}
