/**
 * The whole way of a packet through a director, from the client's interface to the server's: plain forwarding, nftables DNAT,
 * the kernel's IPVS and the embedded core, the same frames. For the guest, where an instruction is a nanosecond:
 *
 *   KVM_ICOUNT=1 scripts/kernel-vm node build/tools/bench/paths.js          table
 *   KVM_ICOUNT=1 scripts/kernel-vm node build/tools/bench/paths.js --json   one line of JSON
 *
 * Client, director and server are namespaces joined by veth. All neighbours are known, the server's under a link-level
 * address that is not its own, so that its kernel throws frames away as soon as it has seen them.
 */

import { execFileSync } from 'node:child_process'
import { openSync, rmSync } from 'node:fs'
import { argv, pid, stdout } from 'node:process'
import { address, silentLog } from '../src/base/index.ts'
import { openEbpfBackend } from '../src/forwarding/ebpf/index.ts'
import type { Service } from '../src/forwarding/index.ts'
import { type ForwardingMethod, serviceKey } from '../src/model/index.ts'
import { enterNetworkNamespace } from '../src/sys/privileges/index.ts'
import { frame, SYN, TCP, UDP } from '../test/bpf/frames.ts'

const VIP = '192.0.2.240'
const CLIENT = '192.0.2.100'
const SERVER = '198.51.100.11'
const FRAMES = 5000
const [client, director, server] = ['c', 'd', 's'].map((name) => `hfpaths-${pid}-${name}`) as [string, string, string]
const pins = `/sys/fs/bpf/hfpaths-${pid}`
const home = openSync('/proc/thread-self/ns/net', 'r')

/**
 * No time-out here: a clock that counts instructions leaps ahead while the guest waits for a file. The guest itself is ended
 * by KVM_TIMEOUT.
 */
const run = (command: string, input?: Uint8Array): string =>
  execFileSync('sh', ['-c', command], { encoding: 'utf8', ...(input && { input }) })
const inside = (namespace: string, command: string, input?: Uint8Array): string =>
  run(`ip netns exec ${namespace} ${command}`, input)
function enter(which: string): void {
  const entered = enterNetworkNamespace(which)
  if (!entered.ok) throw new Error(entered.error.message)
}

