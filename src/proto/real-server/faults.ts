import { familyOf, type IpAddress } from '../../base/index.ts'
import { conf, type KernelSetting, type TunnelLink, type WantedOnRealServer } from './wanted.ts'

/** The host as it is. */
export type RealServerHost = {
  /** Every address, with its interface's name. */
  readonly addresses: readonly {
    readonly address: IpAddress
    readonly prefixLength: number
    readonly interface: string
  }[]
  readonly linksUp: ReadonlySet<string>
  /** By path, rp_filter of all interfaces among them; without those that the kernel does not have. */
  readonly settings: ReadonlyMap<string, string>
  /** UDP ports of GUE. */
  readonly guePorts: ReadonlySet<number>
}

export type RealServerFault =
  | { readonly type: 'address-missing'; readonly address: IpAddress }
  /** On an interface that answers ARP, or neighbour solicitations, for it. Nothing of ours to remove. */
  | { readonly type: 'address-elsewhere'; readonly address: IpAddress; readonly interface: string }
  /** On lo with a prefix that makes a whole subnet local. */
  | { readonly type: 'prefix-too-short'; readonly address: IpAddress; readonly prefixLength: number }
  | { readonly type: 'setting-wrong'; readonly setting: KernelSetting; readonly found: string }
  | { readonly type: 'link-down'; readonly link: TunnelLink }
  | { readonly type: 'gue-missing'; readonly port: number }

/** In the order in which they are mended: first nobody answers ARP for an address, then it is put on. */
export function faultsOnRealServer(wanted: WantedOnRealServer, host: RealServerHost): readonly RealServerFault[] {
  const linksDown = wanted.links.filter(({ name }) => !host.linksUp.has(name))
  return [
    ...linksDown.map((link): RealServerFault => ({ type: 'link-down', link })),
    ...wanted.guePorts
      .filter((port) => !host.guePorts.has(port))
      .map((port): RealServerFault => ({ type: 'gue-missing', port })),
    ...wanted.settings.flatMap((setting): RealServerFault[] => {
      const found = host.settings.get(setting.path)
      // Of an interface that is not there yet: told as that.
      if (found === undefined || setting.enough.includes(found)) return []
      return [{ type: 'setting-wrong', setting, found }]
    }),
    ...filterFaults(wanted, host),
    ...wanted.addresses.flatMap((address) => addressFaults(address, host)),
  ]
}

/** The greater of `all` and an interface's own is in force: `all` gives way, and the others go on as they were. */
function filterFaults({ unfiltered }: WantedOnRealServer, { settings }: RealServerHost): RealServerFault[] {
  const all = settings.get(conf('all', 'rp_filter'))
  if (unfiltered.length === 0 || all === undefined) return []
  const wrong = (name: string, value: string, why: string): RealServerFault[] => {
    const path = conf(name, 'rp_filter')
    const found = settings.get(path)
    if (found === undefined || found === value) return []
    return [{ type: 'setting-wrong', setting: { path, value, enough: [value], why }, found }]
  }
  const open = 'the way back to a client is not by the tunnel: a filter drops what comes out of it'
  const names = [...settings.keys()].flatMap((path) => /^net\/ipv4\/conf\/(.+)\/rp_filter$/.exec(path)?.[1] ?? [])
  const others = names.filter((name) => name !== 'all' && !unfiltered.includes(name))
  const weaker = others.filter((name) => Number(settings.get(conf(name, 'rp_filter'))) < Number(all))
  return [
    ...weaker.flatMap((name) => wrong(name, all, 'it goes on filtering when `all` gives way to the tunnel')),
    ...wrong('all', '0', open),
    ...unfiltered.flatMap((name) => wrong(name, '0', open)),
  ]
}

function addressFaults(address: IpAddress, host: RealServerHost): RealServerFault[] {
  const whole = familyOf(address) === 4 ? 32 : 128
  const held = host.addresses.filter((entry) => entry.address === address)
  const onLoopback = held.filter((entry) => entry.interface === 'lo')
  return [
    ...(onLoopback.some(({ prefixLength }) => prefixLength === whole)
      ? []
      : [{ type: 'address-missing', address } as const]),
    ...onLoopback
      .filter(({ prefixLength }) => prefixLength !== whole)
      .map(({ prefixLength }) => ({ type: 'prefix-too-short', address, prefixLength }) as const),
    ...held
      .filter((entry) => entry.interface !== 'lo')
      .map((entry) => ({ type: 'address-elsewhere', address, interface: entry.interface }) as const),
  ]
}

/** What is wrong, what comes of it, and what mends it. */
export function faultText(fault: RealServerFault): {
  readonly finding: string
  readonly why: string
  readonly mend: string
} {
  switch (fault.type) {
    case 'address-missing':
      return {
        finding: `${fault.address} is not on lo`,
        why: 'this host drops the packets that the director hands on',
        mend: 'holdfast realserver up',
      }
    case 'address-elsewhere':
      return {
        finding: `${fault.address} is on ${fault.interface}`,
        why: 'this host answers for it there whatever arp_ignore says, and clients come here past the director',
        mend: `ip address del ${fault.address} dev ${fault.interface}`,
      }
    case 'prefix-too-short':
      return {
        finding: `${fault.address} is on lo as /${fault.prefixLength}`,
        why: 'the whole subnet counts as local, so that nobody of it is reached from here',
        mend: `ip address del ${fault.address}/${fault.prefixLength} dev lo`,
      }
    case 'setting-wrong':
      return {
        finding: `${fault.setting.path.replaceAll('/', '.')} is ${fault.found}`,
        why: fault.setting.why,
        mend: `sysctl -w ${fault.setting.path.replaceAll('/', '.')}=${fault.setting.value}`,
      }
    case 'link-down':
      return {
        finding: `${fault.link.name} is not up`,
        why: "the director's tunnel ends nowhere",
        mend: `modprobe ${fault.link.module} && ip link set ${fault.link.name} up`,
      }
    case 'gue-missing':
      return {
        finding: `nothing takes GUE apart on UDP port ${fault.port}`,
        why: "the director's tunnel ends nowhere",
        mend: `modprobe fou && ip fou add port ${fault.port} gue`,
      }
  }
}
