import { type Log, type Micros, micros, type Result, seconds } from '../../base/index.ts'
import type { MailSettings } from '../../model/index.ts'
import type { DeliverySnapshot } from '../../observe/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import type { Letter, MailError, MailServer, SentLetter } from '../../sys/mail/index.ts'
import { createLetterQueue, type QueuedLetter } from './letter-queue.ts'
import type { SupervisorPorts } from './ports.ts'
import { createRelayPace, type RelayPace } from './relay-pace.ts'

type Mail = Extract<Notification, { readonly type: 'mail' }>

/** Mail that waits for its server: a letter about each of ten thousand real servers, of which each takes half a kilobyte. */
const MOST_LETTERS = 10_000
/** What is lost because too much waits is told of so often, with how much it was. */
const TELL_EVERY = seconds(10)
/** Loading what sending takes holds the supervisor up for a moment: not while it starts, nor when there is news. */
const PREPARE_AFTER = seconds(2)
const NOWHERE = 'no server or no receivers are configured any more'

/**
 * Sends mail, a few letters at once, those about one object in their order. A server that does not answer delays mail and
 * nothing else; what cannot be sent is tried again, and given up after most of an hour, or when too much waits.
 */
export type Mailer = {
  send(mail: Mail): void
  adopt(settings: MailSettings): void
  /** Undefined: there is no mail, and was none. */
  delivery(): DeliverySnapshot | undefined
  /** Resolves when all is sent, or after `limit`; nothing is sent any more then. */
  finish(limit: Micros): Promise<void>
}

