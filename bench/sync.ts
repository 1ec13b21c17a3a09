/**
 * New connections at a steady rate through a master, and when its backup has them: two daemons in namespaces on this machine,
 * each connection three packets of the client (SYN, and two ACK, at the second of which others are told). The frames begin as a
 * network card has them, and the server's end throws them away, so that what is measured is the directors. There is no peer
 * beside it: this kernel has no IPVS, and in the guest everything is emulated.
 *
 *   node build/tools/bench/sync.js [PER_SECOND [SECONDS [METHOD …]]]      50000 10 DR NAT FNAT TUN
 */
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process, { argv } from 'node:process'
import { readExits } from '../src/forwarding/ebpf/counters.ts'
import { attachDriver, openPinnedMap } from '../src/sys/bpf/index.ts'
import { enterNetworkNamespace } from '../src/sys/privileges/index.ts'
import { frame, SYN } from '../test/bpf/frames.ts'
import { type Holdfastd, type Host, type Lab, millis, nowMillis, openLab, until } from '../test/lab/library/index.ts'
import { discard, indexOf, send } from './generator.ts'

const perSecond = Number(argv[2] ?? 50_000)
const seconds = Number(argv[3] ?? 10)
const methods = argv.length > 4 ? argv.slice(4) : ['DR', 'NAT', 'FNAT', 'TUN']

const VIP = '192.0.2.100'
const SERVER = '198.51.100.11'
const PACKETS = 3
/** Connections of a source address; above the ports that systems keep for themselves. */
const PORTS = { first: 1024, count: 60_000 }
/** Milliseconds between two bursts. */
const BURST = 10
/** Milliseconds between two looks. */
const LOOK = 50
/** Of what was opened, this share counts as there. */
const NEARLY_ALL = 0.999
const configuration = (method: string, priority: number): string => `global_defs {
  lvs_sync_daemon eth0 VI_1
}
lvs_settings {
  connection_table_size ${2 ** Math.ceil(Math.log2(2.5 * perSecond * seconds))}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  version 3
  priority ${priority}
  advert_int 1
  virtual_ipaddress {
    ${VIP}/24
  }
}
${method === 'FNAT' ? 'local_address_group bench {\n  198.51.100.1-250\n}\n' : ''}virtual_server ${VIP} 80 {
  lb_algo rr
  lb_kind ${method}
  protocol TCP
  ${method === 'FNAT' ? 'laddr_group_name bench' : ''}
  real_server ${SERVER} 80 {
    weight 1
  }
}
`

const home = openSync('/proc/thread-self/ns/net', 'r')

/** Nobody: back to where this process began. */
function enter(host?: Host): void {
  const entered = enterNetworkNamespace(host === undefined ? `/proc/self/fd/${home}` : `/run/netns/${host.namespace}`)
  if (!entered.ok) throw new Error(entered.error.message)
}

/** A cable without a switch, between an interface of each. */
function connect(one: Host, device: string, other: Host, otherDevice: string): void {
  one.ip('link', 'add', device, 'type', 'veth', 'peer', 'name', otherDevice, 'netns', other.namespace)
  one.ip('link', 'set', device, 'up')
  other.ip('link', 'set', otherDevice, 'up')
}

/** Opens connections by an interface, of the client in whose namespace this process is. @param mac  of the master there */
function opener(device: string, mac: Uint8Array) {
  const interfaceIndex = indexOf(device)
  let opened = 0
  function open(source: number, port: number, count: number): void {
    const bytes = frame({
      source: `198.18.${source >> 8}.${(source & 255) + 1}`,
      target: VIP,
      sourcePort: port,
      targetPort: 80,
      flags: SYN,
    })
    bytes.set(mac, 0)
    send(interfaceIndex, { bytes, count: count * PACKETS, port, each: PACKETS })
    opened += count
  }
  return {
    opened: () => opened,
    /** Until there have been so many. */
    upTo(total: number): void {
      while (opened < total) {
        const used = opened % PORTS.count
        open(Math.floor(opened / PORTS.count), PORTS.first + used, Math.min(total - opened, PORTS.count - used))
      }
    },
  }
}

function exitsOf(daemon: Holdfastd): () => Readonly<Record<string, number>> {
  const map = openPinnedMap(join(daemon.pinDirectory, 'exits'))
  if (!map.ok || map.value === undefined) throw new Error('no counters of exits')
  const exits = map.value
  return () => readExits({ maps: { exits } })
}

/** Nanoseconds that the threads of a process have run. */
const cpuOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    0,
  )

async function forwardingOf(daemon: Holdfastd): Promise<number> {
  const pid = await daemon.pidOf('forwarding')
  if (pid === undefined) throw new Error('no forwarding role')
  return pid
}

type Look = { readonly at: number; readonly opened: number; readonly taken: number }

