import type { CheckTarget, CheckTiming, RealServer } from '../../model/index.ts'
import { onOff, timeText } from './words.ts'

type Probe = { readonly target: CheckTarget; readonly timing: CheckTiming }

/** The words that all checkers share which connect. */
export const probeLines = ({ target, timing }: Probe, server: RealServer): readonly string[] => [
  ...(target.address === server.address ? [] : [`connect_ip ${target.address}`]),
  ...(target.port === server.port || target.port === 0 ? [] : [`connect_port ${target.port}`]),
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
