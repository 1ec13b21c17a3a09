/**
 * Runs in a host's namespace: sends what it is told on its stdin, a JSON line each: `{ destination, hex, ttl }`, as IPv4
 * protocol 112 through a raw socket. The lab's sender of foreign and hostile advertisements.
 */
import { createInterface } from 'node:readline'
import raw from 'raw-socket'

const IP_TTL = 2
const IP_MULTICAST_TTL = 33
const socket = raw.createSocket({ protocol: 112 })
socket.on('error', (error) => process.stderr.write(`${error.message}\n`))
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { destination, hex, ttl } = JSON.parse(line)
    const bytes = Buffer.from(hex, 'hex')
    const setTtl = () => {
      for (const option of [IP_TTL, IP_MULTICAST_TTL]) socket.setOption(raw.SocketLevel.IPPROTO_IP, option, ttl)
    }
    socket.send(bytes, 0, bytes.length, destination, setTtl, (error) => {
      process.stdout.write(error ? `${JSON.stringify({ error: error.message })}\n` : '{"sent":true}\n')
    })
  })
  .on('close', () => process.exit(0))
process.stdout.write('{"ready":true}\n')
