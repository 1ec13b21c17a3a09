import { readFileSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError, systemErrorOf } from '../descriptor/index.ts'
import { CAPABILITY_COUNT, type Capability, capabilityNumber, capabilitySets } from './capability.ts'

const PR_SET_KEEPCAPS = 8
const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38

export type Unprivileged = {
  readonly user: string
  /** Absent: the user's own group, as /etc/passwd has it. */
  readonly group?: string
  /** What stays, effective, in the calling thread; Node's other threads keep nothing. */
  readonly keep: readonly Capability[]
}

/**
 * Becomes another user for good: one group, no capability but those kept, none to be had again by any program it runs.
 * On failure the process may be half-way and is not fit to go on. Undoes `parentDeathSignal`, as setuid(2) does.
 */
export function dropTo({ user, group, keep }: Unprivileged): Result<void, SystemError> {
  const { prctl, capset } = hfsys()
  const primary = group ?? primaryGroup(user)
  if (primary === undefined) return fail(unknownUser(user))

  const kept = new Set(keep.map(capabilityNumber))
  // Refused for numbers this kernel does not know, and where CAP_SETPCAP is not held: then NO_NEW_PRIVS must do.
  for (let number = 0; number < CAPABILITY_COUNT; number++) if (!kept.has(number)) prctl(PR_CAPBSET_DROP, number)
  const keeping = checked('prctl PR_SET_KEEPCAPS', prctl(PR_SET_KEEPCAPS, keep.length > 0 ? 1 : 0))
  if (!keeping.ok) return keeping

  const become = becomeUser(user, primary)
  if (!become.ok) return become
  const reduced = checked('capset', capset(capabilitySets(keep)), user)
  if (!reduced.ok) return reduced
  const sealed = checked('prctl PR_SET_NO_NEW_PRIVS', prctl(PR_SET_NO_NEW_PRIVS, 1))
  return sealed.ok ? ok(undefined) : sealed
}

/** Groups first: afterwards there would be no right to change them. Node sets them for all threads. */
function becomeUser(user: string, group: string | number): Result<void, SystemError> {
  const { setgroups, setgid, setuid } = process
  if (setgroups === undefined || setgid === undefined || setuid === undefined)
    return fail({ code: 'ENOSYS', call: 'setuid', message: `${user}: not to be changed to from a worker thread` })
  try {
    setgroups([group])
    setgid(group)
    setuid(user)
    return ok(undefined)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_CREDENTIAL')
      return fail({ code: 'ENOENT', call: 'setuid', message: error.message })
    return fail(systemErrorOf('setuid', error, user))
  }
}

/** The fourth field of the user's line in passwd(5). */
function primaryGroup(user: string): number | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const fields = line.split(':')
    if (fields[0] === user && fields[3] !== undefined) return Number(fields[3])
  }
  return undefined
}

const unknownUser = (user: string): SystemError => ({
  code: 'ENOENT',
  call: 'setuid',
  message: `${user}: no such user in /etc/passwd; name a group as well if the user comes from elsewhere`,
})
