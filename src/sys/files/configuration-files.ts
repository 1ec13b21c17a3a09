import { accessSync, closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { patternFault } from '../pattern/index.ts'
import { reasonFor } from './small-files.ts'

export type ReadFile = {
  readonly bytes: Uint8Array
  /** Any execute bit is set. */
  readonly executable: boolean
  /** Its group or others may read it. */
  readonly readableByOthers: boolean
}

export type ReadFailure = {
  readonly reason: 'missing' | 'denied' | 'unreadable' | 'not-a-file' | 'too-large'
  /** The system's own word. */
  readonly detail: string
}

const notAFile: ReadFailure = { reason: 'not-a-file', detail: 'not a regular file' }

const failureReasons: Readonly<Record<string, ReadFailure['reason']>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
  // A file of /proc that waits for news, as kmsg does.
  EAGAIN: 'not-a-file',
}

/** Bytes; what is larger is no configuration, and would not fit in memory several times. */
const LARGEST = 64 * 1024 * 1024
const PAGE = 4096

/**
 * All bytes to the end of the file as it is now, whatever its size was said to be: files of /proc say 0, and another may grow while
 * it is read. Undefined: they are more than `most`.
 */
function readAtMost(fd: number, size: number, most: number): Uint8Array | undefined {
  // Whole pages: some files of /proc are read by their records only.
  let bytes = new Uint8Array(PAGE * (1 + Math.ceil(size / PAGE)))
  let length = 0
  for (;;) {
    const read = readSync(fd, bytes, length, bytes.length - length, null)
    if (read === 0) return bytes.subarray(0, length)
    length += read
    if (length > most) return undefined
    if (length < bytes.length) continue
    const larger = new Uint8Array(2 * length)
    larger.set(bytes)
    bytes = larger
  }
}

/** The host as a configuration sees it; the shape of the configuration's ports. */
export const configurationFiles = {
  read(path: string): Result<ReadFile, ReadFailure> {
    try {
      // To open a device may do something, be it a watchdog's.
      if (!statSync(path).isFile()) return fail(notAFile)
      // What comes to stand under that name meanwhile may be a FIFO, which would hold us until somebody writes to it.
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const { mode, size } = fstatSync(fd)
        if ((mode & constants.S_IFMT) !== constants.S_IFREG) return fail(notAFile)
        const bytes = size > LARGEST ? undefined : readAtMost(fd, size, LARGEST)
        if (bytes === undefined) return fail({ reason: 'too-large', detail: 'larger than 64 MiB' })
        return ok({ bytes, executable: (mode & 0o111) !== 0, readableByOthers: (mode & 0o044) !== 0 })
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      return fail({ reason: failureReasons[code] ?? 'unreadable', detail: reasonFor(code, message) })
    }
  },

  list(path: string): readonly string[] | undefined {
    try {
      return readdirSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      return undefined
    }
  },

  interfaceExists: (name: string): boolean => hfsys().ifIndex(name) > 0,

  patternFault,

  isExecutable(path: string): boolean {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      return false
    }
  },
}
