/**
 * Runs in a host's namespace: `relay.mjs [ADDRESS PORT [REFUSED]]`, an SMTP server (on 127.0.0.1 port 2525) that takes every
 * letter and prints each as a JSON line: `{ subject, body, from, to, head }`, and `{ helo }` for who says its name; who comes
 * from REFUSED is turned away. Ends with its stdin.
 */
import { SMTPServer } from 'smtp-server'

const [address = '127.0.0.1', port = '2525', refused] = process.argv.slice(2)
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onConnect({ remoteAddress }, callback) {
    callback(remoteAddress === refused ? new Error('not you') : undefined)
  },
  onClose({ hostNameAppearsAs: helo }) {
    if (helo) process.stdout.write(`${JSON.stringify({ helo })}\n`)
  },
  onData(stream, session, callback) {
    const chunks = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => {
      const [head, ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n')
      const letter = {
        subject: /^Subject: (.*)$/m.exec(head.replace(/\r\n[ \t]+/g, ' '))?.[1].trim(),
        body: rest.join('\r\n\r\n').trim(),
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map(({ address }) => address),
        head: head.split('\r\n').map((line) => line.split(':')[0]),
      }
      process.stdout.write(`${JSON.stringify(letter)}\n`)
      callback()
    })
  },
})
server.listen(Number(port), address, () => process.stdout.write('{"ready":true}\n'))
process.stdin.on('end', () => process.exit(0)).resume()
