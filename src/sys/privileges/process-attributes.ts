import { constants } from 'node:os'
import { ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError } from '../descriptor/index.ts'

const PR_SET_PDEATHSIG = 1

/**
 * The signal this process gets when its parent ends; undefined for none. A parent that ended before the call is not
 * noticed: compare `process.ppid` afterwards. A change of user clears it.
 */
export function parentDeathSignal(signal: NodeJS.Signals | undefined): Result<void, SystemError> {
  const number = signal === undefined ? 0 : constants.signals[signal]
  const set = checked('prctl PR_SET_PDEATHSIG', hfsys().prctl(PR_SET_PDEATHSIG, number))
  return set.ok ? ok(undefined) : set
}

/** What `ps -o comm` and `top` show; cut to 15 bytes. The whole command line is `process.title`. */
export function setProcessName(name: string): void {
  hfsys().setThreadName(name)
}
