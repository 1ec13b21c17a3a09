import { assertNever, millis, type Result } from '../../base/index.ts'
import type { ForwardingAsk, ForwardingBackend } from '../../forwarding/index.ts'
import { decodeControlRequest } from './control-request.ts'
import type { AnswerPart } from './forwarding-asks.ts'
import type { Journal } from './journal.ts'
import { showJournal } from './journal-answers.ts'
import { Json, textWith } from './json-text.ts'
import type { OrderCommand } from './order-request.ts'
import type { ControlClient, SupervisorPorts } from './ports.ts'
import type { ReloadPlan } from './reload-plan.ts'
import type { Reload } from './reloads.ts'
import type { Reports } from './reports.ts'
import type { ServerOrderBook } from './server-orders.ts'
import type { ServerTold } from './server-told.ts'
import type { Orders, Told } from './standing-orders.ts'

export type ControlHandlers = {
  readonly snapshot: Reports['snapshotText']
  readonly reload: Reload
  readonly plan: (file: string | undefined) => Promise<ReloadPlan>
  readonly dump: () => Promise<Result<string, string>>
  readonly orders: Orders
  readonly serverOrders: Pick<ServerOrderBook, 'carryOut'>
  readonly journal: Pick<Journal, 'entries' | 'follow'>
  readonly stop: () => void
  /** False: no role keeps a table. */
  readonly askForwarding: (ask: ForwardingAsk, onPart: (part: Result<AnswerPart, string>) => void) => boolean
  readonly backend: ForwardingBackend['kind']
}

/**
 * Answers the control socket: `{type: 'status', snapshot}`, `{type: 'done'}` with what was done and, of real servers, what became of each, or `{type: 'error',
 * message}`; to `forwarding` one or more `{type: 'forwarding', backend, part, more}`, or `{type: 'forwarding', backend}` when
 * no table is kept; to `log` pieces of `{type: 'log', entries, more}`; to `plan` `{type: 'plan', …}`. A socket that nobody listens to is replaced: the run directory is locked by us.
 */
export function serveControl(
  ports: Pick<SupervisorPorts, 'listenControl' | 'removeFile' | 'schedule'>,
  path: string,
  handlers: ControlHandlers,
): Promise<Result<{ close(): void }, { readonly message: string }>> {
  ports.removeFile(path)
  return ports.listenControl(path, (client, line) => {
    const request = decodeControlRequest(line)
    if (!request.ok) {
      client.send({ type: 'error', message: request.error })
      return
    }
    switch (request.value.request) {
      case 'status':
        void handlers.snapshot(request.value.history).then((snapshot) => client.sendText(statusAnswer(snapshot)))
        return
      case 'reload':
        void handlers
          .reload(request.value)
          .then((result) =>
            client.send(
              result.ok ? { type: 'done', done: 'reload' } : { type: 'error', message: refusal(result.error) },
            ),
          )
        return
      case 'plan':
        void handlers.plan(request.value.file).then((plan) => client.send({ type: 'plan', ...plan }))
        return
      case 'dump':
        void handlers
          .dump()
          .then((result) =>
            client.send(
              result.ok ? { type: 'done', done: 'dump', path: result.value } : { type: 'error', message: result.error },
            ),
          )
        return
      case 'stop':
        client.send({ type: 'done', done: 'stop' })
        return handlers.stop()
      case 'forwarding':
        return askForwarding(client, request.value.ask)
      case 'failover':
      case 'hold':
      case 'release':
      case 'maintenance':
        return giveOrder(client, request.value)
      case 'drain':
      case 'undrain':
      case 'disable':
      case 'enable':
      case 'weight':
        return void answerServerOrder(client, request.value.request, handlers.serverOrders.carryOut(request.value))
      case 'log':
        return showJournal(client, handlers.journal, request.value)
      case 'watch':
        return watch(client, request.value.interval)
      default:
        assertNever(request.value)
    }
  })

  function giveOrder(client: ControlClient, command: OrderCommand): void {
    void answerOrder(client, command.request, carryOut(handlers.orders, command))
  }

  async function answerOrder(
    client: ControlClient,
    done: string,
    outcome: Promise<Result<Told, string>>,
  ): Promise<void> {
    const result = await outcome
    client.send(result.ok ? { type: 'done', done, told: result.value } : { type: 'error', message: result.error })
  }

  async function answerServerOrder(
    client: ControlClient,
    done: string,
    outcome: Promise<Result<readonly ServerTold[], string>>,
  ): Promise<void> {
    const result = await outcome
    if (!result.ok) return void client.send({ type: 'error', message: result.error })
    client.send({
      type: 'done',
      done,
      told: result.value.map(({ text }) => text),
      servers: result.value.map(({ text: _, ...server }) => server),
    })
  }

  function askForwarding(client: ControlClient, ask: ForwardingAsk): void {
    const { backend } = handlers
    const asked = handlers.askForwarding(ask, (part) => {
      client.send(part.ok ? { type: 'forwarding', backend, ...part.value } : { type: 'error', message: part.error })
    })
    if (!asked) client.send({ type: 'forwarding', backend })
  }

  /** A snapshot now and then until the client goes; one that reads too slowly is let go. */
  function watch(client: ControlClient, interval: number): void {
    let open = true
    let cancel: (() => void) | undefined
    client.onClosed(() => {
      open = false
      cancel?.()
    })
    const next = async () => {
      const snapshot = await handlers.snapshot()
      if (!open) return
      if (!client.sendText(statusAnswer(snapshot))) return client.close()
      cancel = ports.schedule(millis(interval), () => void next())
    }
    void next()
  }
}

const statusAnswer = (snapshot: string): string => textWith({ type: 'status', snapshot: new Json(snapshot) })

async function carryOut(orders: Orders, command: OrderCommand): Promise<Result<Told, string>> {
  switch (command.request) {
    case 'failover':
      return orders.failover(command)
    case 'hold':
      return orders.hold(command)
    case 'release':
      return orders.release(command.names)
    case 'maintenance':
      return command.on ? orders.maintenanceOn(command) : orders.maintenanceOff()
    default:
      return assertNever(command.request)
  }
}

/** Several reasons stand below each other. */
const refusal = (reason: string): string =>
  reason.includes('\n')
    ? `reload refused, nothing was changed:\n  ${reason.replaceAll('\n', '\n  ')}`
    : `reload refused, nothing was changed: ${reason}`
