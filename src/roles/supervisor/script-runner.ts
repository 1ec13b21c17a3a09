import { type Log, type Micros, micros, type Result, seconds } from '../../base/index.ts'
import type { Command } from '../../model/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import type { RunningCommand, SupervisorPorts } from './ports.ts'
import { exitText } from './role-keeper.ts'

type Script = Extract<Notification, { readonly type: 'script' }>

/** A command waits at most this long for those before it about the same object, however many they are. */
const patience = seconds(5)

/**
 * Runs notification commands. Those about one object start in the order of its changes, so that the last word is the
 * last change's; those about different objects do not wait for each other.
 */
export type ScriptRunner = {
  run(script: Script): void
  /**
   * Resolves when nothing runs or waits any more, or after `limit`: then what still runs is told to end. What waits waits half
   * as long at most, so that the last word is not lost to a script that hangs.
   */
  finish(limit: Micros): Promise<void>
}

type Queue = {
  readonly waiting: { readonly script: Script; readonly cancel: () => void }[]
  /** Ends the turn of the command that was started last. */
  goOn: (() => void) | undefined
}

export function createScriptRunner(
  ports: Pick<SupervisorPorts, 'run' | 'schedule'>,
  log: Log,
  identify: (command: Command) => Result<Command, string>,
): ScriptRunner {
  /** Of objects about which a command has its turn. */
  const queues = new Map<string, Queue>()
  const running = new Set<RunningCommand>()
  let onIdle: (() => void) | undefined

  function next(about: string, queue: Queue): void {
    const first = queue.waiting.shift()
    if (first === undefined) {
      queues.delete(about)
      if (queues.size === 0 && running.size === 0) onIdle?.()
      return
    }
    first.cancel()
    start(first.script, queue)
  }

  function start({ command, about }: Script, queue: Queue): void {
    const identified = identify(command)
    if (!identified.ok) {
      log.error('script is not run', { script: command.argv[0], about, reason: identified.error })
      return next(about, queue)
    }
    const goOn = () => {
      if (queue.goOn !== goOn) return
      queue.goOn = undefined
      cancel()
      next(about, queue)
    }
    queue.goOn = goOn
    const cancel = ports.schedule(patience, () => {
      if (queue.waiting.length > 0)
        log.warn('script is slow; the next one does not wait for it', { script: command.argv[0], about })
      goOn()
    })
    const started = ports.run(identified.value, (end) => {
      running.delete(started)
      if (!end.ok) log.error('script cannot be run', { script: command.argv[0], about, reason: end.error.message })
      else if (end.value.code !== 0) {
        log.info('script ended with a failure', { script: command.argv[0], about, exit: exitText(end.value) })
      }
      goOn()
      if (queues.size === 0 && running.size === 0) onIdle?.()
    })
    running.add(started)
  }

  return {
    run(script) {
      const queue = queues.get(script.about)
      if (queue !== undefined) {
        const cancel = ports.schedule(patience, () => queue.goOn?.())
        queue.waiting.push({ script, cancel })
        return
      }
      const fresh: Queue = { waiting: [], goOn: undefined }
      queues.set(script.about, fresh)
      start(script, fresh)
    },
    finish(limit) {
      if (queues.size === 0 && running.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const cancelHurry = ports.schedule(micros(limit / 2), () => {
          for (const queue of [...queues.values()]) while (queue.waiting.length > 0) queue.goOn?.()
        })
        const cancel = ports.schedule(limit, () => {
          for (const script of running) script.kill('SIGTERM')
          resolve()
        })
        onIdle = () => {
          cancelHurry()
          cancel()
          resolve()
        }
      })
    },
  }
}
