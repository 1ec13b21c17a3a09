import { assertNever } from '../../base/index.ts'
import type { Checker, CheckTarget, CheckTiming, RealServer } from '../../model/index.ts'
import { httpLines } from './http-checker.ts'
import { onOff, type Text, timeText, word } from './words.ts'

/** A checker of this real server; what it inherited is written in it. */
export function checkerText(checker: Checker, server: RealServer): Text {
  switch (checker.kind) {
    case 'tcp':
      return { head: 'TCP_CHECK', body: probeLines(checker, server) }
    case 'http':
      return {
        head: checker.tls === undefined ? 'HTTP_GET' : 'SSL_GET',
        body: [...probeLines(checker, server), ...httpLines(checker)],
      }
    case 'bfd':
      return { head: 'BFD_CHECK', body: [`name ${word(checker.session)}`, `alpha ${onOff(checker.timing.alpha)}`] }
    default:
      return assertNever(checker)
  }
}

type Probe = { readonly target: CheckTarget; readonly timing: CheckTiming }

/** The words that all checkers share which connect. */
export const probeLines = ({ target, timing }: Probe, server: RealServer): readonly string[] => [
  ...(target.address === server.address ? [] : [`connect_ip ${target.address}`]),
  ...(target.port === server.port ? [] : [`connect_port ${target.port}`]),
  ...(target.bindAddress === undefined ? [] : [`bindto ${target.bindAddress}`]),
  ...(target.bindPort === undefined ? [] : [`bind_port ${target.bindPort}`]),
  ...(target.bindInterface === undefined ? [] : [`bind_if ${target.bindInterface}`]),
  ...(target.fwmark === undefined ? [] : [`fwmark ${target.fwmark}`]),
  `connect_timeout ${timeText(target.connectTimeout)}`,
  ...timingLines(timing),
]

/** The words of every checker that asks. */
export const timingLines = (timing: CheckTiming): readonly string[] => [
  `delay_loop ${timeText(timing.delayLoop)}`,
  `retry ${timing.retry}`,
  `delay_before_retry ${timeText(timing.delayBeforeRetry)}`,
  `warmup ${timeText(timing.warmup)}`,
  `alpha ${onOff(timing.alpha)}`,
  `log_all_failures ${onOff(timing.logAllFailures)}`,
]
