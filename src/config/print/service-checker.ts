import {
  type DnsChecker,
  type PingChecker,
  type RealServer,
  type SmtpChecker,
  type UdpChecker,
  USUAL_PAYLOAD,
} from '../../model/index.ts'
import { probeLines } from './probe-lines.ts'
import { type Block, word } from './words.ts'

/** A checker that speaks another protocol than HTTP. */
export function serviceCheckerText(
  checker: SmtpChecker | DnsChecker | UdpChecker | PingChecker,
  server: RealServer,
): Block {
  const common = probeLines(checker, server)
  switch (checker.kind) {
    case 'smtp':
      return { head: 'SMTP_CHECK', body: [...common, `helo_name ${word(checker.heloName)}`] }
    case 'dns':
      return { head: 'DNS_CHECK', body: [...common, `type ${checker.type}`, `name ${word(checker.name)}`] }
    case 'udp':
      return { head: 'UDP_CHECK', body: [...common, ...udpLines(checker)] }
    case 'ping':
      return { head: 'PING_CHECK', body: common }
  }
}

function udpLines({ payload, reply }: UdpChecker): readonly string[] {
  const lines = payload === USUAL_PAYLOAD ? [] : [`payload ${payload}`]
  if (reply === undefined) return lines
  const { pattern, minLength, maxLength } = reply
  return [
    ...lines,
    pattern === undefined ? 'require_reply' : `require_reply ${pattern}`,
    `min_reply_length ${minLength}`,
    `max_reply_length ${maxLength}`,
  ]
}
