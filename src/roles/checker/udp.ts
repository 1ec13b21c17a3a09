import type { UdpChecker } from '../../model/index.ts'
import { judgeReply, judgeUdp, type Outcome } from '../../proto/probe/index.ts'
import { ask, type CancelSignal } from '../../sys/net/index.ts'

export async function probeUdp(checker: UdpChecker, signal: CancelSignal): Promise<Outcome> {
  const { reply } = checker
  let judged: Outcome | undefined
  const end = await ask(
    checker.target,
    {
      over: 'udp',
      request: bytesOf(checker.payload),
      onDatagram(datagram) {
        if (reply !== undefined) judged = judgeReply(reply, datagram)
        return 'enough'
      },
    },
    signal,
  )
  return judgeUdp(checker, end, judged)
}

const bytesOf = (digits: string): Uint8Array =>
  Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
