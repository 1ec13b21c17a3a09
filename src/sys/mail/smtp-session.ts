import type { Socket } from 'node:net'
import type { MailMessage } from 'nodemailer'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { seconds } from '../../base/index.ts'

/** A server that does not close its side of the connection, once it has taken the letter or not, has so long. */
export const TIME_TO_CLOSE = seconds(5)

export type HandedOver = {
  /** Of receivers whom the server has not taken, nodemailer's errors. */
  readonly rejectedErrors?: readonly Error[] | undefined
}

/**
 * Hands one letter over and leaves with QUIT (RFC 5321 §4.1.1.10). What became of the letter waits for no answer to that; the
 * connection is closed once there is one, or after five seconds. Fails with nodemailer's error.
 * @param session  over `connection`, on which nobody else listens
 */
export function handOver(
  session: SMTPConnection,
  connection: Socket,
  letter: MailMessage['message'],
): Promise<HandedOver> {
  return new Promise((resolve, reject) => {
    const give = (error: Error) => {
      reject(error)
      session.close()
    }
    // Of one behind the letter nobody hears.
    session.on('error', give)
    session.connect((refused) => {
      if (refused) return give(refused)
      session.send(letter.getEnvelope(), letter.createReadStream(), (error, info) => {
        if (error) reject(error)
        else resolve(info ?? {})
        session.quit()
        closeAfterwards(connection)
      })
    })
  })
}

function closeAfterwards(connection: Socket): void {
  const timer = setTimeout(() => connection.destroy(), TIME_TO_CLOSE / 1_000)
  connection.once('close', () => clearTimeout(timer))
}
