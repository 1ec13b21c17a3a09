import type { Result } from '../../base/index.ts'
import type { Field } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** A call as it ended: the response's status, its fields with the trailers after them, and what the message said. */
export type GrpcAnswer = {
  readonly status: number
  readonly fields: readonly Field[]
  /** grpc.health.v1 ServingStatus and its name; undefined: there was no message, or none that can be read. */
  readonly serving?: { readonly is: boolean; readonly name: string }
}

/** Codes of gRPC that tell something of their own (status.proto). */
const CODES: Readonly<Record<string, string>> = {
  5: 'NOT_FOUND: the server does not know this service',
  12: 'UNIMPLEMENTED: the server has no health service',
  14: 'UNAVAILABLE',
}

/** GRPC_CHECK: the call went well, and the server says SERVING (gRPC Health Checking Protocol). */
export function judgeGrpc(end: Result<GrpcAnswer, TransportFailure>): Outcome {
  if (!end.ok) return judgeTransport(end.error)
  const { status, fields, serving } = end.value
  if (status !== 200) return outcome('bad-status', `expected status 200, got ${status}`)
  const field = (name: string) => fields.findLast((one) => one[0] === name)?.[1]
  const code = field('grpc-status')
  if (code === undefined) return outcome('malformed-response', 'the response has no grpc-status')
  if (code !== '0') {
    const said = /^\d{1,2}$/.test(code) ? `${code}${CODES[code] === undefined ? '' : ` ${CODES[code]}`}` : 'no number'
    return outcome('not-serving', `the call ended with grpc-status ${said}`)
  }
  if (serving === undefined) return outcome('malformed-response', 'the response is no HealthCheckResponse')
  return serving.is
    ? outcome('serving', 'the server says SERVING')
    : outcome('not-serving', `the server says ${serving.name}`)
}
