/**
 * Runs in a client's namespace: one HTTP request every so often, each on a connection of its own, from each source address
 * in turn. Prints a JSON line for each that ended: `{ at, ms, number, from, status?, body?, error? }`, `at` being the wall
 * time it was begun at, `number` counting from 0. Argument: `{ url, sources, every, timeout }`, lengths in milliseconds; a line on stdin, a JSON array, gives
 * other sources from then on. Ends with its stdin.
 */
import http from 'node:http'
import { createInterface } from 'node:readline'

const plan = JSON.parse(process.argv[2])
const { url, every, timeout } = plan
let sources = plan.sources
const agent = new http.Agent({ keepAlive: false })
const now = () => performance.timeOrigin + performance.now()
let count = 0

function request() {
  const at = now()
  const number = count++
  const from = sources[number % sources.length]
  let done = false
  const report = (outcome) => {
    if (done) return
    done = true
    process.stdout.write(`${JSON.stringify({ at, ms: now() - at, number, from, ...outcome })}\n`)
  }
  const exchange = http.get(url, { agent, localAddress: from }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (chunk) => (body += chunk))
    response.on('end', () => report({ status: response.statusCode, body: body.trim() }))
    response.on('error', (error) => report({ error: error.code ?? error.message }))
  })
  exchange.on('error', (error) => report({ error: error.code ?? error.message }))
  const bound = setTimeout(() => {
    report({ error: 'timeout' })
    exchange.destroy()
  }, timeout)
  exchange.on('close', () => clearTimeout(bound))
}

// A pace that holds under load: what a late timer missed is made up for, up to a bound.
const started = now()
let begun = 0
setInterval(
  () => {
    const due = Math.floor((now() - started) / every)
    for (let i = 0; begun < due && i < 20; i++, begun++) request()
    begun = Math.max(begun, due - 20)
  },
  Math.min(every, 10),
)
createInterface({ input: process.stdin })
  .on('line', (line) => {
    sources = JSON.parse(line)
  })
  .on('close', () => process.exit(0))
process.stdout.write('{"ready":true}\n')
