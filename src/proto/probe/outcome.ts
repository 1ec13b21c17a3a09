/** How a probe can end: exactly one of these, also the word in logs, snapshots and counters. */
export type OutcomeReason =
  /** TCP: the connection was established. */
  | 'connected'
  /** HTTP: status and digest are as configured. */
  | 'accepted'
  | 'connection-refused'
  | 'connect-timeout'
  | 'unreachable'
  | 'reset'
  /** TLS: no common version or cipher, or what answered does not speak it. */
  | 'tls-failure'
  /** TLS: the certificate is not the one that tls_verify or tls_pin wants. */
  | 'bad-certificate'
  | 'response-timeout'
  | 'no-response'
  | 'malformed-response'
  | 'too-large'
  | 'bad-status'
  | 'digest-mismatch'
  /** UDP: what came back is not what is required. */
  | 'bad-reply'
  /** MISC: an exit code that is not good, or a run that was too long. */
  | 'script-failed'
  | 'script-timeout'
  /** HTTP: the body does not match the regex, or matches what it must not. */
  | 'pattern-mismatch'
  /** HTTP: matching took more steps or memory than it may. */
  | 'pattern-limit'
  /** HTTP: a field of the header is not as expect_header wants it. */
  | 'header-mismatch'
  /** HTTP: the body is not as expect_json wants it. */
  | 'json-mismatch'
  /** gRPC: the server says that it, or the service, is serving. */
  | 'serving'
  | 'not-serving'
  /** A BFD session that decides came up, or was lost. */
  | 'session-up'
  | 'session-down'
  /** The number in a tracked file lets the server live, or not. */
  | 'file-up'
  | 'file-down'
  /** The configuration of the checker is at fault: it cannot be as strict as it is written, and so nobody is asked. */
  | 'bad-configuration'
  /** This host could not ask: no descriptor, no port, a bind address it does not have. Says nothing of the server. */
  | 'local-error'
  /** The checker needs what this build or kernel cannot do. Says nothing of the server. */
  | 'not-supported'

export type Outcome = {
  readonly reason: OutcomeReason
  /** One sentence for the user, without a full stop: `expected status 200-299, got 503`. */
  readonly detail: string
  /** What the checker adds to the weight of its server from here on; absent: what it added before. */
  readonly contribution?: number
}

/** What an outcome says of the server. An inconclusive probe is repeated and changes nothing. */
export type OutcomeMeaning = 'success' | 'failure' | 'inconclusive'

export function meaningOf(reason: OutcomeReason): OutcomeMeaning {
  switch (reason) {
    case 'connected':
    case 'accepted':
    case 'serving':
    case 'session-up':
    case 'file-up':
      return 'success'
    case 'local-error':
    case 'not-supported':
      return 'inconclusive'
    default:
      return 'failure'
  }
}

export const outcome = (reason: OutcomeReason, detail: string): Outcome => ({ reason, detail })
