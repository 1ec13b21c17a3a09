import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { readRegular } from './read-regular.ts'

export type FileError = { readonly code: string; readonly message: string }

/** Bytes; nothing that is read whole is meant to be larger. */
const LARGEST = 64 * 1024 * 1024

/**
 * The whole file as text. What is no regular file is `EINVAL`, and nobody waits for it; what is larger than `most` bytes is
 * `EFBIG`.
 */
export function readText(path: string, most = LARGEST): Result<string, FileError> {
  const read = attempt(path, () => readRegular(path, most))
  if (!read.ok) return read
  if (read.value === 'not-a-file') return fail({ code: 'EINVAL', message: `${path}: not a regular file` })
  if (read.value === 'too-large') return fail({ code: 'EFBIG', message: `${path}: larger than ${most} bytes` })
  return ok(new TextDecoder('utf-8', { ignoreBOM: true }).decode(read.value.bytes))
}

/** The first lines of a file that may be much longer, such as /proc/net/ip_vs_conn. */
export function readFirstLines(path: string, limit: number): Result<readonly string[], FileError> {
  return attempt(path, () => {
    const file = openSync(path, 'r')
    try {
      const decoder = new TextDecoder()
      const chunk = new Uint8Array(65_536)
      const lines: string[] = []
      let rest = ''
      while (lines.length < limit) {
        const size = readSync(file, chunk)
        if (size === 0) {
          if (rest !== '') lines.push(rest)
          break
        }
        const parts = (rest + decoder.decode(chunk.subarray(0, size), { stream: true })).split('\n')
        rest = parts.pop() ?? ''
        for (const line of parts) lines.push(line)
      }
      return lines.slice(0, limit)
    } finally {
      closeSync(file)
    }
  })
}

/**
 * Replaces the file in one step: readers see the old text or the new one. Its mode follows our umask unless one is given. No link is followed,
 * neither one at the path nor one that a stranger has laid in a directory for all, such as /tmp.
 */
export function replaceText(path: string, text: string, mode?: number): Result<void, FileError> {
  const temporary = `${path}.${process.pid}.new`
  return attempt(path, () => {
    rmSync(temporary, { force: true })
    writeFileSync(temporary, text, { flag: 'wx' })
    if (mode !== undefined) chmodSync(temporary, mode)
    renameSync(temporary, path)
  })
}

/** The same for a file that is there: its mode and owner stay, for it may hold passwords, and a link stays a link. */
export function rewriteText(path: string, text: string): Result<void, FileError> {
  return attempt(path, () => {
    const target = realpathSync(path)
    const temporary = `${target}.${process.pid}.new`
    const { mode, uid, gid } = statSync(target)
    try {
      writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
      chownSync(temporary, uid, gid)
      chmodSync(temporary, mode & 0o7777)
      renameSync(temporary, target)
    } finally {
      rmSync(temporary, { force: true })
    }
  })
}

/** Writes into the file that is there, so that locks on it stay. */
export function overwriteText(path: string, text: string): Result<void, FileError> {
  return attempt(path, () => writeFileSync(path, text))
}

export function appendText(path: string, text: string): Result<void, FileError> {
  return attempt(path, () => appendFileSync(path, text))
}

/** A file that is not there is removed already. */
export function removeFile(path: string): Result<void, FileError> {
  return attempt(path, () => rmSync(path, { force: true }))
}

/** Makes the directory and those above it, mode 0755; one that exists stays as it is. */
export function makeDirectory(path: string): Result<void, FileError> {
  return attempt(path, () => {
    const umask = process.umask(0o022)
    try {
      mkdirSync(path, { recursive: true })
    } finally {
      process.umask(umask)
    }
  })
}

/** Replaces a file that only its owner may read, in a directory that is made, for its owner alone, where it is missing. */
export function saveText(path: string, text: string): Result<void, FileError> {
  const umask = process.umask(0o077)
  try {
    const made = attempt(path, () => void mkdirSync(dirname(path), { recursive: true }))
    return made.ok ? replaceText(path, text) : made
  } finally {
    process.umask(umask)
  }
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Exists and holds at least one entry. */
export function hasEntries(path: string): boolean {
  const entries = attempt(path, () => readdirSync(path))
  return entries.ok && entries.value.length > 0
}

export function fileExists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function attempt<T>(path: string, action: () => T): Result<T, FileError> {
  try {
    return ok(action())
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return fail({ code, message: `${path}: ${reasonFor(code, message)}` })
  }
}

/** The system's reason in words without the path and the call; `message` for one that has none here. */
export const reasonFor = (code: string, message: string): string => reasons[code] ?? message

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  EAGAIN: 'nothing to read now',
  EIO: 'input/output error',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'name too long',
}
