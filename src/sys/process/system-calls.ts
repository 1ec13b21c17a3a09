import type { Result } from '../../base/index.ts'
import { probeHfsys } from '../../native/index.ts'

/** Whether this installation can make the system calls that all of sys stands on; the failure is a sentence. */
export const systemCalls = (): Result<void, string> => probeHfsys()
