/**
 * A director with room for 32,768 connections, and ten times as many from as many addresses and ports: half-open ones,
 * which are evicted, and ones whose client has answered, which fill the table.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { internetChecksum } from '../../src/base/index.ts'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Host, type Lab, nowMillis, summary, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { directRouting, natted, type WebScene } from './scenes.ts'

const TABLE = 32_768
/** bench/blast changes the source this often before it repeats itself, and the address once every 16,384 times. */
const ROUND = 16_384
const ROUNDS = (10 * TABLE) / ROUND
/** Room for half-open connections. */
const EMBRYOS = 32_768
const MIB = 1 << 20
const DOWNLOAD = 14 * MIB
/** Milliseconds that the slowest machine may take to send a flood, and to download meanwhile; only what fails waits so long. */
const LONG = 240_000

type Scene = WebScene & { readonly daemon: Holdfastd; readonly sum: string; readonly role: number }

async function scene(lab: Lab, method: 'DR' | 'NAT'): Promise<Scene> {
  execFileSync('make', ['-s', 'build/tools/blast'], { cwd: repositoryRoot })
  const built = method === 'DR' ? directRouting(lab, { directors: 1, servers: 1 }) : natted(lab)
  const [server, director] = [built.servers[0]!, built.directors[0]!]
  const file = join(server.directory, 'bulk')
  const bytes = Buffer.alloc(
    DOWNLOAD,
    Uint8Array.from({ length: 8191 }, (_, i) => (i * i) >> 3),
  )
  writeFileSync(file, bytes)
  await server.nginx({ listen: ['80'], body: 'web1', locations: `location = /bulk { alias ${file}; }` })
  const at = method === 'DR' ? '192.0.2.21' : '10.0.0.21'
  const service = webService({ method, realServers: [`${at} 80`] })
  const settings = `lvs_settings {\n  connection_table_size ${TABLE}\n}\n`
  const daemon = await director.holdfastd(instance({ version: 3, priority: 100, advertInt: 0.1 }) + service + settings)
  await director.holds(VIRTUAL_ADDRESS)
  await daemon.shows('the server', ({ forwarding }) => forwarding?.services[0]?.destinations.length === 1)
  const role = await daemon.pidOf('forwarding')
  if (role === undefined) throw new Error('no forwarding role')
  return { ...built, daemon, sum: createHash('sha256').update(bytes).digest('hex'), role }
}

/** A TCP packet without data as an Ethernet frame to the director; blast puts in the last two bytes of the source, and the port. */
function frame(scene: Scene, round: number, flags: number): Buffer {
  const bytes = Buffer.alloc(54)
  bytes.write(scene.directors[0]!.mac().replaceAll(':', ''), 0, 'hex')
  bytes.write('020000000001', 6, 'hex')
  bytes.writeUInt16BE(0x0800, 12)
  bytes.set([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6], 14)
  bytes.set([100, 64 + round, 0, 0], 26)
  bytes.set(VIRTUAL_ADDRESS.split('.').map(Number), 30)
  bytes.writeUInt16BE(1024, 34)
  bytes.writeUInt16BE(80, 36)
  bytes.writeUInt32BE(1000 + (flags & 0x10 ? 1 : 0), 38)
  bytes.set([0x50, flags, 0x04, 0], 46)
  bytes.writeUInt16BE(internetChecksum(bytes.subarray(14, 34)), 24)
  const pseudo = Buffer.concat([bytes.subarray(26, 34), Buffer.from([0, 6, 0, 20])])
  bytes.writeUInt16BE(internetChecksum(pseudo, bytes.subarray(34)), 50)
  return bytes
}

/** Sends this packet from so many sources. */
async function blast(scene: Scene, round: number, flags: number, count: number): Promise<void> {
  const file = join(scene.client.directory, `frame-${flags}-${round}`)
  writeFileSync(file, frame(scene, round, flags))
  const program = join(repositoryRoot, 'build/tools/blast')
  const sender = scene.client.spawn('blast', ['sh', '-c', `exec ${program} eth0 ${count} new < ${file}`])
  if ((await sender.end(LONG)) !== 0) throw new Error(`blast ended with ${sender.ended}: ${sender.output}`)
}

