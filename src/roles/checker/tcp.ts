import type { TcpChecker } from '../../model/index.ts'
import { judgeTcp, type Outcome } from '../../proto/probe/index.ts'
import { type CancelSignal, tryConnect } from '../../sys/net/index.ts'

export const probeTcp = (checker: TcpChecker, signal: CancelSignal): Promise<Outcome> =>
  tryConnect(checker.target, signal).then(judgeTcp)
