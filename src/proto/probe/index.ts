/**
 * How a probe's answer is judged, one file a checker. The role holds the conversation within limits of time and bytes and
 * hands over what came back; here it becomes exactly one named outcome with a sentence for the user. The answer is
 * hostile: whatever its bytes, the result is a value. Follows keepalived.conf(5) for TCP_CHECK and HTTP_GET and RFC 9112
 * for the response's head; does not decode chunked bodies and follows no redirect, because keepalived does neither.
 */

export { MAX_JSON } from './assertions.ts'
export { answerCode, judgeDns } from './dns.ts'
export { judgeFile } from './file.ts'
export { type GrpcAnswer, judgeGrpc } from './grpc.ts'
export { type BodyFindings, judgeHttp } from './http.ts'
export { hostHeader, httpRequest } from './http-request.ts'
export { type HttpReading, MAX_BODY, MAX_HEAD, type ResponseHead, readHttp, unread } from './http-response.ts'
export { judgeMisc, type ScriptEnd } from './misc.ts'
export { meaningOf, type Outcome, type OutcomeMeaning, type OutcomeReason, outcome } from './outcome.ts'
export { judgePing } from './ping.ts'
export { hearSmtp, judgeSmtp, MAX_REPLY, type SmtpTalk, smtpBegins } from './smtp.ts'
export { judgeTcp } from './tcp.ts'
export { judgeTransport, type TransportFailure } from './transport.ts'
export { judgeReply, judgeUdp } from './udp.ts'
