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
  /** Signals the whole process group of the script; nothing once it has ended. */
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
  child.on('exit', (code, signal) => end(ok({ code: code ?? undefined, signal: signal ?? undefined })))
  return {
    kill(signal) {
      if (ended || child.pid === undefined) return
      try {
        process.kill(-child.pid, signal)
      } catch (error) {
        // It ended by itself in between.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    },
  }
}

/** spawn leaves a child no group but its own. */
const asUser = ({ uid, gid }: Identity): readonly string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--init-groups',
  '--',
]
