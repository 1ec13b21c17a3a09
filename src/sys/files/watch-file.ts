import { type FSWatcher, type Stats, stat, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** How soon a directory that is missing is looked for again, ms. */
const LOOK_AGAIN = 1_000
/** How often it is looked for what a directory's changes do not show, ms. */
const LOOK = 2_000

/**
 * Calls back when something happens to the file: it is written, replaced, made, removed, or its directory comes back. What
 * it holds is to be read then; a writer may not be done yet. The directory is watched, so that the file may come and go; what
 * happens behind links, on file systems of other hosts and where no watches are left is seen by looking, two seconds later.
 * @returns ends the watching
 */
export function watchFile(path: string, onChange: () => void): () => void {
  const name = basename(path)
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let ended = false

  const lookAgain = () => {
    watcher?.close()
    watcher = undefined
    if (!ended) timer = setTimeout(() => open(true), LOOK_AGAIN)
  }
  const open = (isBack: boolean) => {
    try {
      watcher = watch(dirname(path), { persistent: false }, (event, changed) => {
        // Names that begin with two dots are how a mounted volume is replaced as a whole; that of the directory, its end.
        if (changed === null || changed === name || changed.startsWith('..')) onChange()
        else if (event === 'rename' && changed === basename(dirname(path))) {
          lookAgain()
          onChange()
        }
      })
      watcher.on('error', lookAgain)
    } catch {
      // The directory is not there, or there are no watches left.
      return lookAgain()
    }
    if (isBack) onChange()
  }
  open(false)
  let seen = stampOf(statNow(path))
  const looking = setInterval(() => {
    stat(path, (error, now) => {
      const stamp = stampOf(error === null ? now : undefined)
      if (ended || stamp === seen) return
      seen = stamp
      onChange()
    })
  }, LOOK)
  looking.unref()
  return () => {
    ended = true
    clearTimeout(timer)
    clearInterval(looking)
    watcher?.close()
  }
}

/** What is another when the file is: of one that cannot be seen it is empty. */
const stampOf = (of: Stats | undefined): string =>
  of === undefined ? '' : `${of.dev} ${of.ino} ${of.size} ${of.mtimeMs}`

function statNow(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}
