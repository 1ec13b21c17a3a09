import type { TcpChecker } from '../../model/index.ts'
import { judgeTcp, type Outcome } from '../../proto/probe/index.ts'
import { type CancelSignal, tryConnect } from '../../sys/net/index.ts'

export async function probeTcp(checker: TcpChecker, signal: CancelSignal): Promise<Outcome> {
  return judgeTcp(await tryConnect(checker.target, signal))
}