export function createMailer(
  ports: Pick<SupervisorPorts, 'sendMail' | 'prepareMail' | 'schedule' | 'clock' | 'hostName'>,
  log: Log,
): Mailer {
  let settings: MailSettings | undefined
  const states = new Map<string, string>()
  const queue = createLetterQueue()
  /** Of the server that is configured; another one has another. */
  let relay = createRelayPace()
  let disarm = () => {}
  let stopped = false
  let prepared = false
  let lost = 0
  /** Lost, and not told of yet; undefined: nobody waits to tell. */
  let untold: number | undefined
  let onIdle: (() => void) | undefined

  function pump(): void {
    if (stopped) return
    if (queue.size() === 0) return onIdle?.()
    const now = ports.clock.now()
    while (relay.hasRoom(now)) {
      const one = queue.begin(now)
      if (one === undefined) break
      launch(one, relay)
    }
    disarm()
    const at = relay.restsUntil(now) ?? (relay.hasRoom(now) ? queue.nextDue(now) : undefined)
    disarm = at === undefined ? () => {} : ports.schedule(micros(at - now), pump)
  }

  function launch(one: QueuedLetter, to: RelayPace): void {
    to.begin()
    const onClosed = () => {
      to.closed()
      pump()
    }
    void ports.sendMail(serverOf(settings, ports.hostName), one.letter, onClosed).then((sent) => {
      if (stopped) return
      to.settled()
      if (to === relay) settle(one, sent)
      else settleElsewhere(one, sent)
      pump()
    })
  }

  function settle(one: QueuedLetter, sent: Result<SentLetter, MailError>): void {
    if (!sent.ok) {
      const { message, final, away } = sent.error
      if (final) return end(one, message)
      return again(one, message, away ? relay.wasAway(ports.clock.now()) : one.attempts === 0)
    }
    const { refused, later } = sent.value
    if (relay.answered()) log.info('the mail server takes mail again', { waiting: queue.size() })
    log.debug('mail was sent', { subject: one.letter.subject })
    if (refused.length > 0) log.warn('mail has receivers that the server refuses', { receivers: refused.join(' ') })
    if (later.length === 0) return end(one)
    const rest = { ...one.letter, receivers: later }
    again(one, `the server does not take it yet for ${later.join(' ')}`, one.attempts === 0, rest)
  }

  /** The server that it was sent to is configured no more: what that has not taken is for the one that is. */
  function settleElsewhere(one: QueuedLetter, sent: Result<SentLetter, MailError>): void {
    const left = sent.ok ? [...sent.value.refused, ...sent.value.later] : undefined
    if (sent.ok) log.debug('mail was sent', { subject: one.letter.subject })
    if (left?.length === 0) return end(one)
    if (settings !== undefined && isUsed(settings))
      return queue.renew(one, left === undefined ? one.letter : { ...one.letter, receivers: left })
    const reason = sent.ok ? `the server did not take it for ${left?.join(' ')}` : sent.error.message
    end(one, `${reason}; ${NOWHERE}`)
  }

  /** @param rest  what of the letter is left to send */
  function again(one: QueuedLetter, reason: string, isNews: boolean, rest = one.letter): void {
    if (!queue.putBack(one, rest, ports.clock.now())) return give(one.letter, reason)
    if (isNews) log.warn('mail cannot be sent; it is tried again', { subject: one.letter.subject, reason })
  }

  function end(one: QueuedLetter, trouble?: string): void {
    queue.end(one)
    if (trouble !== undefined) give(one.letter, trouble)
  }

  function give({ subject }: Letter, reason: string, letters = 1): void {
    lost += letters
    log.error('mail is given up', { subject, reason, lost })
  }

  /** All that waits: nobody sends it any more. */
  function giveAll(letters: readonly QueuedLetter[], reason: string): void {
    const [first] = letters
    if (first !== undefined) give(first.letter, reason, letters.length)
  }

  /** The first at once, and how many more every ten seconds. */
  function overflow(oldest: Letter): void {
    if (untold !== undefined) {
      untold++
      return
    }
    give(oldest, `more than ${MOST_LETTERS} wait`)
    untold = 0
    ports.schedule(TELL_EVERY, () => {
      const letters = untold ?? 0
      untold = undefined
      lost += letters
      if (letters > 0) log.error('more mail is given up', { reason: `more than ${MOST_LETTERS} wait`, letters, lost })
    })
  }

  /** All at once, whatever was found before. */
  function startAfresh(): void {
    relay.forget()
    queue.renewAll()
    pump()
  }

  return {
    send({ about, state, subject, body }) {
      if (settings === undefined || !isUsed(settings)) return
      // keepalived tells of no state twice in a row.
      if (state !== undefined && states.get(about) === state) return
      if (state !== undefined) states.set(about, state)
      const from = settings.from ?? `root@${ports.hostName}`
      const letter = { from, to: settings.recipients, subject, body, at: ports.clock.wall() }
      queue.add(letter, about)
      const oldest = queue.size() > MOST_LETTERS ? queue.dropOldest() : undefined
      if (oldest !== undefined) overflow(oldest.letter)
      pump()
    },
    adopt(to) {
      const before = settings
      settings = to
      if (!isUsed(to)) {
        relay = createRelayPace()
        giveAll(queue.dropAll(), NOWHERE)
        return
      }
      if (!prepared) ports.schedule(PREPARE_AFTER, ports.prepareMail)
      prepared = true
      if (before === undefined || (before.server === to.server && before.port === to.port)) return
      relay = createRelayPace()
      startAfresh()
    },
    delivery() {
      const gone = lost + (untold ?? 0)
      const waiting = queue.size()
      return (settings !== undefined && isUsed(settings)) || waiting + gone > 0
        ? { to: 'mail', waiting, lost: gone }
        : undefined
    },
    finish(limit) {
      if (queue.size() === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const over = () => {
          cancel()
          disarm()
          stopped = true
          giveAll(queue.all(), 'the daemon ends')
          resolve()
        }
        const cancel = ports.schedule(limit, over)
        onIdle = over
        startAfresh()
      })
    },
  }
}

const isUsed = ({ server, recipients }: MailSettings): boolean => server !== undefined && recipients.length > 0

function serverOf(settings: MailSettings | undefined, hostName: string): MailServer {
  const { server = '', port = 25, heloName = hostName, connectTimeout = seconds(30) } = settings ?? {}
  return { host: server, port, connectTimeout, heloName }
}
