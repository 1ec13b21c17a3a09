/**
 * What a stranger's advertisements cost, Holdfast beside Debian's keepalived: each alone as master while 12,500 a second of one
 * kind come in, in processor time of all its processes and in lines of log. `advertised`: how many of its own it sent of those
 * it should have.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { address, centiseconds, pseudoHeader } from '../src/base/index.ts'
import { encodeAdvertisementV3 } from '../src/wire/vrrp/index.ts'
import { advertisementBytes } from '../test/lab/library/advertisement.ts'
import { type Host, type Lab, openLab } from '../test/lab/library/index.ts'
import { repositoryRoot } from '../test/lab/library/root.ts'

const PER_SECOND = 12_500
const seconds = Number(argv[2] ?? 3)
const only = argv[3]
type Mode = 'password' | 'open' | 'signed' | 'unicast' | 'IPv6'
/** From whom to whom, and about which address. */
type Ends = { readonly stranger: string; readonly to: string; readonly virtual: string }
const self = '192.0.2.11'
const peer = '192.0.2.12'
const overIpv4: Ends = { stranger: '192.0.2.66', to: '224.0.0.18', virtual: '192.0.2.100' }
const overIpv6: Ends = { stranger: 'fe80::66', to: 'ff02::12', virtual: '2001:db8::100' }
const endsOf = (mode: Mode): Ends =>
  mode === 'IPv6' ? overIpv6 : mode === 'unicast' ? { ...overIpv4, to: self } : overIpv4

const instance = (mode: Mode): string => `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  version ${mode === 'password' ? 2 : 3}
  priority 100
  advert_int 1
  ${mode === 'password' ? 'authentication {\n    auth_type PASS\n    auth_pass right\n  }' : ''}
  ${mode === 'unicast' ? `unicast_peer {\n    ${peer}\n  }\n  check_unicast_src` : ''}
  ${mode === 'signed' ? `auth_hmac {\n    key 1 hex:${'a1'.repeat(32)}\n    active_key 1\n  }` : ''}
  virtual_ipaddress {
    ${endsOf(mode).virtual}/${mode === 'IPv6' ? 64 : 24}
  }
}
`

const v2 = (more: { virtualRouterId?: number; password?: string } = {}): Uint8Array =>
  advertisementBytes({ virtualRouterId: 51, priority: 200, addresses: [overIpv4.virtual], password: 'wrong', ...more })
const v3 = (priority: number, { stranger, to, virtual }: Ends = overIpv4): Uint8Array => {
  const size = to.includes(':') ? 16 : 4
  return encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId: 51,
      priority,
      reserved: 0,
      interval: centiseconds(100),
      addresses: [address(virtual)],
      checksum: 'with-pseudo-header',
    },
    size,
    pseudoHeader(address(stranger), address(to), 112, 8 + size),
  )
}
const altered = (bytes: Uint8Array, at: number, value: number): Uint8Array => bytes.with(at, value)
/** A trailer whose time is now, so that only its HMAC is wrong. */
const signed = (): Uint8Array => {
  const trailer = new Uint8Array(28).fill(7)
  trailer.set([1, 1, 0, 0])
  new DataView(trailer.buffer).setUint32(4, Math.floor(Date.now() / 1000) + 2)
  return Uint8Array.from([...v3(200), ...trailer])
}

type Kind = { readonly name: string; readonly mode: Mode; readonly bytes: () => Uint8Array; readonly hops?: number }
const kinds: readonly Kind[] = [
  { name: 'another id', mode: 'password', bytes: () => v2({ virtualRouterId: 99 }) },
  { name: 'wrong password', mode: 'password', bytes: () => v2() },
  { name: 'TTL 64', mode: 'password', bytes: () => v2(), hops: 64 },
  { name: 'other version', mode: 'password', bytes: () => altered(v2(), 0, 0x41) },
  { name: 'cut off', mode: 'password', bytes: () => v2().subarray(0, 12) },
  { name: 'wrong checksum', mode: 'open', bytes: () => altered(v3(200), 6, 1) },
  { name: 'wrong HMAC', mode: 'signed', bytes: signed },
  { name: 'weaker', mode: 'open', bytes: () => v3(1) },
  { name: 'resigning', mode: 'open', bytes: () => v3(0) },
  { name: 'stronger', mode: 'open', bytes: () => v3(200) },
  { name: 'no peer', mode: 'unicast', bytes: () => v3(200, endsOf('unicast')) },
  { name: 'IPv6: id', mode: 'IPv6', bytes: () => altered(v3(200, overIpv6), 1, 99) },
  { name: 'IPv6: checksum', mode: 'IPv6', bytes: () => altered(v3(200, overIpv6), 6, 1) },
  { name: 'IPv6: hop limit', mode: 'IPv6', bytes: () => v3(200, overIpv6), hops: 64 },
  { name: 'IPv6: weaker', mode: 'IPv6', bytes: () => v3(1, overIpv6) },
]

