import { setPriority } from 'node:os'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError, systemErrorOf } from '../descriptor/index.ts'
import { lockProgram } from './locked-memory.ts'
import { setProcessName } from './process-attributes.ts'
import { limitProcessorTime, setRealTime } from './real-time.ts'

/** How the kernel is to run this process; what is absent stays as it is. */
export type RunSettings = {
  readonly name?: string
  readonly nice?: number
  readonly realTimePriority?: number
  readonly cpus?: readonly number[]
  readonly locksProgram?: true
  /** Microseconds, as for `limitProcessorTime`. */
  readonly processorTime?: number
}

/**
 * Of the main thread, where all of our work is done; the name and what is locked are the whole process'. Threads of Node that
 * run already stay as they are.
 * @returns what could not be done, a sentence each
 */
export function applyRunSettings({
  name,
  nice,
  realTimePriority,
  cpus,
  locksProgram,
  processorTime,
}: RunSettings): readonly string[] {
  const failures: string[] = []
  const note = (done: Result<unknown, { readonly message: string }>) => {
    if (!done.ok) failures.push(done.error.message)
  }
  if (name !== undefined) nameProcess(name)
  if (nice !== undefined) note(setNice(nice))
  if (cpus !== undefined)
    note(checked('sched_setaffinity', hfsys().setAffinity(maskOf(cpus)), `cpus ${cpus.join(' ')}`))
  // Before the class that it is for.
  if (processorTime !== undefined) note(limitProcessorTime(processorTime))
  if (realTimePriority !== undefined) note(setRealTime(realTimePriority))
  if (locksProgram === true) note(lockProgram())
  return failures
}

/** What ps shows as command and as command line. */
export function nameProcess(name: string): void {
  process.title = name
  setProcessName(name)
}

/** What is taken away from the modes of files and directories that this process makes. */
export const setFileMask = (mask: number): void => void process.umask(mask)

/** A bit for each processor, in whole words of the kernel. */
function maskOf(cpus: readonly number[]): Uint8Array {
  const mask = new Uint8Array(Math.ceil((Math.max(...cpus) + 1) / 64) * 8)
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7))
  return mask
}

function setNice(nice: number): Result<void, SystemError> {
  try {
    setPriority(0, nice)
    return ok(undefined)
  } catch (error) {
    return fail(systemErrorOf('setpriority', error, `nice value ${nice}`))
  }
}
