import { type Log, type Micros, type Result, seconds } from '../../base/index.ts'
import type { Command } from '../../model/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import type { RunningCommand, SupervisorPorts } from './ports.ts'
import { exitText } from './role-keeper.ts'

type Script = Extract<Notification, { readonly type: 'script' }>

/** A command waits this long for the one before it about the same object; then both run. */
const patience = seconds(5)

/**
 * Runs notification commands. Those about one object start in the order of its changes, so that the last word is the
 * last change's; those about different objects do not wait for each other.
 */
export type ScriptRunner = {
  run(script: Script): void
  /** Resolves when nothing runs or waits any more, or after `limit`: then what still runs is told to end. */
  finish(limit: Micros): Promise<void>
}

type Queue = { readonly waiting: Script[]; busy: boolean }

export function createScriptRunner(
  ports: Pick<SupervisorPorts, 'run' | 'schedule'>,
  log: Log,
  identify: (command: Command) => Result<Command, string>,
): ScriptRunner {
  const queues = new Map<string, Queue>()
  const running = new Set<RunningCommand>()
  let onIdle: (() => void) | undefined

  function next(about: string, queue: Queue): void {
    const notification = queue.waiting.shift()
    if (notification === undefined) {
      queues.delete(about)
      if (queues.size === 0 && running.size === 0) onIdle?.()
      return
    }
    const { command } = notification
    const identified = identify(command)
    if (!identified.ok) {
      log.error('script is not run', { script: command.argv[0], about, reason: identified.error })
      return next(about, queue)
    }
    queue.busy = true
    let done = false
    const goOn = () => {
      if (done) return
      done = true
      cancel()
      queue.busy = false
      next(about, queue)
    }
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
      const queue = queues.get(script.about) ?? { waiting: [], busy: false }
      queues.set(script.about, queue)
      queue.waiting.push(script)
      if (!queue.busy) next(script.about, queue)
    },
    finish(limit) {
      if (queues.size === 0 && running.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const cancel = ports.schedule(limit, () => {
          for (const script of running) script.kill('SIGTERM')
          resolve()
        })
        onIdle = () => {
          cancel()
          resolve()
        }
      })
    },
  }
}
