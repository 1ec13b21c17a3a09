/**
 * Runs in a host's namespace: `hostile-echo.mjs OWN ADDRESS...`, who answers echo requests to each of these addresses in a way of
 * its own, in the order of `ways`; prints the addresses by name as a JSON line. The kernel is told to leave them alone
 * (icmp_echo_ignore_all). Ends with its stdin.
 */
import { createInterface } from 'node:readline'
import raw from 'raw-socket'

const HEADER = 20
const ECHO_REPLY = 0
const UNREACHABLE = 3
const HOST_UNREACHABLE = 1

/** The request as its reply, with what `change` makes of it. */
const reply = (request, change = () => {}) => {
  const bytes = Buffer.from(request)
  bytes[0] = ECHO_REPLY
  change(bytes)
  return bytes
}
/** An error about a packet from `source` to `destination`, with as much of it as an error quotes at least. */
const unreachable = (packet, change = () => {}) => {
  const quoted = Buffer.from(packet.subarray(0, HEADER + 8))
  change(quoted.subarray(HEADER))
  return Buffer.concat([Buffer.from([UNREACHABLE, HOST_UNREACHABLE, 0, 0, 0, 0, 0, 0]), quoted])
}
const otherId = (message) => message.writeUInt16BE(message.readUInt16BE(4) ^ 1, 4)
const otherNumber = (message) => message.writeUInt16BE(message.readUInt16BE(6) + 1, 6)
const otherData = (message) => message.writeUInt8(message[message.length - 1] ^ 1, message.length - 1)

/** What is sent for a request, its packet with the IP header; `{ from }` an address that was not asked. */
const ways = {
  'no echo': () => [],
  'an echo of another id': (request) => [{ message: reply(request, otherId) }],
  'an echo of another number': (request) => [{ message: reply(request, otherNumber) }],
  'an echo of other data': (request) => [{ message: reply(request, otherData) }],
  'an echo that is cut': (request) => [{ message: reply(request).subarray(0, 40) }],
  'an echo of less than a header': () => [{ message: Buffer.alloc(4) }],
  'the request itself': (request) => [{ message: Buffer.from(request) }],
  'an echo with a wrong checksum': (request) => [{ message: reply(request), damaged: true }],
  'an echo from another address': (request) => [{ message: reply(request), from: own }],
  'a thousand wrong echoes': (request) => Array(1_000).fill({ message: reply(request, otherId) }),
  "an error about somebody else's request": (_, packet) => [{ message: unreachable(packet, otherId) }],
  "an error about somebody else's request, and the echo": (request, packet) => [
    { message: unreachable(packet, otherNumber) },
    { message: reply(request) },
  ],
  'an error about the request': (_, packet) => [{ message: unreachable(packet) }],
  'wrong echoes, and the right one twice': (request) => [
    { message: reply(request, otherId) },
    { message: reply(request, otherData) },
    { message: reply(request) },
    { message: reply(request) },
  ],
}

const [own, ...addresses] = process.argv.slice(2)
const byAddress = new Map(Object.values(ways).map((way, i) => [addresses[i], way]))
const addressAt = (packet, at) => [...packet.subarray(at, at + 4)].join('.')

const socket = raw.createSocket({ protocol: raw.Protocol.ICMP, bufferSize: 65_535 })
socket.on('error', (error) => process.stderr.write(`${error.message}\n`))
socket.setOption(raw.SocketLevel.IPPROTO_IP, raw.SocketOption.IP_HDRINCL, 1)

/** The kernel fills in length, id and checksum of the header. */
const send = (from, to, message, damaged) => {
  message.writeUInt16BE(0, 2)
  raw.writeChecksum(message, 2, raw.createChecksum(message))
  if (damaged) message.writeUInt16BE(message.readUInt16BE(2) ^ 1, 2)
  const header = Buffer.alloc(HEADER)
  header.writeUInt8(0x45)
  header.writeUInt8(64, 8)
  header.writeUInt8(1, 9)
  header.set(from.split('.').map(Number), 12)
  header.set(to.split('.').map(Number), 16)
  const packet = Buffer.concat([header, message])
  socket.send(packet, 0, packet.length, to, () => {})
}
socket.on('message', (packet) => {
  const [from, asked] = [addressAt(packet, 12), addressAt(packet, 16)]
  const request = packet.subarray(HEADER)
  const way = byAddress.get(asked)
  if (way === undefined || request[0] !== 8) return
  for (const { message, from: other, damaged } of way(request, packet)) send(other ?? asked, from, message, damaged)
})
process.stdout.write(
  `${JSON.stringify(Object.fromEntries(Object.keys(ways).map((name, i) => [name, addresses[i]])))}\n`,
)
createInterface({ input: process.stdin }).on('close', () => process.exit(0))
