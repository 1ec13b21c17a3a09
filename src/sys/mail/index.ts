/**
 * Mail over plain SMTP (RFC 5321), by nodemailer, which is loaded when it is asked for. A connection a letter; no TLS and no
 * authentication, as with keepalived: the server is a relay near by. Owns nothing between two letters.
 */

export type { MailServer } from './open-socket.ts'
export * from './send-mail.ts'
