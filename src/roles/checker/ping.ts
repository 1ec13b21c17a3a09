import { familyOf, sameBytes } from '../../base/index.ts'
import type { PingChecker } from '../../model/index.ts'
import { judgePing, type Outcome } from '../../proto/probe/index.ts'
import { ask, type CancelSignal, randomBytes } from '../../sys/net/index.ts'
import { decodeEchoReply, encodeEchoRequest } from '../../wire/icmp/index.ts'

/** Bytes after the header, as keepalived sends them. */
const DATA = 128

/** All that we send comes back, and nobody can guess it: a reply is to this request or it is none. */
export async function probePing(checker: PingChecker, signal: CancelSignal): Promise<Outcome> {
  const family = familyOf(checker.target.address)
  const data = randomBytes(DATA)
  const identifier = ((data[0] ?? 0) << 8) | (data[1] ?? 0)
  const end = await ask(
    checker.target,
    {
      over: 'icmp',
      request: encodeEchoRequest(family, { identifier, sequence: 1, data }),
      onDatagram(datagram) {
        const reply = decodeEchoReply(family, datagram)
        const ours =
          reply.ok &&
          reply.value.identifier === identifier &&
          reply.value.sequence === 1 &&
          sameBytes(reply.value.data, data)
        return ours ? 'enough' : 'more'
      },
    },
    signal,
  )
  return judgePing(end)
}
