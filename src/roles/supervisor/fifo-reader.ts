import { type Log, micros, type Result, seconds } from '../../base/index.ts'
import type { Command } from '../../model/index.ts'
import type { RunningCommand, SupervisorPorts } from './ports.ts'
import { exitText } from './role-keeper.ts'

/** A reader that ended is started again after this, doubled each time it ends again within its healthy time. */
const FIRST_DELAY = seconds(1)
const LONGEST_DELAY = seconds(60)
const HEALTHY = seconds(60)
/** From being told to end to being killed. */
const GRACE = seconds(1)

/** The program that reads a FIFO. */
export type FifoReader = {
  /** Resolves when it has ended by itself, its pipe being closed, or after the limit, when it is made to. */
  end(): Promise<void>
  /** Told to end at once. */
  stop(): void
}

export function runFifoReader(
  ports: Pick<SupervisorPorts, 'run' | 'schedule' | 'clock'>,
  command: Command,
  log: Log,
): FifoReader {
  const script = command.argv[0]
  let running: RunningCommand | undefined
  let ending = false
  let delay = FIRST_DELAY
  let cancelStart: (() => void) | undefined
  let onEnded: (() => void) | undefined

  function start(): void {
    const startedAt = ports.clock.now()
    const started = ports.run(command, (end) => {
      running = undefined
      onEnded?.()
      if (ending) return
      const how = end.ok ? exitText(end.value) : end.error.message
      if (ports.clock.now() - startedAt >= HEALTHY) delay = FIRST_DELAY
      log.warn('FIFO script ended; it is started again', { script, exit: how, seconds: delay / 1_000_000 })
      cancelStart = ports.schedule(delay, start)
      delay = micros(Math.min(delay * 2, LONGEST_DELAY))
    })
    running = started
  }
  function stop(): void {
    ending = true
    cancelStart?.()
    const left = running
    if (left === undefined) return
    left.kill('SIGTERM')
    ports.schedule(GRACE, () => left.kill('SIGKILL'))
  }

  start()
  return {
    end() {
      ending = true
      cancelStart?.()
      if (running === undefined) return Promise.resolve()
      return new Promise((resolve) => {
        onEnded = resolve
      })
    },
    stop,
  }
}

/** With the pipe's path as its last argument. */
export const readerCommand = (
  reader: Command,
  path: string,
  identify: (command: Command) => Result<Command, string>,
): Result<Command, string> => identify({ ...reader, argv: [...reader.argv, path] })