/** Milliseconds after which nearly all of what had been opened was there, at the latest; Infinity: never. */
function slowest(looks: readonly Look[]): number {
  return Math.max(
    ...looks.map(({ at, opened }) => {
      const there = looks.find((later) => later.at >= at && later.taken >= NEARLY_ALL * opened)
      return there === undefined ? Number.POSITIVE_INFINITY : there.at - at
    }),
  )
}

const row = (name: string, value: string | number, wanted = ''): void =>
  void process.stdout.write(`${name.padEnd(58)}${String(value).padStart(12)}  ${wanted}\n`)

async function measure(lab: Lab, method: string): Promise<void> {
  const lan = lab.segment()
  const strong = lab.host('strong', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const weak = lab.host('weak', { eth0: { segment: lan, addresses: ['192.0.2.12/24'] } })
  const client = lab.host('client', {})
  const server = lab.host('server', {})
  connect(strong, 'clients', client, 'out')
  connect(strong, 'servers', server, 'in')
  strong.ip('addr', 'add', '198.51.100.1/24', 'dev', 'servers')
  strong.ip('neigh', 'add', SERVER, 'lladdr', server.mac('in'), 'dev', 'servers', 'nud', 'permanent')
  // Without it a veth has no queue for frames that are no skb.
  await strong.exec('ethtool', '-K', 'clients', 'gro', 'on')

  const [first, second] = await Promise.all([
    strong.holdfastd(configuration(method, 200)),
    weak.holdfastd(configuration(method, 100)),
  ])
  await strong.holds(VIP)
  const isBackup = ({ role }: { readonly role: string }) => role === 'backup'
  await second.shows('it listens', ({ forwarding }) => forwarding?.sync?.daemons.some(isBackup) === true)
  const pids = [await forwardingOf(first), await forwardingOf(second)] as const
  const [told, taken] = [exitsOf(first), exitsOf(second)]

  enter(server)
  const held = attachDriver(discard, indexOf('in'), join(first.pinDirectory, 'discard'))
  if (!held.ok) throw new Error(held.error.message)
  enter(client)
  const mac = Uint8Array.from(strong.mac('clients').split(':'), (part) => Number.parseInt(part, 16))
  const { upTo, opened } = opener('out', mac)

  const before = pids.map(cpuOf)
  const began = nowMillis()
  const looks: Look[] = []
  const look = () => {
    const at = nowMillis() - began
    looks.push({ at, opened: opened(), taken: taken()['news-taken'] ?? 0 })
  }
  for (let nextLook = 0; nowMillis() - began < seconds * 1000; await millis(BURST)) {
    upTo(Math.min(perSecond * seconds, Math.floor(((nowMillis() - began) / 1000) * perSecond)))
    if (nowMillis() - began < nextLook) continue
    look()
    nextLook = nowMillis() - began + LOOK
  }
  upTo(perSecond * seconds)
  look()
  const took = (nowMillis() - began) / 1000
  const busy = pids.map((pid, i) => (cpuOf(pid) - (before[i] ?? 0)) / 1e9 / took)
  await until('the backup has them', () => {
    look()
    return (looks.at(-1)?.taken ?? 0) >= opened()
  }).catch(() => undefined)

  const there = looks.at(-1)?.taken ?? 0
  const { forwarding } = await first.status()
  const counters = forwarding?.sync?.counters
  const theirs = (await second.status()).forwarding?.sync?.counters
  row(`connections opened (${method}), each with ${PACKETS} packets`, opened())
  row('  a second', Math.round(opened() / took), `wanted ${perSecond}`)
  row('told by the master', told()['news-told'] ?? 0)
  row('  lost by its ring', told()['news-lost'] ?? 0, 'wanted 0')
  row('  messages that did not go out', counters?.['send-failed'] ?? 0, 'wanted 0')
  row('there at the backup', there, `${((100 * there) / opened()).toFixed(3)} %`)
  row('  refused or not to be read', (theirs?.['connections-refused'] ?? 0) + (theirs?.['connections-invalid'] ?? 0))
  row(
    `  ${NEARLY_ALL * 100} % of what was opened are there after, ms, at most`,
    Math.round(slowest(looks)),
    'wanted 1000',
  )
  row(
    'forwarding role of the master, of a processor',
    `${((busy[0] ?? 0) * 100).toFixed(1)} %`,
    'wanted less than 100 %',
  )
  row(
    'forwarding role of the backup, of a processor',
    `${((busy[1] ?? 0) * 100).toFixed(1)} %`,
    'wanted less than 100 %',
  )
}

for (const method of methods) {
  const lab = openLab()
  try {
    await measure(lab, method)
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`)
    throw error
  } finally {
    enter()
    lab.close()
  }
}
process.exit(0)