/** Kernel memory of every BPF map that the process holds, and its own resident memory, in bytes. */
function memoryOf(pid: number): { readonly maps: number; readonly resident: number } {
  const maps = new Map<string, number>()
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    const text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')
    const [, bytes] = /^memlock:\s+(\d+)/m.exec(text) ?? []
    const [, id] = /^map_id:\s+(\d+)/m.exec(text) ?? []
    if (bytes !== undefined && id !== undefined) maps.set(id, Number(bytes))
  }
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return { maps: [...maps.values()].reduce((a, b) => a + b, 0), resident: Number(kib) * 1024 }
}

const held = ({ forwarding }: DaemonSnapshot): number => forwarding?.connectionTable.connections ?? Infinity
const evicted = ({ forwarding }: DaemonSnapshot): number => forwarding?.exits['evicted'] ?? 0

/** A download that takes longer than a flood does: 2 MiB a second. */
function download({ client, sum }: Scene) {
  const file = join(client.directory, 'download')
  const slow = ['--limit-rate', '2M', '-o', file]
  const curl = client.spawn('curl', ['curl', '-sS', ...slow, `http://${VIRTUAL_ADDRESS}/bulk`])
  const bytes = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    bytes,
    async arrives(): Promise<void> {
      expect({ status: await curl.end(LONG), output: curl.output }).toEqual({ status: 0, output: '' })
      expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(sum)
    },
  }
}

const load = (host: Host, sources: readonly string[]) =>
  host.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 50, timeout: 20_000 })

/**
 * A flood while a download runs, clients come every 50 ms and the daemon is asked for its status. Afterwards: the download
 * went on during it, its bytes are right, the daemon answered during it, and memory is what it was.
 */
async function survives(scene: Scene, flood: () => Promise<void>): Promise<void> {
  const { client, sources, daemon, role } = scene
  const stream = download(scene)
  const clients = await load(client, sources.slice(1))
  await until('the download has begun', () => stream.bytes() > MIB)
  await until('clients are served', () => summary(clients.requests).answered > 5)
  const before = memoryOf(role)
  expect(before.maps).toBeGreaterThan(TABLE * 56)
  const carried = stream.bytes()

  let flooding = true
  let asked = 0
  const asking = (async () => {
    while (flooding) {
      const { status } = await daemon.holdfast('status', '--json')
      expect(status).toBe(0)
      if (flooding) asked++
    }
  })()
  try {
    const begun = nowMillis()
    do await flood()
    while (stream.bytes() < carried + 2 * MIB && nowMillis() < begun + LONG)
  } finally {
    flooding = false
  }
  expect(stream.bytes()).toBeGreaterThan(carried + 2 * MIB)
  await asking
  const after = memoryOf(role)
  expect(asked).toBeGreaterThan(0)
  expect(after.maps).toBe(before.maps)
  expect(after.resident - before.resident).toBeLessThan(64 * MIB)

  const over = nowMillis()
  await until('clients are served after it', () => summary(clients.between(over)).answered > 5)
  await clients.stop()
  expect(summary(clients.between(over)).failed).toBe(0)
  await stream.arrives()
  expect(await daemon.pidOf('forwarding')).toBe(role)
}

describe.each(['DR', 'NAT'] as const)('%s', (method) => {
  lab(
    'a SYN flood of 10 times the table: established connections flow, clients come in, memory stays, the daemon answers',
    async (lab) => {
      const built = await scene(lab, method)
      await survives(built, async () => {
        await blast(built, 0, 0x02, 10 * TABLE)
      })
      const { forwarding } = await built.daemon.status()
      expect(forwarding?.connectionTable.size).toBe(TABLE)
      expect(forwarding?.exits['table-full']).toBe(0)
      expect(forwarding?.services[0]?.connections).toBeGreaterThan(9 * TABLE)
      await built.daemon.shows(
        'what was evicted, and counts what is held',
        (status) => evicted(status) > 8 * TABLE && held(status) <= EMBRYOS + TABLE,
      )
    },
    3 * LONG,
  )
})

lab(
  'NAT, ten times the table of completed handshakes: the table is full and says so, the established flow, clients come in',
  async (lab) => {
    const built = await scene(lab, 'NAT')
    await survives(built, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await blast(built, round, 0x02, ROUND)
        await blast(built, round, 0x10, ROUND)
      }
    })
    const { forwarding } = await built.daemon.status()
    expect(forwarding?.exits['promotion-failed']).toBeGreaterThan(0)
    await built.daemon.shows('no more than there is room for', (status) => held(status) <= EMBRYOS + TABLE)
  },
  3 * LONG,
)
