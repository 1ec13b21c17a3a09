/**
 * The whole way of a packet through a director, from the client's interface to the server's: plain forwarding, nftables DNAT,
 * the kernel's IPVS and the embedded core, the same frames. They begin as a network card has them, before there is an skb,
 * which at tc ingress and beyond is most of the way. For the guest, where an instruction is a nanosecond:
 *
 *   KVM_ICOUNT=1 scripts/kernel-vm node build/tools/bench/paths.js          table
 *   KVM_ICOUNT=1 scripts/kernel-vm node build/tools/bench/paths.js --json   one line of JSON
 *
 * Client, director and server are namespaces joined by veth. All neighbours are known, the server's under a link-level
 * address that is not its own, so that its kernel throws frames away as soon as it has seen them; those that come without an
 * skb are thrown away by a program in its driver.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, openSync, rmSync } from 'node:fs'
import process, { argv, pid, stdout } from 'node:process'
import { address, silentLog } from '../src/base/index.ts'
import { openEbpfBackend } from '../src/forwarding/ebpf/index.ts'
import type { Service } from '../src/forwarding/index.ts'
import { type ForwardingMethod, serviceKey } from '../src/model/index.ts'
import { attachDriver } from '../src/sys/bpf/index.ts'
import { enterNetworkNamespace } from '../src/sys/privileges/index.ts'
import { frame, SYN, TCP, UDP } from '../test/bpf/frames.ts'
import { discard, indexOf, send } from './generator.ts'

const VIP = '192.0.2.240'
const CLIENT = '192.0.2.100'
const SERVER = '198.51.100.11'
/** Where an instruction is a nanosecond, fewer will do. */
const inGuest = process.env['HOLDFAST_GUEST'] !== undefined
const FRAMES = inGuest ? 5000 : 20_000
const OPENED = inGuest ? 2500 : 20_000
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

/** How many frames have arrived at the server's interface. */
function arrived(): number {
  const [link] = JSON.parse(run(`ip -n ${server} -s -j link show dev s0`)) as { stats64: { rx: { packets: number } } }[]
  return link?.stats64.rx.packets ?? 0
}

/** What the sender and its veth take of each figure: the director's driver throws the frames away. */
function sending(): Figures {
  enter(`/run/netns/${director}`)
  const held = attachDriver(discard, indexOf('d0'), `/sys/fs/bpf/hfpaths-${pid}-sending`)
  if (!held.ok) throw new Error(held.error.message)
  enter(`/run/netns/${client}`)
  const plan = { source: CLIENT, target: VIP, sourcePort: 1000, targetPort: 80 }
  const [udp, syn] = [frame({ ...plan, protocol: UDP, payload: new Uint8Array(18) }), frame({ ...plan, flags: SYN })]
  return figuresOf(udp, syn)
}

function figuresOf(udp: Uint8Array, syn: Uint8Array, opens = true): Figures {
  const from = indexOf('c0')
  send(from, { bytes: udp, count: 64 })
  const figures = {
    established: send(from, { bytes: udp, count: FRAMES }),
    first: send(from, { bytes: syn, count: FRAMES, port: 1024 }),
  }
  return opens
    ? { ...figures, opened: 2 * send(from, { bytes: syn, count: 2 * OPENED, port: 30_000, each: 2 }) }
    : figures
}

/** Frames that did not arrive, which the figures then take for forwarded. */
let lost = 0

