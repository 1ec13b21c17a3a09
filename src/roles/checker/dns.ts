import type { DnsChecker } from '../../model/index.ts'
import { judgeDns, type Outcome } from '../../proto/probe/index.ts'
import { ask, type CancelSignal, randomBytes } from '../../sys/net/index.ts'
import { answers, type DnsMessage, decodeMessage, encodeName, encodeQuery } from '../../wire/dns/index.ts'

export async function probeDns(checker: DnsChecker, signal: CancelSignal): Promise<Outcome> {
  const name = encodeName(checker.name)
  if (name === undefined) throw new Error(`${checker.name} is no name, and was read as one`)
  const [high = 0, low = 0] = randomBytes(2)
  const request = encodeQuery({ id: high * 256 + low, name, type: checker.type })
  let answer: DnsMessage | undefined
  let strange = 0
  const end = await ask(
    checker.target,
    {
      over: 'udp',
      request,
      onDatagram(datagram) {
        const decoded = decodeMessage(datagram)
        if (decoded.ok && answers(decoded.value, request)) {
          answer = decoded.value
          return 'enough'
        }
        strange++
        return 'more'
      },
    },
    signal,
  )
  return judgeDns(end, answer, strange)
}
