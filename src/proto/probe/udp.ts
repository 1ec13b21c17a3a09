import type { Result } from '../../base/index.ts'
import type { UdpChecker } from '../../model/index.ts'
import { quote } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

type Reply = NonNullable<UdpChecker['reply']>

/** The first datagram that came back, as far as the verdict goes. */
export function judgeReply({ pattern, minLength, maxLength }: Reply, datagram: Uint8Array): Outcome {
  const size = `${datagram.length} ${datagram.length === 1 ? 'byte' : 'bytes'}`
  if (pattern === undefined) return outcome('accepted', `answered with ${size}`)
  if (datagram.length < minLength || datagram.length > maxLength)
    return outcome('bad-reply', `expected a reply of ${minLength} to ${maxLength} bytes, got ${size}`)
  if (!matches(pattern, datagram))
    return outcome('bad-reply', `the reply is not as required; it begins ${quote(datagram)}`)
  return outcome('accepted', `answered with ${size} as required`)
}

/**
 * UDP_CHECK, when the datagram has been asked about for its whole time: silence is consent unless a reply is required.
 * @param judged  what came of a reply; undefined: none was waited for, or none came
 */
export function judgeUdp(
  { reply }: Pick<UdpChecker, 'reply'>,
  end: Result<void, TransportFailure>,
  judged: Outcome | undefined,
): Outcome {
  if (judged !== undefined) return judged
  if (end.ok) return outcome('accepted', 'something came back')
  if (reply === undefined && end.error.reason === 'timeout') return outcome('accepted', 'the port was not refused')
  return judgeTransport(end.error)
}

/** As far as both go (keepalived): a reply that ends within the pattern matches if what there is does. */
function matches(pattern: string, datagram: Uint8Array): boolean {
  const most = Math.min(pattern.length / 2, datagram.length)
  for (let i = 0; i < most; i++) {
    const byte = (datagram[i] as number).toString(16).padStart(2, '0')
    for (const digit of [0, 1]) {
      const wanted = pattern[2 * i + digit]
      if (wanted !== 'x' && wanted !== byte[digit]) return false
    }
  }
  return true
}