/** Nanoseconds that these have run. */
const cpu = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      return sum
    }
  }, 0)

type Daemon = { readonly pids: () => readonly number[]; readonly lines: () => number }

async function start(name: string, host: Host, configuration: string): Promise<Daemon> {
  if (name === 'keepalived') {
    const daemon = await host.keepalived(configuration)
    return { pids: () => daemon.pids(), lines: () => daemon.process.lines.length }
  }
  const daemon = await host.holdfastd(configuration)
  return { pids: () => daemon.pids(), lines: () => host.processes.reduce((sum, one) => sum + one.lines.length, 0) }
}

async function measure(lab: Lab, name: string, kind: Kind): Promise<readonly string[]> {
  const lan = lab.segment()
  const { stranger, to, virtual } = endsOf(kind.mode)
  const on = (n: string) => ({ eth0: { segment: lan, addresses: [`${n}/${n.includes(':') ? 64 : 24}`] } })
  const [host, other, witness] = [
    lab.host('host', on(self)),
    lab.host('other', on(stranger)),
    lab.host('wit', on('192.0.2.3')),
  ]
  const daemon = await start(name, host, instance(kind.mode))
  await host.holds(virtual)
  const protocol = kind.mode === 'IPv6' ? 'ip6' : 'ip'
  const wire = await witness.capture(`${protocol} proto 112 and not src host ${stranger}`)
  const flood = other.spawn('flood', [
    process.execPath,
    join(repositoryRoot, 'test/scenario/flood.mjs'),
    ...['eth0', stranger, to, Buffer.from(kind.bytes()).toString('hex'), String(PER_SECOND), String(seconds + 1)],
    String(kind.hops ?? 255),
  ])
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  await wait(500)
  const [before, lines, frames, began] = [cpu(daemon.pids()), daemon.lines(), wire.frames.length, performance.now()]
  await wait(seconds * 1000)
  const took = (performance.now() - began) / 1000
  const used = (cpu(daemon.pids()) - before) / 1e9 / took
  const said = daemon.lines() - lines
  const sent = wire.frames.length - frames
  const { text } = await flood.line(/^sent \d+/)
  const rate = Number(/\d+/.exec(text)?.[0]) / (seconds + 1)
  return [`${(used * 100).toFixed(1)} %`, String(said), String(sent), rate.toFixed(0)]
}

process.stdout.write(
  `${PER_SECOND} advertisements a second of one kind for ${seconds} s; load of one processor, lines of log, own advertisements sent\n`,
)
const columns = ['', 'Holdfast', 'lines', 'sent', 'keepalived', 'lines', 'sent', 'per s']
const line = ([first = '', ...rest]: readonly string[]): void =>
  void process.stdout.write(`${first.padEnd(16)}${rest.map((one) => one.padStart(11)).join('')}\n`)
line(columns)
for (const kind of kinds) {
  if (only !== undefined && !kind.name.includes(only)) continue
  const row: string[] = [kind.name]
  let rate = ''
  for (const name of ['holdfast', 'keepalived']) {
    // keepalived of 2.2 has no auth_hmac.
    if (name === 'keepalived' && kind.mode === 'signed') {
      row.push('–', '–', '–')
      continue
    }
    const lab = openLab()
    try {
      const [used = '', said = '', sent = '', per = ''] = await measure(lab, name, kind)
      row.push(used, said, sent)
      rate = per
    } catch (error) {
      process.stderr.write(`${lab.logs()}\n`)
      throw error
    } finally {
      lab.close()
    }
  }
  line([...row, rate])
}
process.exit(0)
