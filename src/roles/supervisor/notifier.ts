import { assertNever, type Log, type Micros, type Result } from '../../base/index.ts'
import type { Command, GlobalDefs } from '../../model/index.ts'
import type { DeliverySnapshot } from '../../observe/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import { createFifos } from './fifos.ts'
import { createMailer } from './mailer.ts'
import type { SupervisorPorts } from './ports.ts'
import { createScriptRunner } from './script-runner.ts'

/** Tells scripts, FIFOs and receivers of mail; none of them waits for another, and nobody waits for them. */
export type Notifier = {
  run(notifications: readonly Notification[]): void
  /** From here on these are told. */
  adopt(global: GlobalDefs): void
  /** What waits to be told, and what was not. */
  deliveries(): readonly DeliverySnapshot[]
  /** Resolves when all have been told, or after their limits. */
  finish(limits: { readonly scripts: Micros; readonly others: Micros }): Promise<void>
}

export function createNotifier(
  ports: SupervisorPorts,
  log: Log,
  identify: (command: Command) => Result<Command, string>,
): Notifier {
  const scripts = createScriptRunner(ports, log, identify)
  const fifos = createFifos(ports, log, identify)
  const mailer = createMailer(ports, log)
  return {
    run(notifications) {
      for (const notification of notifications)
        switch (notification.type) {
          case 'script':
            scripts.run(notification)
            break
          case 'fifo-line':
            fifos.write(notification)
            break
          case 'mail':
            mailer.send(notification)
            break
          default:
            assertNever(notification)
        }
    },
    adopt({ fifos: wanted = {}, mail }) {
      fifos.adopt(wanted)
      mailer.adopt(mail)
    },
    deliveries() {
      const mail = mailer.delivery()
      return [...fifos.deliveries(), ...(mail === undefined ? [] : [mail])]
    },
    async finish({ scripts: patience, others }) {
      await Promise.all([scripts.finish(patience), fifos.finish(others), mailer.finish(others)])
    },
  }
}
