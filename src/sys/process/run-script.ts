import { spawn } from 'node:child_process'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { type Identity, lookUpIdentity } from '../accounts/index.ts'
import type { ChildExit } from './role-child.ts'

export type ScriptOptions = {
  /** `argv[0]` is the program, searched in PATH when it has no slash. */
  readonly argv: readonly string[]
  readonly user?: string
  readonly group?: string
  /** With all groups of the user; needs setpriv(1). */
  readonly supplementaryGroups?: true
}

export type RunningScript = {
  /**
   * Signals the whole process group of the script; nothing once it has ended. Of one that then ends, what it has started and
   * leaves behind is killed soon after.
   */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type ScriptEnd = Result<ChildExit, { readonly message: string }>

/** Variables a script does not inherit (keepalived), and those Node put there for its own children. */
const hidden = [
  'IFS',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'NOTIFY_SOCKET',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
]

/**
 * Starts a script in a process group of its own with standard input, output and error on /dev/null, no supplementary
 * groups when a user is named without them, and our umask. A text without `#!` line is run by the shell, as execvp(3) does.
 * `onEnd` is called once, also when the start fails.
 */
export function runScript(options: ScriptOptions, onEnd: (end: ScriptEnd) => void): RunningScript {
  let ended = false
  const end = (how: ScriptEnd) => {
    if (ended) return
    ended = true
    onEnd(how)
  }
  const refuse = (message: string): RunningScript => {
    queueMicrotask(() => end(fail({ message })))
    return { kill() {} }
  }
  const [program] = options.argv
  if (program === undefined) return refuse('an empty command')
  const identity = options.user === undefined ? undefined : lookUpIdentity(options.user, options.group)
  if (identity !== undefined && !identity.ok) return refuse(identity.error.message)
  const environment = { ...process.env }
  for (const name of hidden) delete environment[name]
  const groups = identity !== undefined && options.supplementaryGroups === true ? identity.value : undefined
  const [file, ...words] = groups === undefined ? options.argv : [...asUser(groups), ...options.argv]
  const child = spawn(file ?? program, words, {
    env: environment,
    stdio: 'ignore',
    detached: true,
    ...(identity === undefined || groups !== undefined ? {} : identity.value),
  })
  child.on('error', (error) => end(fail({ message: `${program}: ${error.message}` })))
  let told = false
  child.on('exit', (code, signal) => {
    if (told && child.pid !== undefined) endRest(child.pid)
    end(ok({ code: code ?? undefined, signal: signal ?? undefined }))
  })
  return {
    kill(signal) {
      if (ended || child.pid === undefined) return
      told = true
      signalGroup(child.pid, signal)
    },
  }
}

/** @returns whether there is anybody in that process group */
function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    // It ended by itself in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

/** How often it is looked, and how long apart in ms, whether what a script has left behind ends as it was told to. */
const LOOKS = 8
const LOOK_EVERY = 250

/** Those that do not are killed: a check that hangs every few seconds must not leave a process each time. Once empty, the number of a group may be that of another. */
function endRest(group: number): void {
  let looks = LOOKS
  const timer = setInterval(() => {
    looks--
    if (!signalGroup(group, looks > 0 ? 0 : 'SIGKILL') || looks === 0) clearInterval(timer)
  }, LOOK_EVERY)
  timer.unref()
  if (!signalGroup(group, 0)) clearInterval(timer)
}

/** spawn leaves a child no group but its own. */
const asUser = ({ uid, gid }: Identity): readonly string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--init-groups',
  '--',
]