function build(): void {
  for (const name of [client, director, server]) run(`ip netns add ${name} && ip -n ${name} link set lo up`)
  run(`ip link add c0 netns ${client} type veth peer name d0 netns ${director}`)
  run(`ip link add d1 netns ${director} type veth peer name s0 netns ${server}`)
  for (const [name, device, net] of [
    [client, 'c0', '192.0.2.100/24'],
    [director, 'd0', '192.0.2.1/24'],
    [director, 'd1', '198.51.100.1/24'],
    [server, 's0', '198.51.100.11/24'],
  ] as const)
    run(`ip -n ${name} addr add ${net} dev ${device} && ip -n ${name} link set ${device} up`)
  run(`ip -n ${director} addr add ${VIP}/32 dev d0`)
  run(`ip -n ${director} neigh add ${SERVER} lladdr 02:00:00:00:00:77 dev d1 nud permanent`)
  run(`ip -n ${director} neigh add ${CLIENT} lladdr 02:00:00:00:00:78 dev d0 nud permanent`)
  inside(director, 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.d0.rp_filter=0')
}

const macOf = (namespace: string, device: string): Uint8Array =>
  Uint8Array.from(
    inside(namespace, `cat /sys/class/net/${device}/address`)
      .trim()
      .split(':')
      .map((part) => Number.parseInt(part, 16)),
  )

/** Nanoseconds a frame: of one flow, and of a flow each. */
function measure(target: string): Figures {
  const mac = macOf(director, 'd0')
  const plan = { source: CLIENT, target, sourcePort: 1000, targetPort: 80 }
  const udp = frame({ ...plan, protocol: UDP, payload: new Uint8Array(18) })
  const syn = frame({ ...plan, protocol: TCP, flags: SYN })
  for (const bytes of [udp, syn]) bytes.set(mac, 0)
  const blast = (bytes: Uint8Array, count: number, kind: string) =>
    Number(inside(client, `build/tools/blast c0 ${count} ${kind}`, bytes))
  blast(udp, 50, 'same')
  return { established: blast(udp, FRAMES, 'same'), first: blast(syn, FRAMES, 'new') }
}

const SERVICES: readonly Service[] = (['tcp', 'udp'] as const).map((protocol) => ({
  address: { kind: 'address', protocol, address: address(VIP), port: 80 },
  scheduler: 'rr',
  onePacket: false,
}))

async function core(method: ForwardingMethod, lane: boolean): Promise<Figures> {
  enter(`/run/netns/${director}`)
  const opened = await openEbpfBackend({
    pinDirectory: pins,
    log: silentLog,
    connectionTableSize: 65_536,
    ...(lane && { fastLane: ['d0', 'd1'] }),
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const backend = opened.value
  try {
    const results = await backend.apply(
      SERVICES.flatMap((service) => [
        {
          type: 'put-service' as const,
          service: { ...service, ...(method === 'fullnat' && { localAddresses: [address('198.51.100.1')] }) },
        },
        {
          type: 'put-destination' as const,
          serviceKey: serviceKey(service.address),
          destination: { address: address(SERVER), port: 80, weight: 1, method, upperThreshold: 0, lowerThreshold: 0 },
        },
      ]),
    )
    const refused = results.find((result) => !result.ok)
    if (refused !== undefined && !refused.ok) throw new Error(refused.error.message)
    const before = (await backend.exits())['forwarded'] ?? 0
    const figures = measure(VIP)
    const seen = ((await backend.exits())['forwarded'] ?? 0) - before
    if (seen < 2 * FRAMES) throw new Error(`only ${seen} packets were forwarded`)
    return figures
  } finally {
    await backend.close('nothing')
    enter(`/proc/self/fd/${home}`)
  }
}

function ipvs(letter: 'g' | 'm' | 'i'): Figures {
  inside(director, 'ipvsadm -C')
  for (const kind of ['t', 'u']) {
    inside(director, `ipvsadm -A -${kind} ${VIP}:80 -s rr`)
    inside(director, `ipvsadm -a -${kind} ${VIP}:80 -r ${SERVER}:80 -${letter}`)
  }
  const figures = measure(VIP)
  const entries = Number(inside(director, 'ipvsadm -Lnc').trim().split('\n').length) - 2
  if (entries < FRAMES) throw new Error(`IPVS has only ${entries} connections`)
  inside(director, 'ipvsadm -C')
  return figures
}

function dnat(): Figures {
  const rule = `ip daddr ${VIP} dnat to ${SERVER}`
  const chain = `chain in {\n type nat hook prerouting priority -100\n ${rule}\n }`
  inside(director, 'nft -f -', Buffer.from(`table ip nat {\n ${chain}\n}\n`))
  return measure(VIP)
}

type Figures = { readonly established: number; readonly first: number }
/** On a director that has seen nothing before: IPVS keeps connections when its services go. */
const ways: readonly (readonly [name: string, measure: () => Figures | Promise<Figures>])[] = [
  ['forwarding', () => measure(SERVER)],
  ['nft DNAT', dnat],
  ['IPVS DR', () => ipvs('g')],
  ['IPVS NAT', () => ipvs('m')],
  ['tc DR', () => core('dr', false)],
  ['tc NAT', () => core('nat', false)],
  ['tc TUN', () => core('tun', false)],
  ['tc FULLNAT', () => core('fullnat', false)],
  ['XDP DR', () => core('dr', true)],
  ['XDP NAT', () => core('nat', true)],
]

const all: Record<string, Figures> = {}
for (const [name, measureWay] of ways) {
  try {
    build()
    // The program in the driver needs a peer that polls.
    if (name.startsWith('XDP'))
      for (const [namespace, device] of [
        [client, 'c0'],
        [director, 'd0'],
        [director, 'd1'],
        [server, 's0'],
      ] as const)
        inside(namespace, `ethtool -K ${device} gro on`)
    all[name] = await measureWay()
  } finally {
    for (const namespace of [client, director, server]) run(`ip netns delete ${namespace} 2> /dev/null || true`)
    rmSync(pins, { recursive: true, force: true })
  }
}
if (argv.includes('--json')) stdout.write(`${JSON.stringify(all)}\n`)
else {
  stdout.write(`${'way'.padEnd(14)}${'established'.padStart(12)}${'first'.padStart(10)}${'of IPVS'.padStart(10)}\n`)
  for (const [name, { established, first }] of Object.entries(all)) {
    const peer = all[name.endsWith('NAT') ? 'IPVS NAT' : 'IPVS DR'] as Figures
    const ratio = (established / peer.established).toFixed(2)
    stdout.write(
      `${name.padEnd(14)}${String(established).padStart(12)}${String(first).padStart(10)}${ratio.padStart(10)}\n`,
    )
  }
}
