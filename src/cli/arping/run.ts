import { lookup } from 'node:dns/promises'
import process from 'node:process'
import {
  type Family,
  fail,
  familyOf,
  type IpAddress,
  macText,
  ok,
  parseAddress,
  type Result,
} from '../../base/index.ts'
import {
  type ArpingAction,
  type ArpingEvent,
  arpingDeadline,
  startArping,
  stepArping,
} from '../../proto/arping/index.ts'
import { openRouteClient } from '../../sys/netlink/index.ts'
import { onSignals } from '../../sys/process/index.ts'
import { type LinkSocket, openLinkSocket } from '../../sys/socket/index.ts'
import { openTimer, systemClock } from '../../sys/time/index.ts'
import { version } from '../version.ts'
import { linkLanguage } from './language.ts'
import { type ArpingOrder, arpingUsage, understandArping } from './options.ts'
import { type ArpingPlace, arpingPlace } from './place.ts'

/** The exit code: that of iputils' arping, 2 for what could not be tried. */
export async function runArping(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', () => process.exit(0))
  const order = understandArping(argv)
  if (!order.ok) {
    const { sentence, usage, exitCode } = order.error
    process.stderr.write(`${sentence === '' ? '' : `arping: ${sentence}\n`}${usage ? arpingUsage : ''}`)
    return exitCode
  }
  if (order.value === 'version') {
    process.stdout.write(`arping from Holdfast ${version}\n`)
    return 0
  }
  const started = await start(order.value)
  if (started.ok) return started.value
  process.stderr.write(`arping: ${started.error}\n`)
  return 2
}

async function start(order: ArpingOrder): Promise<Result<Promise<number>, string>> {
  const source = order.source === undefined ? undefined : parseAddress(order.source)
  if (order.source !== undefined && source === undefined) return fail(`${order.source} is not an address`)
  const destination = await addressOf(order.destination, source === undefined ? undefined : familyOf(source))
  if (!destination.ok) return destination
  const client = openRouteClient()
  if (!client.ok) return fail(client.error.message)
  const place = arpingPlace(client.value, order, source, destination.value)
  client.value.close()
  return place.ok ? converse(order, place.value, destination.value) : place
}

async function addressOf(words: string, family: Family | undefined): Promise<Result<IpAddress, string>> {
  const address = parseAddress(words)
  if (address !== undefined) {
    if (family === undefined || family === familyOf(address)) return ok(address)
    return fail(`${words} and the source are of two families`)
  }
  try {
    // Without a wish IPv4, as arping has always done.
    const found = parseAddress((await lookup(words, { family: family ?? 4 })).address)
    return found === undefined ? fail(`${words}: no address`) : ok(found)
  } catch (error) {
    return fail(`${words}: ${(error as NodeJS.ErrnoException).code ?? 'not found'}`)
  }
}

/** Sends and listens until the machine has enough. The inner promise is the exit code. */
function converse(
  order: ArpingOrder,
  { link, source }: ArpingPlace,
  destination: IpAddress,
): Result<Promise<number>, string> {
  const family = familyOf(destination)
  const tell = (text: string) => void (order.quiet || process.stdout.write(text))
  let ended: (exitCode: number) => void = () => {}
  const exitCode = new Promise<number>((done) => {
    ended = done
  })
  const language = linkLanguage({
    mode: order.mode,
    mac: link.mac,
    ...(source === undefined ? {} : { source }),
    destination,
  })
  let state = startArping(systemClock.now())
  let socket: LinkSocket | undefined

  const opened = openLinkSocket({
    hears: family === 4 ? 'arp' : 'neighbour-discovery',
    interfaceIndex: link.index,
    onFrame(frame) {
      const claim = language.claimIn(frame)
      if (claim !== undefined) happen({ type: 'claim-received', ...claim })
    },
  })
  if (!opened.ok) return fail(opened.error.message)
  socket = opened.value
  const timer = openTimer(() => happen({ type: 'deadline-reached' }))
  onSignals({ SIGINT: () => happen({ type: 'interrupted' }), SIGTERM: () => happen({ type: 'interrupted' }) })
  const unspecified = family === 4 ? '0.0.0.0' : '::'
  tell(`${family === 4 ? 'ARPING' : 'NDPING'} ${destination} from ${source ?? unspecified} ${link.name}\n`)
  happen({ type: 'deadline-reached' })
  return ok(exitCode)

  function happen(event: ArpingEvent): void {
    const step = stepArping(order, state, event, systemClock.now())
    state = step.state
    timer.arm(arpingDeadline(order, state))
    for (const action of step.actions) perform(action)
  }

  function perform(action: ArpingAction): void {
    switch (action.type) {
      case 'send': {
        const sent = socket?.send(language.frame(action.to))
        if (sent?.ok !== false) return
        process.stderr.write(`arping: ${sent.error.message}\n`)
        return close(2)
      }
      case 'tell-claim': {
        const how = `${action.broadcast ? 'Broadcast' : 'Unicast'} ${action.request ? 'request' : 'reply'}`
        const took = state.sent === 0 ? ' UNSOLICITED?' : `  ${(action.took / 1000).toFixed(3)}ms`
        return tell(`${how} from ${destination} [${macText(action.mac).toUpperCase()}]${took}\n`)
      }
      case 'end':
        tell(summary())
        return close(action.exitCode)
    }
  }

  function summary(): string {
    const { sent, broadcasts, received, requests, broadcastsReceived } = state
    const kinds = [
      ...(requests > 0 ? [`${requests} request(s)`] : []),
      ...(broadcastsReceived > 0 ? [`${broadcastsReceived} broadcast(s)`] : []),
    ].join(', ')
    return `Sent ${sent} probes (${broadcasts} broadcast(s))\nReceived ${received} response(s)${kinds === '' ? '' : ` (${kinds})`}\n`
  }

  function close(code: number): void {
    timer.close()
    socket?.close()
    ended(code)
  }
}