/** Sends it all and sees to it that nearly all arrives. */
function measure(target: string, opens = true): Figures {
  const mac = macOf(director, 'd0')
  const plan = { source: CLIENT, target, sourcePort: 1000, targetPort: 80 }
  const udp = frame({ ...plan, protocol: UDP, payload: new Uint8Array(18) })
  const syn = frame({ ...plan, protocol: TCP, flags: SYN })
  for (const bytes of [udp, syn]) bytes.set(mac, 0)
  const before = arrived()
  enter(`/run/netns/${client}`)
  const figures = figuresOf(udp, syn, opens)
  const sent = 64 + 2 * FRAMES + (opens ? 2 * OPENED : 0)
  const missing = before + sent - arrived()
  if (missing > sent / 10) throw new Error(`${missing} of ${sent} frames did not arrive`)
  lost += Math.max(0, missing)
  return figures
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
    connectionTableSize: 262_144,
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
    const before = await backend.exits()
    const figures = measure(VIP)
    enter(`/run/netns/${director}`)
    const after = await backend.exits()
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0)
    if (grown('forwarded') < 1.9 * (FRAMES + OPENED))
      throw new Error(`only ${grown('forwarded')} packets were forwarded`)
    const opened = (await backend.connections(2 * OPENED)).filter(({ state }) => state === 'ESTABLISHED').length
    if (opened < 0.9 * OPENED) throw new Error(`only ${opened} connections are open`)
    if (lane && grown('fast-lane') < FRAMES) throw new Error(`only ${grown('fast-lane')} packets took the lane`)
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
  // The client acknowledges what conntrack has not seen the server send.
  return measure(VIP, false)
}

/** Nanoseconds: of a packet of one flow, of a first packet, of a connection's first two. */
type Figures = { readonly established: number; readonly first: number; readonly opened?: number }
/** On a director that has seen nothing before: IPVS keeps connections when its services go. */
const ways: readonly (readonly [name: string, measure: () => Figures | Promise<Figures>])[] = [
  ['sender alone', sending],
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
const hasIpvs = existsSync('/proc/net/ip_vs')
for (const [name, measureWay] of ways) {
  if (name.startsWith('IPVS') && !hasIpvs) continue
  try {
    build()
    // Without it a veth has no queue for frames that are no skb.
    inside(director, 'ethtool -K d0 gro on')
    if (name.startsWith('XDP')) {
      enter(`/run/netns/${server}`)
      const held = attachDriver(discard, indexOf('s0'), `/sys/fs/bpf/hfpaths-${pid}-discard`)
      if (!held.ok) throw new Error(held.error.message)
    }
    all[name] = await measureWay()
  } finally {
    enter(`/proc/self/fd/${home}`)
    for (const pin of ['discard', 'sending']) rmSync(`/sys/fs/bpf/hfpaths-${pid}-${pin}`, { force: true })
    for (const namespace of [client, director, server]) run(`ip netns delete ${namespace} 2> /dev/null || true`)
    rmSync(pins, { recursive: true, force: true })
  }
}
if (argv.includes('--json')) stdout.write(`${JSON.stringify(all)}\n`)
else {
  // What is sent costs the same for all, so that it is taken off.
  const sent = all['sender alone'] as Figures
  const row = (name: string, ...cells: readonly (string | number)[]) =>
    stdout.write(`${name.padEnd(14)}${cells.map((cell) => String(cell).padStart(13)).join('')}\n`)
  row('way', 'established', 'first', 'SYN and ACK', 'opened/s', 'of IPVS', 'of DNAT')
  for (const [name, { established, first, opened }] of Object.entries(all)) {
    const ratio = (peer: Figures | undefined) =>
      peer === undefined || name === 'sender alone'
        ? '-'
        : ((established - sent.established) / (peer.established - sent.established)).toFixed(2)
    const ipvsPeer = all[name.endsWith('NAT') ? 'IPVS NAT' : 'IPVS DR']
    const rate = inGuest || opened === undefined ? '-' : Math.round(1e9 / opened)
    row(name, established, first, opened ?? '-', rate, ratio(ipvsPeer), ratio(all['nft DNAT']))
  }
  stdout.write('The sender is in every figure, and taken off for the ratios, which are those of established flows.\n')
  stdout.write(`Frames that did not arrive, of all ways together: ${lost}.\n`)
  if (!hasIpvs) stdout.write('This kernel has no IPVS (module ip_vs).\n')
}
