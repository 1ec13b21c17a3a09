import type { Log } from '../../base/index.ts'
import type { SmallFiles } from './ports.ts'

/** Settings of the host (files below /proc/sys) that are ours for a while. */
export type KeptSettings = {
  /** Where what was there before is written down, so that a run after a crash can put it back. Once, at the beginning. */
  remember(path: string): void
  /** Sets it; what was there when it was first set is put back by `restore`. */
  set(path: string, value: string): void
  /** Puts back all but these. */
  restoreExcept(paths: ReadonlySet<string>): void
  /** The interface came anew, and its settings with it: what was there before is of no interest. */
  forgetUnder(directory: string): void
}

export function openKeptSettings(files: SmallFiles, log: Log): KeptSettings {
  const before = new Map<string, string>()
  let record: string | undefined

  const writeDown = () => {
    if (record === undefined) return
    if (before.size === 0) files.remove(record)
    else files.replace(record, `${JSON.stringify(Object.fromEntries(before))}\n`)
  }
  return {
    remember(path) {
      if (record !== undefined) return
      record = path
      for (const [name, value] of readRecord(files.read(path))) if (!before.has(name)) before.set(name, value)
    },
    set(path, value) {
      const now = files.read(path)?.trim()
      // An interface without IPv4 or IPv6 has no such file, and needs none.
      if (now === undefined || (now === value && !before.has(path))) return
      if (!before.has(path)) {
        before.set(path, now)
        writeDown()
      }
      if (now !== value && !files.write(path, value)) log.error('setting cannot be changed', { path, value })
    },
    restoreExcept(paths) {
      const gone = [...before].filter(([path]) => !paths.has(path))
      for (const [path, value] of gone) {
        before.delete(path)
        // Some have gone with their interface.
        if (files.read(path) !== undefined) files.write(path, value)
      }
      if (gone.length > 0) writeDown()
    },
    forgetUnder(directory) {
      for (const path of [...before.keys()]) if (path.startsWith(directory)) before.delete(path)
      writeDown()
    },
  }
}

function readRecord(text: string | undefined): readonly (readonly [string, string])[] {
  if (text === undefined) return []
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0].startsWith('/proc/sys/net/'),
    )
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
