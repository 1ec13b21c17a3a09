/**
 * Two directors of the same shape, each in a network namespace of its own, and the far ends of their wires in a third one.
 * Nobody lives there: every neighbour is entered by hand, with an address from which its name can be told.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { address, addressFromBytes, type Family, type IpAddress } from '../../../src/base/index.ts'
import { enterNetworkNamespace } from '../../../src/sys/privileges/index.ts'
import type { Mac } from './packets.ts'

/** 0: clients, and servers that answer them directly; 1: servers behind the director, on a narrower wire. */
export type Port = 0 | 1
export const MTU = [1500, 1400] as const

export const directorMac = (port: Port): Mac => [2, 0, 0, 0, 0, 0x10 + port]
/** The router that clients are behind, and the one that far servers are behind. */
export const routerMac = (port: Port): Mac => [2, 0, 0, 0, 1, port]
export const serverMac = (port: Port, number: number): Mac => [2, 0, 0, 1, port, number]

const text = (family: Family, four: string, six: string): IpAddress => address(family === 4 ? four : six)
export const directorAddress = (family: Family, port: Port): IpAddress =>
  text(family, `10.${port}.0.1`, `fd00:${port}::1`)
export const routerAddress = (family: Family, port: Port): IpAddress =>
  text(family, `10.${port}.0.250`, `fd00:${port}::250`)
export const serverAddress = (family: Family, port: Port, number: number): IpAddress =>
  text(family, `10.${port}.1.${number}`, `fd00:${port}::1:${number}`)
/** Servers behind the second router. */
export const farServerAddress = (family: Family, number: number): IpAddress =>
  text(family, `10.2.1.${number}`, `fd00:2::1:${number}`)

/** Servers of each kind. */
export const SERVERS = 6
/** A sequence has so many clients and so many virtual addresses for itself. */
export const CLIENTS = 8
export const VIRTUALS = 2

const four = (base: number, offset: number): IpAddress => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, base + offset)
  return addressFromBytes(bytes)
}
const six = (prefix: number, offset: number): IpAddress => {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xfd00)
  view.setUint16(2, prefix)
  view.setUint32(12, offset)
  return addressFromBytes(bytes)
}
/** Behind the first router: 10.64.0.0/10, fd00:c::/64. */
export const clientAddress = (family: Family, slot: number, number: number): IpAddress =>
  family === 4 ? four(0x0a40_0000, 1 + slot * CLIENTS + number) : six(0xc, 1 + slot * CLIENTS + number)
/** Held by both directors: 10.128.0.0/9, fd00:f::/64. */
export const virtualAddress = (family: Family, slot: number, number: number): IpAddress =>
  family === 4 ? four(0x0a80_0000, 1 + slot * VIRTUALS + number) : six(0xf, 1 + slot * VIRTUALS + number)

const macText = (mac: Mac): string => mac.map((byte) => byte.toString(16).padStart(2, '0')).join(':')

export type World = {
  /** Interfaces at the far ends, as the replayer takes them. */
  readonly farEnds: readonly string[]
  readonly kernel: string
  readonly embedded: string
  readonly wire: string
  /** This process enters a namespace of the world. */
  enter(namespace: string): void
  /** Runs a command in a namespace and returns what it said; it gets `input`. */
  run(namespace: string, argv: readonly string[], input?: string): string
  /** Both directors take up these IPv6 addresses: what they say comes from an address only if an interface has it. */
  hold(addresses: readonly IpAddress[]): void
  close(): void
}

