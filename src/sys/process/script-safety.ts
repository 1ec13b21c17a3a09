import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { groupName, ownerName } from '../accounts/index.ts'
import { systemErrorOf } from '../descriptor/index.ts'
import { linkTarget } from '../files/index.ts'

/** As many links as the kernel follows on the way to a file (path_resolution(7)). */
const MOST_LINKS = 40
/** Where execvp(3) looks without a PATH. */
const USUAL_PATH = '/usr/bin:/bin'

/**
 * Why a script that root runs could be changed by somebody else, in words; undefined when it could not. Everything on the way
 * to it is looked at as the kernel goes it: each directory, each symbolic link, and the file. Owner root, no write bit for
 * others or for a group other than root's, sticky directories excepted (keepalived's enable_script_security). A link that
 * somebody else owns can lead elsewhere tomorrow, wherever it leads today.
 * @param program  without a slash it is searched in PATH; undefined too when nothing is found, which starting it tells
 */
export function unsafeScript(program: string): string | undefined {
  const path = program.includes('/') ? absolute(program) : inSearchPath(program)
  return path === undefined ? undefined : firstUnsafe(path)
}

/** `..` stays: it is the kernel's to follow, behind a link. */
const absolute = (path: string): string => (path.startsWith('/') ? path : `${process.cwd()}/${path}`)

function inSearchPath(program: string): string | undefined {
  const directories = (process.env['PATH'] ?? USUAL_PATH).split(':')
  return directories.map((one) => absolute(`${one || '.'}/${program}`)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    systemErrorOf('access', error, path)
    return false
  }
}

function firstUnsafe(path: string): string | undefined {
  const ahead = path.split('/')
  let [at, links] = ['/', 0]
  for (;;) {
    const unsafe = unsafePart(at)
    if (unsafe !== undefined) return unsafe
    const word = ahead.shift()
    if (word === undefined) return undefined
    if (word === '' || word === '.') continue
    if (word === '..') {
      at = dirname(at)
      continue
    }
    const part = at === '/' ? `/${word}` : `${at}/${word}`
    const target = linkTarget(part)
    if (target === undefined) {
      at = part
      continue
    }
    const unsafeLink = unsafePart(part)
    if (unsafeLink !== undefined) return unsafeLink
    links += 1
    if (links > MOST_LINKS) return `${part}: too many symbolic links on the way to ${path}`
    ahead.unshift(...target.split('/'))
    if (target.startsWith('/')) at = '/'
  }
}

function unsafePart(part: string): string | undefined {
  let status: Stats
  try {
    status = lstatSync(part)
  } catch (error) {
    const { code, message } = systemErrorOf('lstat', error, part)
    return code === 'ENOENT' ? `${part}: no such file or directory` : message
  }
  const mode = `mode ${(status.mode & 0o7777).toString(8).padStart(4, '0')}`
  if (status.uid !== 0) return `${part} belongs to ${ownerName(status.uid)} (${mode}), not to root`
  // What a link may be done to is said by its directory.
  if (status.isSymbolicLink()) return undefined
  const writable = (status.mode & 0o002) !== 0 || ((status.mode & 0o020) !== 0 && status.gid !== 0)
  const sticky = status.isDirectory() && (status.mode & 0o1000) !== 0
  if (!writable || sticky) return undefined
  return `${part} can be written by others than root (${mode}, group ${groupName(status.gid)})`
}
