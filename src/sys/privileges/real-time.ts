import { ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError } from '../descriptor/index.ts'

const SCHED_OTHER = 0
const SCHED_RR = 2
const SCHED_RESET_ON_FORK = 0x40000000

/**
 * Puts the main thread under SCHED_RR, which needs CAP_SYS_NICE. Threads and children that start later run as usual, so
 * a garbage collection does not compete at the same priority.
 * @param priority  1 to 99; 0 goes back to the usual scheduling
 */
export function setRealTime(priority: number): Result<void, SystemError> {
  const policy = priority === 0 ? SCHED_OTHER : SCHED_RR | SCHED_RESET_ON_FORK
  const set = checked('sched_setscheduler', hfsys().setScheduler(policy, priority), `real-time priority ${priority}`)
  return set.ok ? ok(undefined) : set
}

const RLIMIT_RTTIME = 15

/**
 * After so much processor time in the real-time class without a call that blocks, the kernel ends this process; at half of it
 * comes SIGXCPU, which ends it too unless it is handled (getrlimit(2)). Ordinary scheduling has no such limit.
 * @param most  microseconds
 */
export function limitProcessorTime(most: number): Result<void, SystemError> {
  const soft = Math.floor(most / 2)
  const set = checked('setrlimit RLIMIT_RTTIME', hfsys().setResourceLimit(RLIMIT_RTTIME, soft, most), `${most} µs`)
  return set.ok ? ok(undefined) : set
}
