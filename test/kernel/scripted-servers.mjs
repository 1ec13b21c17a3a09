/**
 * Runs in a host's namespace: `scripted-servers.mjs ADDRESS PLANS PEM KEY`, servers that say what the JSON file of PLANS has them
 * say, a plan a port; prints `{"ready":true}`. Ends with its stdin.
 *
 * Over TCP `{ port, greet?, answers, end, piecemeal?, tls? }`: the greeting at once, an answer for each time that something is
 * heard, and after the last of them `close`, `drop` (of TLS, without its goodbye), `reset` or `hold`; `tls` is the one version that is spoken. Over UDP
 * `{ port, reply }`, in hexadecimal digits, or `{ port, dns }`, the query with another `id`, other `flags` (four digits),
 * `question` `same`, `none` or `other`, cut to `length` bytes.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import process from 'node:process'
import { createServer as createTlsServer } from 'node:tls'

const [address, file, pem, key] = process.argv.slice(2)
const plans = JSON.parse(readFileSync(file, 'utf8'))
const identity = { cert: readFileSync(pem), key: readFileSync(key) }

const ends = {
  close: (socket) => socket.end(),
  drop: (socket) => socket.destroy(),
  reset: (socket) => socket.resetAndDestroy(),
  hold: () => {},
}

/** Whole, or in two pieces of which the second comes a little later. */
const say = (socket, text, piecemeal, then) => {
  if (!piecemeal) return void socket.write(text, 'latin1', then)
  socket.write(text.slice(0, 2), 'latin1')
  setTimeout(() => socket.write(text.slice(2), 'latin1', then), 200)
}

const speak =
  ({ greet, answers, end, piecemeal }) =>
  (socket) => {
    socket.on('error', () => {})
    const left = [...answers]
    const finish = () => ends[end](socket)
    if (greet !== undefined) say(socket, greet, piecemeal, left.length === 0 ? finish : undefined)
    else if (left.length === 0) finish()
    socket.on('data', () => {
      const answer = left.shift()
      if (answer !== undefined) say(socket, answer, piecemeal, left.length === 0 ? finish : undefined)
    })
  }

const listener = (plan) =>
  plan.tls === undefined
    ? createServer(speak(plan))
    : createTlsServer({ ...identity, minVersion: plan.tls, maxVersion: plan.tls }, speak(plan)).on(
        'tlsClientError',
        () => {},
      )

/** `other`, of type A and class IN. */
const OTHER = Buffer.from('056f746865720000010001', 'hex')
const answerTo = (query, { id, flags, question = 'same', length }) => {
  const answer =
    question === 'same'
      ? Buffer.from(query)
      : Buffer.concat([query.subarray(0, 12), question === 'other' ? OTHER : Buffer.alloc(0)])
  if (id === 'other') answer[0] ^= 1
  answer.writeUInt16BE(Number.parseInt(flags, 16), 2)
  if (question === 'none') answer.writeUInt16BE(0, 4)
  return length === undefined ? answer : answer.subarray(0, length)
}

await Promise.all(
  plans.map(
    (plan) =>
      new Promise((resolve) => {
        if (plan.answers !== undefined) return void listener(plan).listen(plan.port, address, resolve)
        const socket = createSocket('udp4')
        socket.on('message', (query, from) => {
          const reply = plan.dns === undefined ? Buffer.from(plan.reply, 'hex') : answerTo(query, plan.dns)
          socket.send(reply, from.port, from.address)
        })
        socket.bind(plan.port, address, resolve)
      }),
  ),
)
process.stdout.write('{"ready":true}\n')
process.stdin.on('end', () => process.exit(0)).resume()
