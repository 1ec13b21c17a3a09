import { closeSync, openSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError, systemErrorOf } from '../descriptor/index.ts'

const CLONE_NEWNET = 0x40000000
/** Where ip-netns(8) keeps its names. */
const NAMED = '/run/netns'
const OWN = '/proc/thread-self/ns/net'

/**
 * Moves the calling thread. Sockets that are open stay where they are, those opened later and children started later are
 * in the new one; so are Node's own, as long as no other thread opens them.
 * @param which  a name of `ip netns`, or with a slash the path of a namespace file
 */
export function enterNetworkNamespace(which: string): Result<void, SystemError> {
  const path = which.includes('/') ? which : `${NAMED}/${which}`
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    return fail(systemErrorOf('open', error, path))
  }
  const entered = checked('setns', hfsys().setns(fd, CLONE_NEWNET), path)
  closeSync(fd)
  return entered.ok ? ok(undefined) : entered
}

/** The calling thread's own, for as long as the process lives: the number of a descriptor. */
export function openNetworkNamespace(): Result<number, SystemError> {
  try {
    return ok(openSync(OWN, 'r'))
  } catch (error) {
    return fail(systemErrorOf('open', error, OWN))
  }
}

/** Does `work` in another network namespace and comes back; the sockets it opens stay there. It must not await. */
export function withinNetworkNamespace<T, E>(which: string, work: () => Result<T, E>): Result<T, E | SystemError> {
  let home: number
  try {
    home = openSync(OWN, 'r')
  } catch (error) {
    return fail(systemErrorOf('open', error, OWN))
  }
  const entered = enterNetworkNamespace(which)
  const result = entered.ok ? work() : entered
  const back = entered.ok ? enterNetworkNamespace(`/proc/self/fd/${home}`) : entered
  closeSync(home)
  if (entered.ok && !back.ok) throw new Error(`no way back to the network namespace: ${back.error.message}`)
  return result
}
