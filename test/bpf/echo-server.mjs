// A server for the traffic tests: HTTP on ports from the arguments, UDP on the first, over both families.
// GET /name answers `NAME client-address`; GET /bulk/N sends N MB; POST answers the SHA-256 of the body.
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'

const [name, ...ports] = process.argv.slice(2)
const hosts = ['0.0.0.0', '::']
const block = Buffer.alloc(1 << 20, 'holdfast')
function serve() {
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const hash = createHash('sha256')
      request.on('data', (data) => hash.update(data)).on('end', () => response.end(`${hash.digest('hex')}\n`))
      return
    }
    const bulk = /^\/bulk\/(\d+)$/.exec(request.url ?? '')
    if (bulk === null) return response.end(`${name} ${request.socket.remoteAddress} ${request.socket.localPort}\n`)
    let left = Number(bulk[1])
    const more = () => {
      while (left-- > 0) if (!response.write(block)) return response.once('drain', more)
      response.end()
    }
    more()
  })
  server.keepAliveTimeout = 120_000
  // A client that has said all still gets its answer.
  server.httpAllowHalfOpen = true
  return server
}
for (const port of ports) for (const host of hosts) serve().listen({ port: Number(port), host, ipv6Only: true })
let bound = 0
for (const host of hosts) {
  const udp = createSocket({ type: host === '::' ? 'udp6' : 'udp4', ipv6Only: host === '::' })
  udp.on('message', (message, from) => udp.send(`${name} ${message}`, from.port, from.address))
  udp.bind(Number(ports[0]), host, () => ++bound === hosts.length && console.log('ready'))
}
