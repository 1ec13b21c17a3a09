import type { Micros, Result } from '../../base/index.ts'
import type { Command } from '../../model/index.ts'
import type { SupervisorPorts } from './ports.ts'
import { exitText } from './role-keeper.ts'

/** Runs a startup or shutdown script and waits for its end; after `limit` it is killed. Its failure is only logged. */
export function runToEnd(
  ports: Pick<SupervisorPorts, 'run' | 'schedule' | 'log'>,
  command: Command,
  identify: (command: Command) => Result<Command, string>,
  limit: Micros,
): Promise<void> {
  const script = command.argv[0]
  const identified = identify(command)
  if (!identified.ok) {
    ports.log.error('script is not run', { script, reason: identified.error })
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const running = ports.run(identified.value, (end) => {
      cancel()
      if (!end.ok) ports.log.error('script cannot be run', { script, reason: end.error.message })
      else if (end.value.code !== 0)
        ports.log.warn('script ended with a failure', { script, exit: exitText(end.value) })
      resolve()
    })
    const cancel = ports.schedule(limit, () => {
      ports.log.warn('script is killed: it takes too long', { script, seconds: limit / 1_000_000 })
      running.kill('SIGKILL')
    })
  })
}
