import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { address, fail, type Micros, ok, type Result } from '../../base/index.ts'
import { Cancellation, dial, dialWithin } from '../net/index.ts'

export type MailServer = {
  readonly host: string
  readonly port: number
  /** What we call ourselves. */
  readonly heloName: string
  /** Of connecting, and of each answer. */
  readonly connectTimeout: Micros
  /** A name of `ip netns`, to send from there. */
  readonly namespace?: string
}

export type Letter = {
  readonly from: string
  /** Addresses, with or without a name before them. */
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** `final`: the server will not take it another time either. */
export type MailError = { readonly message: string; readonly final: boolean }

/** Times `connectTimeout`: what a whole letter may take. A server that drips would hold up all letters after it. */
const PATIENCE = 10

/** Loads what sending takes, so that the first letter does not have to. */
export async function prepareMail(): Promise<void> {
  await import('nodemailer')
}

/** @returns receivers that the server does not know, when it has taken the letter for others. */
export async function sendMail(server: MailServer, letter: Letter): Promise<Result<readonly string[], MailError>> {
  const { createTransport } = await import('nodemailer')
  const milliseconds = Math.max(1, Math.ceil(server.connectTimeout / 1_000))
  let connection: Socket | undefined
  const limit = setTimeout(() => {
    connection?.destroy(new Error(`the mail server has not taken the letter in ${(PATIENCE * milliseconds) / 1_000} s`))
  }, PATIENCE * milliseconds)
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: false,
    ignoreTLS: true,
    connectionTimeout: milliseconds,
    greetingTimeout: milliseconds,
    socketTimeout: milliseconds,
    name: server.heloName,
    getSocket: socketTo(server, (opened) => {
      connection = opened
    }),
  })
  try {
    const sent = await transport.sendMail({
      from: letter.from,
      to: [...letter.to],
      subject: letter.subject,
      text: folded(letter.body),
      date: new Date(letter.at),
      xMailer: 'Holdfast',
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    return ok(sent.rejected)
  } catch (error) {
    // What the server and the network have against it; a bug here has neither.
    const { message, responseCode, code } = error as Error & { responseCode?: number; code?: string }
    if (code === undefined) throw error
    return fail({ message, final: responseCode !== undefined && responseCode >= 500 })
  } finally {
    clearTimeout(limit)
    transport.close()
  }
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

type GetSocket = (
  options: unknown,
  callback: (error: Error | null, options?: { readonly connection: Socket }) => void,
) => void

/** nodemailer opens a socket where this process is, and keeps it to itself. */
function socketTo(server: MailServer, onOpen: (connection: Socket) => void): GetSocket {
  return (_, callback) => {
    open(server).then(
      (connection) => {
        onOpen(connection)
        callback(null, { connection })
      },
      (error: Error) => callback(error),
    )
  }
}

/** To the first of the host's addresses where somebody is. */
async function open({ host, port, connectTimeout, namespace }: MailServer): Promise<Socket> {
  let reason = `${host} has no address`
  for (const found of await lookup(host, { all: true })) {
    const target = { address: address(found.address), port, connectTimeout }
    const dialled =
      namespace === undefined ? await dial(target, new Cancellation()) : await dialWithin(namespace, target)
    if (dialled.ok) return dialled.value
    reason = dialled.error.message
  }
  throw Object.assign(new Error(reason), { code: 'ECONNECTION' })
}
