/**
 * Runs in a host's namespace: prints each frame of an interface that the filter lets by as a JSON line
 * `{ at, hex }`, `at` in milliseconds of wall time from the kernel's time stamp. Arguments: interface, filter.
 */
import pcap from 'pcap'

const [device, filter] = process.argv.slice(2)
// With no buffer_timeout libpcap hands frames over in batches, half a second late.
const session = pcap.createSession(device, { filter, buffer_timeout: 0, buffer_size: 4 << 20 })
session.on('packet', ({ buf, header }) => {
  const at = header.readUInt32LE(0) * 1000 + header.readUInt32LE(4) / 1000
  const length = header.readUInt32LE(8)
  process.stdout.write(`${JSON.stringify({ at, hex: buf.subarray(0, length).toString('hex') })}\n`)
})
process.stdout.write('{"ready":true}\n')
// The lab ends with its stdin: no witness outlives it.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
