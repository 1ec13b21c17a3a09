import { type Log, type Micros, seconds } from '../../base/index.ts'
import type { MailSettings } from '../../model/index.ts'
import type { DeliverySnapshot } from '../../observe/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import type { Letter, MailServer } from '../../sys/mail/index.ts'
import type { SupervisorPorts } from './ports.ts'

type Mail = Extract<Notification, { readonly type: 'mail' }>

/** Mail that waits for its server: a letter about each of ten thousand real servers, of which each takes half a kilobyte. */
const MOST_LETTERS = 10_000
/** What is lost because too much waits is told of so often, with how much it was. */
const TELL_EVERY = seconds(10)
/** Loading what sending takes holds the supervisor up for a moment: not while it starts, nor when there is news. */
const PREPARE_AFTER = seconds(2)
/** From one attempt to the next; after the last it is given up. */
const RETRY_AFTER: readonly Micros[] = [seconds(5), seconds(30), seconds(120), seconds(600)]

/**
 * Sends mail, one after the other in the order of what it tells. A server that does not answer delays the others and
 * nothing else; what cannot be sent is tried again, and given up after a quarter of an hour, or when too much waits.
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
  const waiting: Letter[] = []
  let attempts = 0
  let busy = false
  let stopped = false
  let prepared = false
  let lost = 0
  /** Lost, and not told of yet; undefined: nobody waits to tell. */
  let untold: number | undefined
  let onIdle: (() => void) | undefined

  function next(): void {
    const [letter] = waiting
    if (stopped || busy) return
    if (letter === undefined) return onIdle?.()
    busy = true
    void ports.sendMail(serverOf(settings, ports.hostName), letter).then((sent) => {
      busy = false
      if (sent.ok) {
        log.debug('mail was sent', { subject: letter.subject })
        if (sent.value.length > 0)
          log.warn('mail has receivers that the server refuses', { receivers: sent.value.join(' ') })
        return done(letter)
      }
      const { message, final } = sent.error
      const pause = final ? undefined : RETRY_AFTER[attempts]
      if (pause === undefined) {
        give(letter, message)
        return done(letter)
      }
      if (attempts === 0)
        log.warn('mail cannot be sent; it is tried again', { subject: letter.subject, reason: message })
      attempts++
      busy = true
      ports.schedule(pause, () => {
        busy = false
        next()
      })
    })
  }

  function done(letter: Letter): void {
    // It may have been given up meanwhile.
    if (waiting[0] === letter) waiting.shift()
    attempts = 0
    next()
  }

  function give({ subject }: Letter, reason: string, letters = 1): void {
    lost += letters
    log.error('mail is given up', { subject, reason, lost })
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

  return {
    send({ about, state, subject, body }) {
      if (settings?.server === undefined || settings.recipients.length === 0) return
      // keepalived tells of no state twice in a row.
      if (state !== undefined && states.get(about) === state) return
      if (state !== undefined) states.set(about, state)
      const from = settings.from ?? `root@${ports.hostName}`
      waiting.push({ from, to: settings.recipients, subject, body, at: ports.clock.wall() })
      // The first may be under way.
      const [oldest] = waiting.length > MOST_LETTERS ? waiting.splice(1, 1) : []
      if (oldest !== undefined) overflow(oldest)
      next()
    },
    adopt(to) {
      settings = to
      if (prepared || to.server === undefined || to.recipients.length === 0) return
      prepared = true
      ports.schedule(PREPARE_AFTER, ports.prepareMail)
    },
    delivery() {
      const isUsed = settings?.server !== undefined && settings.recipients.length > 0
      const gone = lost + (untold ?? 0)
      return isUsed || waiting.length + gone > 0 ? { to: 'mail', waiting: waiting.length, lost: gone } : undefined
    },
    finish(limit) {
      if (waiting.length === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const end = () => {
          cancel()
          stopped = true
          const [first] = waiting
          if (first !== undefined) give(first, 'the daemon ends', waiting.length)
          resolve()
        }
        const cancel = ports.schedule(limit, end)
        onIdle = end
      })
    },
  }
}

function serverOf(settings: MailSettings | undefined, hostName: string): MailServer {
  const { server = '', port = 25, heloName = hostName, connectTimeout = seconds(30) } = settings ?? {}
  return { host: server, port, connectTimeout, heloName }
}
