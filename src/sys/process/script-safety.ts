import { lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { groupName, ownerName } from '../accounts/index.ts'

/**
 * Why a script that root runs could be changed by somebody else, in words; undefined when it could not. Looks at the
 * path as written and as resolved, and at every directory of both: owner root, no write bit for others or for a group
 * other than root's, sticky directories excepted (keepalived's enable_script_security). Symbolic links among the
 * directories are followed: on a merged /usr, /bin is one.
 * @param path  absolute
 */
export function unsafeScript(path: string): string | undefined {
  let resolved: string
  try {
    resolved = realpathSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return message
  }
  return firstUnsafe(resolved) ?? firstUnsafe(dirname(path))
}

function firstUnsafe(path: string): string | undefined {
  for (let part = path; ; part = dirname(part)) {
    const status = lstatSync(part)
    if (!status.isSymbolicLink()) {
      const writable = (status.mode & 0o002) !== 0 || ((status.mode & 0o020) !== 0 && status.gid !== 0)
      const mode = `mode ${(status.mode & 0o7777).toString(8).padStart(4, '0')}`
      if (status.uid !== 0) return `${part} belongs to ${ownerName(status.uid)} (${mode}), not to root`
      const sticky = status.isDirectory() && (status.mode & 0o1000) !== 0
      if (writable && !sticky)
        return `${part} can be written by others than root (${mode}, group ${groupName(status.gid)})`
    }
    if (part === '/') return undefined
  }
}
