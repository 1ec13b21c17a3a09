import { type Result, seconds } from '../../base/index.ts'
import type { Command, Configuration, MiscChecker } from '../../model/index.ts'
import { question } from '../../proto/health/index.ts'
import type { ScriptEnd } from '../../proto/probe/index.ts'
import type { RunningCommand, SupervisorPorts } from './ports.ts'

/** SIGTERM is followed by SIGKILL, and that by others (keepalived). */
const GRACE = seconds(2)
const AGAIN = seconds(10)

/** Scripts that the checker role wants to be run. Only what the configuration in force names is. */
export type CheckerScripts = {
  /** @param script  the checker, by what it asks */
  run(id: number, script: string): void
  /** Its end is not waited for any more. */
  end(id: number): void
  /** The role is gone. */
  endAll(): void
}

type Run = {
  readonly script: string
  readonly checker: MiscChecker
  cancelTimeout: () => void
  /** Absent: it waits for the end of the one before. */
  process?: RunningCommand
}

/**
 * A script that takes too long is told of at once, and ended; the next run of it waits until it is gone, so that a script that
 * no signal reaches is there once.
 */
export function createCheckerScripts(
  ports: Pick<SupervisorPorts, 'run' | 'schedule' | 'log'>,
  model: () => Configuration,
  identify: (command: Command) => Result<Command, string>,
  tell: (id: number, end: ScriptEnd) => void,
): CheckerScripts {
  const known = configured(model)
  const runs = new Map<number, Run>()
  /** Those that were told to end and have not yet, by script. */
  const dying = new Map<string, number>()

  function start(id: number, run: Run): void {
    const identified = identify(run.checker.command)
    if (!identified.ok) return conclude(id, { type: 'not-run', reason: identified.error })
    const process = ports.run(identified.value, (end) => {
      if (runs.get(id) === run) {
        if (!end.ok) conclude(id, { type: 'not-run', reason: end.error.message })
        else if (end.value.code === undefined) conclude(id, { type: 'killed', signal: end.value.signal ?? 'a signal' })
        else conclude(id, { type: 'exited', code: end.value.code })
        return
      }
      buried(run)
    })
    run.process = process
  }

  function conclude(id: number, end: ScriptEnd): void {
    forget(id)
    tell(id, end)
  }

  function forget(id: number): Run | undefined {
    const run = runs.get(id)
    run?.cancelTimeout()
    runs.delete(id)
    return run
  }

  /** Nobody waits for it from here on; what runs of it is ended. */
  function bury(id: number): void {
    const run = forget(id)
    if (run?.process === undefined) return
    const { process, script } = run
    dying.set(script, (dying.get(script) ?? 0) + 1)
    process.kill('SIGTERM')
    const insist = () => {
      ports.log.warn('script of a checker does not end', { script: run.checker.command.argv[0], signal: 'SIGKILL' })
      process.kill('SIGKILL')
      run.cancelTimeout = ports.schedule(AGAIN, insist)
    }
    run.cancelTimeout = ports.schedule(GRACE, insist)
  }

  function buried(run: Run): void {
    run.cancelTimeout()
    const left = (dying.get(run.script) ?? 1) - 1
    if (left > 0) return void dying.set(run.script, left)
    dying.delete(run.script)
    for (const [id, next] of runs) if (next.script === run.script && next.process === undefined) start(id, next)
  }

  return {
    run(id, script) {
      const checker = known().get(script)
      if (checker === undefined) return tell(id, { type: 'not-run', reason: 'it is not configured any more' })
      const cancelTimeout = ports.schedule(checker.timeout, () => {
        ports.log.warn('script of a checker takes too long', { script: checker.command.argv[0], signal: 'SIGTERM' })
        bury(id)
        tell(id, { type: 'timed-out' })
      })
      const run: Run = { script, checker, cancelTimeout }
      runs.set(id, run)
      if (!dying.has(script)) start(id, run)
    },
    end: bury,
    endAll() {
      for (const id of [...runs.keys()]) bury(id)
    },
  }
}

/** The scripts of a configuration by what they ask, worked out once for each. */
function configured(model: () => Configuration): () => ReadonlyMap<string, MiscChecker> {
  let of: Configuration | undefined
  let all: ReadonlyMap<string, MiscChecker> = new Map()
  return () => {
    const now = model()
    if (now === of) return all
    of = now
    all = new Map(
      now.virtualServers.flatMap(({ realServers }) =>
        realServers.flatMap(({ checkers }) =>
          checkers.flatMap((checker) => (checker.kind === 'misc' ? [[question(checker), checker] as const] : [])),
        ),
      ),
    )
    return all
  }
}
