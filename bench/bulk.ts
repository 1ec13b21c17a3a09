/**
 * How long a director that joins takes to have all connections of the master: two whole daemons in network namespaces, the first
 * filled by messages of connection synchronisation, the second started then. Beside it what the two spend on it in CPU time, and
 * the same for a plain TCP stream of as many bytes on this machine, which is the least that it could take.
 *
 * bench/bulk.ts [CONNECTIONS]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process, { argv } from 'node:process'
import { SyncWriter } from '../src/wire/ipvs-sync/index.ts'
import { type Holdfastd, openLab, until } from '../test/lab/library/index.ts'

const COUNT = Number(argv[2] ?? 1_000_000)
const ADDRESS = '192.0.2.100'
/** Bytes of a connection on the way. */
const ENTRY = 36
/** USER_HZ. */
const TICKS = 100

const configuration = (priority: number): string => `global_defs {
  lvs_sync_daemon eth0
}
lvs_settings {
  connection_table_size ${Math.ceil(COUNT * 1.5)}
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  version 3
  priority ${priority}
  advert_int 0.2
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
virtual_server ${ADDRESS} 80 {
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server 192.0.2.21 80 {
    weight 1
  }
}
`

/** Messages that tell of so many connections, one after the other as a sender writes them into a file: length (4), bytes. */
function messages(): Uint8Array {
  const writer = new SyncWriter(1, 0, 9_216, true)
  const parts: Uint8Array[] = []
  const take = () => {
    const message = writer.take()
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, message.length)
    parts.push(length, message)
  }
  for (let i = 0; i < COUNT; i++) {
    const connection = {
      protocol: 6,
      flags: 3,
      state: 1,
      client: Uint8Array.of(10, (i >> 24) & 0xff, (i >> 16) & 0xff, (i >> 8) & 0xff),
      clientPort: 1024 + (i & 0xff),
      virtual: Uint8Array.of(192, 0, 2, 100),
      virtualPort: 80,
      destination: Uint8Array.of(192, 0, 2, 21),
      destinationPort: 80,
      mark: 0,
      timeout: 900,
    }
    if (writer.add(connection)) continue
    take()
    writer.add(connection)
  }
  take()
  return Buffer.concat(parts)
}

/** Sends them to the group, one a millisecond at most. */
const sender = (file: string) => `
const bytes = require('node:fs').readFileSync('${file}')
const socket = require('node:dgram').createSocket('udp4')
socket.bind(async () => {
  socket.setMulticastInterface('192.0.2.201')
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    await new Promise((sent) => socket.send(bytes.subarray(at + 4, at + 4 + length), 8848, '224.0.0.81', sent))
    at += 4 + length
    await new Promise((go) => setTimeout(go, 1))
  }
  socket.close()
})`

/** Seconds of CPU time that the forwarding role of a daemon has used. */
async function spent(daemon: Holdfastd): Promise<number> {
  const { roles } = await daemon.status()
  const pid = roles.find(({ role }) => role === 'forwarding')?.pid
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Seconds for as many bytes between the same two hosts. */
const plain = (bytes: number) => `
const net = require('node:net')
const server = net.createServer((socket) => {
  let left = ${bytes}
  const chunk = Buffer.alloc(65536)
  const go = () => { while (left > 0) { left -= chunk.length; if (!socket.write(chunk)) return socket.once('drain', go) } socket.end() }
  go()
}).listen(9, () => {
  const began = process.hrtime.bigint()
  net.connect(9, '127.0.0.1').resume().on('close', () => { console.log(Number(process.hrtime.bigint() - began) / 1e9); server.close() })
})`

const lab = openLab()
try {
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [strong, weak, other] = [lab.host('strong', on(11)), lab.host('weak', on(12)), lab.host('other', on(201))]
  lab.host('server', on(21))
  const first = await weak.holdfastd(configuration(100))
  await weak.holds(ADDRESS)
  const file = other.file('messages', '')
  writeFileSync(file, messages())
  const held = async () => (await first.status()).forwarding?.connectionTable.connections ?? 0
  for (let round = 0; round < 5 && (await held()) < COUNT; round++)
    await other.exec(process.execPath, '-e', sender(file))
  const filled = await held()
  const before = await spent(first)
  const second = await strong.holdfastd(configuration(200))
  const { text } = await second.process.line(/all connections are here/, 120_000)
  const [tells, takes] = [(await spent(first)) - before, await spent(second)]
  await strong.holds(ADDRESS)
  const seconds = Number(/seconds=([\d.]+)/.exec(text)?.[1])
  const connections = Number(/connections=(\d+)/.exec(text)?.[1])
  await until(
    'it has them',
    async () => ((await second.status()).forwarding?.connectionTable.connections ?? 0) >= filled,
  )
  const least = Number((await other.exec(process.execPath, '-e', plain(COUNT * ENTRY))).stdout)
  process.stdout.write(
    `${connections} of ${filled} connections fetched in ${seconds} s (${Math.round(connections / seconds)} a second)\n` +
      `CPU time: ${tells.toFixed(2)} s to tell, ${takes.toFixed(2)} s to start and to take\n` +
      `as many bytes by a plain stream: ${least.toFixed(3)} s\n`,
  )
} finally {
  lab.close()
}
