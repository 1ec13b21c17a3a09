import { type Family, familyOf, type IpAddress } from '../../base/index.ts'

/** How packets come: as they are, or in one of IPVS's tunnels. */
export type Arrival =
  | { readonly kind: 'direct' }
  | { readonly kind: 'ipip' }
  | { readonly kind: 'gre' }
  /** @property port  UDP, 1–65535 */
  | { readonly kind: 'gue'; readonly port: number }

/** One of the kernel's settings, by its path below /proc/sys. */
export type KernelSetting = {
  readonly path: string
  /** What is written where it is wrong. */
  readonly value: string
  /** Values that serve as well. */
  readonly enough: readonly string[]
  readonly why: string
}

/** An interface that must be up, and the kernel module that brings it. */
export type TunnelLink = { readonly name: string; readonly module: string }

export type WantedOnRealServer = {
  readonly addresses: readonly IpAddress[]
  readonly links: readonly TunnelLink[]
  readonly settings: readonly KernelSetting[]
  /**
   * Interfaces whose packets may come from anywhere. The way back to a client is not by the tunnel, and one without an address of
   * IPv4 passes no rp_filter but 0, neither strict nor loose.
   */
  readonly unfiltered: readonly string[]
  /** UDP ports where GUE is taken apart. */
  readonly guePorts: readonly number[]
}

export const conf = (name: string, setting: string): string => `net/ipv4/conf/${name}/${setting}`

/** Answering ARP only for addresses of the interface that was asked, and never asking in the name of the virtual address. */
const quietAboutArp: readonly KernelSetting[] = ['all', 'lo'].flatMap((name) => [
  {
    path: conf(name, 'arp_ignore'),
    value: '1',
    enough: ['1', '2', '3', '8'],
    why: 'without it this host answers ARP for the virtual address, and clients come here past the director',
  },
  {
    path: conf(name, 'arp_announce'),
    value: '2',
    enough: ['2'],
    why: 'without it this host asks by ARP in the name of the virtual address, and takes it from the director',
  },
])

const tunnelLinks: Readonly<Record<'ipip' | 'gre', Readonly<Record<Family, TunnelLink>>>> = {
  ipip: { 4: { name: 'tunl0', module: 'ipip' }, 6: { name: 'ip6tnl0', module: 'ip6_tunnel' } },
  gre: { 4: { name: 'gre0', module: 'ip_gre' }, 6: { name: 'ip6gre0', module: 'ip6_gre' } },
}

/** Everything for these virtual addresses. */
export function wantedOnRealServer(addresses: readonly IpAddress[], arrivals: readonly Arrival[]): WantedOnRealServer {
  const families = [...new Set(addresses.map(familyOf))].toSorted()
  const kinds = new Set(arrivals.map(({ kind }) => kind))
  // What GUE takes apart goes on to ipip's device.
  const tunnels = [
    ...(kinds.has('ipip') || kinds.has('gue') ? (['ipip'] as const) : []),
    ...(kinds.has('gre') ? (['gre'] as const) : []),
  ]
  const links = tunnels.flatMap((kind) => families.map((family) => tunnelLinks[kind][family]))
  const quiet = families.includes(4) ? quietAboutArp : []
  return {
    addresses,
    links,
    settings: quiet,
    unfiltered: links.map(({ name }) => name).filter((name) => name === 'tunl0' || name === 'gre0'),
    guePorts: [...new Set(arrivals.flatMap((arrival) => (arrival.kind === 'gue' ? [arrival.port] : [])))],
  }
}
