import { closeSync, openSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError, systemErrorOf } from '../descriptor/index.ts'

const CLONE_NEWNET = 0x40000000
/** Where ip-netns(8) keeps its names. */
const NAMED = '/run/netns'

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
