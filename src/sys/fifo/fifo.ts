import { closeSync, constants, fchownSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { constants as system } from 'node:os'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys, type Watch } from '../../native/index.ts'
import { reasonFor } from '../files/index.ts'

export type FifoOptions = {
  readonly path: string
  /** Whose it is; ours when absent. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

export type Fifo = {
  /** The whole text or nothing; texts of more than 4096 bytes may be torn by those of other writers. */
  write(text: string): 'written' | 'full' | { readonly failed: string }
  /** Calls back once there is room again; at most one at a time. */
  whenWritable(onWritable: () => void): void
  /** Removes the name if it was made here. */
  close(): void
}

/** As keepalived's, less what our umask takes away. */
const MODE = 0o644
const WRITABLE = 2

/**
 * Opens the pipe, made if there is none. One that is there must belong to us or to its owner, and be a pipe; no link is
 * followed.
 */
export function openFifo({ path, owner }: FifoOptions): Result<Fifo, { readonly message: string }> {
  const made = hfsys().mkfifo(path, MODE)
  if (made < 0 && made !== -system.errno.EEXIST)
    return fail({ message: `${path}: ${reasonFor(hfsys().errorName(-made) ?? '', hfsys().errorText(-made))}` })
  const isOurs = made === 0
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return fail({ message: `${path}: ${code === 'ELOOP' ? 'is a symbolic link' : reasonFor(code, message)}` })
  }
  const wrong = isOurs ? takeOwnership(fd, owner) : whatIsWrong(fd, owner)
  if (wrong !== undefined) {
    closeSync(fd)
    if (isOurs) unlinkSync(path)
    return fail({ message: `${path}: ${wrong}` })
  }
  return ok(fifoOn(fd, () => isOurs && removeIfSame(path, fd)))
}

function takeOwnership(fd: number, owner: FifoOptions['owner']): string | undefined {
  if (owner === undefined) return undefined
  try {
    fchownSync(fd, owner.uid, owner.gid)
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return `cannot be given to its user: ${reasonFor(code, message)}`
  }
}

function whatIsWrong(fd: number, owner: FifoOptions['owner']): string | undefined {
  const found = fstatSync(fd)
  if (!found.isFIFO()) return 'is there and is no named pipe'
  const users = [process.getuid?.(), owner?.uid]
  return users.includes(found.uid) ? undefined : 'belongs to another user'
}

/** Somebody may have put another one in its place. */
function removeIfSame(path: string, fd: number): void {
  try {
    const opened = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    const isSame = fstatSync(opened).ino === fstatSync(fd).ino
    closeSync(opened)
    if (isSame) unlinkSync(path)
  } catch (error) {
    // It is gone already, or is something else now.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}

function fifoOn(fd: number, remove: () => void): Fifo {
  let watch: Watch | undefined
  let closed = false
  const unwatch = () => {
    if (watch !== undefined) hfsys().unwatch(watch)
    watch = undefined
  }
  return {
    write(text) {
      const bytes = Buffer.from(text)
      try {
        // Up to PIPE_BUF bytes are written whole or not at all (pipe(7)).
        writeSync(fd, bytes)
        return 'written'
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        return code === 'EAGAIN' ? 'full' : { failed: reasonFor(code, message) }
      }
    },
    whenWritable(onWritable) {
      unwatch()
      const started = hfsys().watch(fd, WRITABLE, () => {
        unwatch()
        if (!closed) onWritable()
      })
      if (typeof started !== 'number') watch = started
    },
    close() {
      if (closed) return
      closed = true
      unwatch()
      remove()
      closeSync(fd)
    },
  }
}
