/**
 * Runs in a host's namespace: `trying-relay.mjs LETTERS EVERY`, an SMTP server on 127.0.0.1 port 2525 that tries those who send.
 * It puts off every so many-th letter once (451), and goes away once it has taken so many: who is connected gets 421, to MAIL or
 * to the whole letter, and who comes then finds nobody, until it is told `back` on stdin. Prints JSON lines: `{ ready }`,
 * `{ taken, body }` and `{ delayed }` with subjects, `{ left }`. Ends with its stdin.
 */
import { SMTPServer } from 'smtp-server'

const [letters, every] = process.argv.slice(2).map(Number)
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
const refusal = (responseCode, text) => Object.assign(new Error(text), { responseCode })
const delayed = new Set()
let [seen, taken, isLeaving] = [0, 0, false]
let server

const leaves = () => {
  isLeaving = true
  server.server.close(() => say({ left: true }))
}
/** What becomes of a letter that has come whole; undefined: it is taken. */
const verdict = (subject) => {
  if (isLeaving) return refusal(421, 'closing')
  if (!delayed.has(subject) && ++seen % every === 0) {
    delayed.add(subject)
    say({ delayed: subject })
    return refusal(451, 'not yet')
  }
  return undefined
}
const opens = () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onMailFrom: (_address, _session, callback) => callback(isLeaving ? refusal(421, 'closing') : undefined),
    onData(stream, _session, callback) {
      const chunks = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        const [head, ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n')
        const subject = /^Subject: (.*)$/m.exec(head.replace(/\r\n[ \t]+/g, ' '))?.[1].trim()
        const complaint = verdict(subject)
        if (complaint === undefined) say({ taken: subject, body: rest.join('\r\n\r\n').trim() })
        if (complaint === undefined && ++taken === letters) leaves()
        callback(complaint)
      })
    },
  })
  server.on('error', () => {})
  server.listen(2525, '127.0.0.1', () => say({ ready: true }))
}
opens()
process.stdin.on('data', () => {
  isLeaving = false
  opens()
})
process.stdin.on('end', () => process.exit(0))