export function openWorld(name: string): World {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const kernel = `oracle-k-${name}`
  const embedded = `oracle-e-${name}`
  const wire = `oracle-w-${name}`
  const run = (namespace: string, argv: readonly string[], input = ''): string =>
    execFileSync('nsenter', [`--net=/run/netns/${namespace}`, ...argv], {
      encoding: 'utf8',
      input,
      timeout: 60_000,
      maxBuffer: 256 << 20,
    })
  for (const name of [kernel, embedded, wire]) execFileSync('ip', ['netns', 'add', name], { timeout: 10_000 })
  quietNamespace(run, wire)
  const farEnds = [kernel, embedded].flatMap((director, which) => {
    quietNamespace(run, director)
    run(director, ['sh'], directorSettings)
    const lines = []
    for (const port of [0, 1] as const)
      lines.push(
        `link add eth${port} address ${macText(directorMac(port))} mtu ${MTU[port]} type veth peer name far${which}${port} mtu 9000 netns ${wire}`,
        `link set eth${port} up`,
        `addr add ${directorAddress(4, port)}/16 dev eth${port}`,
        `addr add ${directorAddress(6, port)}/64 dev eth${port} nodad`,
      )
    run(director, ['ip', '-batch', '-'], lines.join('\n'))
    for (const port of [0, 1]) {
      run(wire, ['ip', 'link', 'set', `far${which}${port}`, 'up'])
      // A packet socket would see the checksums that are left to the interface.
      run(director, ['ethtool', '-K', `eth${port}`, 'tx', 'off'])
    }
    run(director, ['ip', '-batch', '-'], neighbourhood().join('\n'))
    return [`far${which}0`, `far${which}1`]
  })
  const enter = (which: string): void => {
    const entered = enterNetworkNamespace(which)
    if (!entered.ok) throw new Error(entered.error.message)
  }
  return {
    farEnds,
    kernel,
    embedded,
    wire,
    enter,
    run,
    hold(addresses) {
      const lines = addresses.map((address) => `addr add ${address}/128 dev lo nodad`)
      for (const director of [kernel, embedded]) run(director, ['ip', '-batch', '-'], lines.join('\n'))
    },
    close() {
      enter(`/proc/self/fd/${home}`)
      closeSync(home)
      for (const name of [kernel, embedded, wire]) execFileSync('ip', ['netns', 'delete', name], { timeout: 10_000 })
    },
  }
}

/** Nothing speaks that was not spoken to. */
const quietNamespace = (run: World['run'], namespace: string): string =>
  run(
    namespace,
    ['sh', '-e'],
    `cd /proc/sys/net/ipv6/conf
for i in all default; do
  echo 0 > $i/accept_ra; echo 0 > $i/router_solicitations; echo 0 > $i/accept_dad; echo 0 > $i/dad_transmits
done
ip link set lo up
`,
  )

/** ICMP without limits to its rate, flow labels that are not random; what routes say is all that counts. */
const directorSettings = `set -e
cd /proc/sys/net
echo 1 > ipv4/ip_forward
echo 1 > ipv6/conf/all/forwarding
echo 0 > ipv6/auto_flowlabels
for i in all default; do
  echo 0 > ipv4/conf/$i/rp_filter; echo 0 > ipv4/conf/$i/send_redirects; echo 0 > ipv4/conf/$i/accept_redirects
  echo 0 > ipv6/conf/$i/accept_redirects
done
echo 0 > ipv4/icmp_ratelimit
echo 0 > ipv4/icmp_ratemask
echo 0 > ipv6/icmp/ratelimit
if [ -e ipv4/icmp_msgs_per_sec ]; then echo 1000000 > ipv4/icmp_msgs_per_sec; echo 1000000 > ipv4/icmp_msgs_burst; fi
`

function neighbourhood(): string[] {
  const lines = [
    `route add local 10.128.0.0/9 dev lo`,
    `route add local fd00:f::/64 dev lo`,
    `route add default via ${routerAddress(4, 0)}`,
    `route add default via ${routerAddress(6, 0)}`,
    `route add 10.2.0.0/16 via ${routerAddress(4, 1)}`,
    `route add fd00:2::/64 via ${routerAddress(6, 1)}`,
  ]
  const neighbour = (of: IpAddress, port: Port, mac: Mac): void => {
    lines.push(`neigh replace ${of} lladdr ${macText(mac)} dev eth${port} nud permanent`)
  }
  for (const family of [4, 6] as const)
    for (const port of [0, 1] as const) {
      neighbour(routerAddress(family, port), port, routerMac(port))
      for (let i = 1; i <= SERVERS; i++) neighbour(serverAddress(family, port, i), port, serverMac(port, i))
    }
  return lines
}
