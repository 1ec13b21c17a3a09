/**
 * Long-lived TCP connections whose every byte is checked. `serve PORT …` sends back what comes. `talk COUNT ADDRESS:PORT …` opens
 * COUNT connections to each place; a line `more COUNT` on its input opens as many again, `report` writes what each has received,
 * `end` stops sending, waits for what is on the way, and writes what is wrong. With many of them each sends less often.
 */
import { connect, createServer } from 'node:net'
import { argv, exit, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'

const CHUNK = 64
/** Milliseconds between two chunks of a stream, at least. */
const EVERY = 100
/** Of all streams in a second, at most: more would measure the machine. */
const MOST_CHUNKS = 4000

/** The bytes of a stream, by where they are and whose it is. */
function pattern(id, from, length) {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = ((from + i) * 31 + id * 7 + ((from + i) >> 8)) & 0xff
  return bytes
}

const say = (message) => stdout.write(`${JSON.stringify(message)}\n`)

function serve(ports) {
  let left = ports.length
  for (const port of ports)
    createServer((socket) => {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.pipe(socket)
    }).listen({ port: Number(port), host: '0.0.0.0', backlog: 4096 }, () => {
      left -= 1
      if (left === 0) say({ ready: true })
    })
}

function talk(count, places) {
  const streams = []
  let ending = false
  const interval = () => Math.max(EVERY, (streams.length * 1000) / MOST_CHUNKS)

  function open(place) {
    const [host, port] = place.split(':')
    const stream = {
      id: streams.length,
      place,
      sent: 0,
      received: 0,
      fault: undefined,
      socket: connect(Number(port), host),
    }
    streams.push(stream)
    const { socket } = stream
    socket.setNoDelay(true)
    socket.on('connect', () => {
      const tick = () => {
        if (stream.fault !== undefined || ending) return
        // What is not echoed yet is on the way, or waits for another director.
        if (stream.sent - stream.received < 64 * CHUNK) {
          socket.write(pattern(stream.id, stream.sent, CHUNK))
          stream.sent += CHUNK
        }
        setTimeout(tick, interval())
      }
      setTimeout(tick, (stream.id * 7) % interval())
    })
    socket.on('data', (data) => {
      if (!data.equals(pattern(stream.id, stream.received, data.length))) stream.fault ??= 'other bytes'
      stream.received += data.length
    })
    socket.on('error', (error) => {
      stream.fault ??= error.code
    })
    socket.on('close', () => {
      stream.fault ??= 'closed'
    })
  }

  const openAll = (each) => {
    for (const place of places) for (let i = 0; i < each; i++) open(place)
  }
  openAll(count)
  say({ ready: true })
  createInterface({ input: stdin }).on('line', (line) => {
    const [word, number] = line.split(' ')
    if (word === 'more') openAll(Number(number))
    if (word === 'report')
      say({ report: streams.map(({ place, received, fault }) => ({ place, received, ...(fault && { fault }) })) })
    if (word === 'end') {
      ending = true
      const wait = () => {
        const waiting = streams.filter(({ fault, sent, received }) => fault === undefined && received < sent)
        if (waiting.length > 0) return void setTimeout(wait, EVERY)
        say({
          ended: streams.length,
          faults: streams
            .filter(({ fault }) => fault !== undefined)
            .map(({ id, place, fault }) => ({ id, place, fault })),
        })
        exit(0)
      }
      wait()
    }
  })
}

const [what, ...rest] = argv.slice(2)
if (what === 'serve') serve(rest)
else talk(Number(rest[0]), rest.slice(1))
