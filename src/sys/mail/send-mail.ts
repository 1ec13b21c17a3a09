import type { Socket } from 'node:net'
import { fail, type Micros, micros, ok, type Result } from '../../base/index.ts'
import { type MailServer, openSocket } from './open-socket.ts'
import { type HandedOver, handOver, TIME_TO_CLOSE } from './smtp-session.ts'

export type Letter = {
  readonly from: string
  /** Addresses, with or without a name before them; one may be a local name alone, as `root`. */
  readonly to: readonly string[]
  /** Those of them that it is for, as the server was told them; absent: all. */
  readonly receivers?: readonly string[]
  readonly subject: string
  readonly body: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Receivers for whom the server has not taken the letter, while it has for others. */
export type SentLetter = {
  /** For good. */
  readonly refused: readonly string[]
  /** It may another time. */
  readonly later: readonly string[]
}

export type MailError = {
  readonly message: string
  /** The server will not take this letter another time either. */
  readonly final: boolean
  /** It is about the server, and would be the same with any letter: it is not there, says nothing, or takes no mail now. */
  readonly away: boolean
}

/** Times `connectTimeout`: what a whole letter may take. A server that drips would hold up all letters after it. */
const PATIENCE = 10
/** Bytes of one answer, as a server that never ends one may send them. */
const LONGEST_ANSWER = 65_536

/** Loads what sending takes, so that the first letter does not have to. */
export async function prepareMail(): Promise<void> {
  await load()
}

async function load() {
  const [{ createTransport }, { default: SMTPConnection }] = await Promise.all([
    import('nodemailer'),
    import('nodemailer/lib/smtp-connection'),
  ])
  return { createTransport, SMTPConnection }
}

/**
 * Sends one letter; fails when the server has taken it for nobody.
 * @param onClosed  called once, when the connection is open no more or there was none: a server that takes its time to close
 *   has five seconds, and the outcome does not wait for it
 * @param limit     what the whole letter may take
 */
export async function sendMail(
  server: MailServer,
  letter: Letter,
  onClosed: () => void = () => {},
  limit: Micros = micros(PATIENCE * server.connectTimeout),
): Promise<Result<SentLetter, MailError>> {
  const { createTransport, SMTPConnection } = await load()
  const milliseconds = Math.max(1, Math.ceil(server.connectTimeout / 1_000))
  const options = {
    host: server.host,
    port: server.port,
    secure: false,
    ignoreTLS: true,
    connectionTimeout: Math.ceil(limit / 1_000),
    greetingTimeout: milliseconds,
    socketTimeout: milliseconds,
    socketCloseTimeout: TIME_TO_CLOSE / 1_000,
    name: server.heloName,
    maxResponseSize: LONGEST_ANSWER,
  }
  let connection: Socket | undefined
  let isLate = false
  const close = () =>
    connection?.destroy(new Error(`the mail server has not taken the letter in ${limit / 1_000_000} s`))
  const timer = setTimeout(() => {
    isLate = true
    close()
  }, limit / 1_000)
  const transport = createTransport<HandedOver>({
    name: 'holdfast',
    version: '1',
    send(mail, callback) {
      const sent = openSocket(server).then((opened) => {
        connection = opened
        if (isLate) queueMicrotask(close)
        // At once: nobody else listens for an error of the socket.
        return handOver(new SMTPConnection({ ...options, connection: opened }), opened, mail.message)
      })
      sent.then((info) => callback(null, info), callback)
    },
  })
  try {
    const { from, to, receivers } = letter
    const sent = await transport.sendMail({
      from: addressed(from),
      to: to.map(addressed),
      ...(receivers === undefined ? {} : { envelope: { from, to: [...receivers] } }),
      subject: letter.subject,
      text: folded(letter.body),
      date: new Date(letter.at),
      xMailer: 'Holdfast',
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    return ok(leftOut(sent.rejectedErrors ?? []))
  } catch (error) {
    return fail(errorOf(error as Complaint))
  } finally {
    clearTimeout(timer)
    transport.close()
    if (connection === undefined || connection.closed) onClosed()
    else connection.once('close', onClosed)
  }
}

/** What nodemailer adds to an Error about the server or the network; one of a bug has no code. */
type Complaint = Error & {
  readonly code?: string | undefined
  readonly responseCode?: number | undefined
  readonly command?: string | undefined
  readonly recipient?: string | undefined
}

function errorOf(error: Complaint): MailError {
  const { message, code, responseCode, command } = error
  if (code === undefined) throw error
  // Refused before there was any letter, or sent away with 421 (RFC 5321 §3.8): the next would fare no better.
  const away = responseCode === undefined ? !OF_LETTER.test(code) : responseCode === 421 || BEFORE.test(command ?? '')
  return { message, away, final: !away && (responseCode === undefined || responseCode >= 500) }
}

/** nodemailer's codes for what it cannot send, whatever the server says. */
const OF_LETTER = /^(?:EENVELOPE|EMESSAGE)$/
const BEFORE = /^(?:CONN|EHLO|HELO)$/

function leftOut(complaints: readonly Complaint[]): SentLetter {
  const who = (isLater: boolean): readonly string[] =>
    complaints.flatMap(({ recipient, responseCode = 550 }) =>
      recipient !== undefined && responseCode < 500 === isLater ? [recipient] : [],
    )
  return { refused: who(false), later: who(true) }
}

/** nodemailer takes a word without `@` for a person's name, and would send such a receiver nothing. */
function addressed(written: string): string | { readonly name: string; readonly address: string } {
  if (written.includes('@')) return written
  const [, name = '', address = written] = /^(.*)<(.*)>/.exec(written) ?? []
  return { name: name.trim(), address: address.trim() }
}

/** A longer one would have the whole text encoded, `=>` as `=3D>` (RFC 2045 §6.7): readers of keepalived's mail look for that. */
const LONGEST_LINE = 76
const PIECE = new RegExp(`.{1,${LONGEST_LINE}}(?= |$)|.{${LONGEST_LINE}}`, 'gu')

/** Lines broken at blanks, and a word longer than a line anywhere. */
const folded = (text: string): string =>
  text
    .split('\n')
    .flatMap((line) => line.match(PIECE)?.map((piece) => piece.trimStart()) ?? [''])
    .join('\n')
