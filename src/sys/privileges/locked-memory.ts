import { ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked } from '../descriptor/index.ts'
import { readText } from '../files/index.ts'

/** Pages are locked as they come in, so that what is never used takes no memory. */
const MLOCK_ONFAULT = 1

/** A part of the address space, bytes. */
type Mapping = { readonly address: number; readonly length: number }

/**
 * Keeps the program, its libraries, the heap of C and the stack in memory once they are there, which needs CAP_IPC_LOCK or as
 * much of RLIMIT_MEMLOCK. V8's own memory stays as it is: V8 gives back parts of it by madvise(2), which the kernel refuses for
 * locked pages, and dies of that.
 */
export function lockProgram(): Result<void, { readonly message: string }> {
  const maps = readText('/proc/self/maps')
  if (!maps.ok) return maps
  for (const { address, length } of programMappings(maps.value)) {
    const locked = checked('mlock2', hfsys().mlock2(address, length, MLOCK_ONFAULT), 'memory of the program')
    if (!locked.ok) return locked
  }
  return ok(undefined)
}

/**
 * Of proc_pid_maps(5), what is not V8's: what files are mapped to, `[heap]` and `[stack]`.
 * @param maps  lines of `from-to perms offset dev inode name`
 */
export function programMappings(maps: string): readonly Mapping[] {
  return maps.split('\n').flatMap((line) => {
    const [, from, to] =
      /^([0-9a-f]+)-([0-9a-f]+) (?!---).{4} \S+ \S+ \d+ +(?:\/.*|\[(?:heap|stack)\])$/.exec(line) ?? []
    if (from === undefined || to === undefined) return []
    const address = Number.parseInt(from, 16)
    return [{ address, length: Number.parseInt(to, 16) - address }]
  })
}
