import { type IpAddress, inSubnet } from '../../base/index.ts'
import type { ForwardingMethod } from '../../model/index.ts'
import type { Facts } from './facts.ts'
import { broken, type Finding, warning } from './finding.ts'

/** Linux 6.1 is the oldest on which the embedded core is loaded. */
const OLDEST = [6, 1] as const
/** Of ipip; the other tunnels have longer ones. */
const OUTER_HEADER = 20

/** This host by itself: permissions, kernel, interfaces, settings, who else manages its addresses. */
export function checkHost(facts: Facts): Finding[] {
  return [
    ...permissions(facts),
    ...kernel(facts),
    ...interfaces(facts),
    ...settings(facts),
    ...virtualMacs(facts),
    ...managers(facts),
  ]
}

function permissions({ privileged }: Facts): Finding[] {
  return privileged
    ? []
    : [
        broken(
          'permissions',
          'CAP_NET_ADMIN and CAP_NET_RAW are missing',
          'nothing on the link can be asked, and the daemon could not run like this',
          'be root',
        ),
      ]
}

function kernel({ kernel: release, ipvsLoaded, daemon, connectionTracking }: Facts): Finding[] {
  const [major = 0, minor = 0] = release.split('.').map(Number)
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  const full = connectionTracking !== undefined && connectionTracking.held > 0.9 * connectionTracking.most
  return [
    ...(old
      ? [
          broken(
            'kernel',
            `the kernel is ${release}`,
            'the embedded forwarding core needs Linux 6.1',
            'update the kernel, or use backend ipvs',
          ),
        ]
      : []),
    ...(full && connectionTracking !== undefined
      ? [
          broken(
            'connection-tracking',
            `the kernel tracks ${connectionTracking.held} connections of ${connectionTracking.most} it has room for`,
            'new connections are dropped when it is full',
            `sysctl -w net.netfilter.nf_conntrack_max=${connectionTracking.most * 2}`,
          ),
        ]
      : []),
    ...(ipvsLoaded && daemon?.forwarding?.backend === 'ebpf'
      ? [
          warning(
            'ipvs-beside',
            "the kernel's own IPVS is loaded beside the embedded core",
            'services in its table would take the same packets',
            'holdfast ipvsadm -Ln --backend ipvs, and rmmod ip_vs when it is empty',
          ),
        ]
      : []),
  ]
}

function interfaces({ configuration, links }: Facts): Finding[] {
  const names = new Set(configuration?.virtualRouters.map((router) => router.interface) ?? [])
  return [...names].flatMap((name): Finding[] => {
    const link = links.find((candidate) => candidate.name === name)
    const why = 'its virtual routers are in fault'
    if (link === undefined)
      return [
        broken('interface', `${name}: no such interface`, why, 'correct the name in the configuration, or create it'),
      ]
    if (!link.up) return [broken('interface', `${name} is down`, why, `ip link set ${name} up`)]
    if (!link.running)
      return [broken('interface', `${name} has no carrier`, why, 'look at the cable, or the other end')]
    return []
  })
}

function settings(facts: Facts): Finding[] {
  const { configuration, settings: held, links } = facts
  const virtualServers = configuration?.virtualServers ?? []
  const methods = new Set<ForwardingMethod>(
    virtualServers.flatMap(({ realServers }) => realServers.map(({ method }) => method)),
  )
  const findings: Finding[] = []
  if ((methods.has('nat') || methods.has('fullnat')) && held.get('net/ipv4/ip_forward') === '0')
    findings.push(
      broken(
        'ip-forward',
        'net.ipv4.ip_forward is 0',
        'this host does not forward what real servers of NAT send on their own, nor what clients send past the services',
        'sysctl -w net.ipv4.ip_forward=1',
      ),
    )
  const serving = new Set(
    (configuration?.virtualRouters ?? []).flatMap((router) => router.addresses.map((entry) => entry.interface)),
  )
  for (const name of serving) {
    const ignore = Math.max(...['all', name].map((scope) => Number(held.get(`net/ipv4/conf/${scope}/arp_ignore`) ?? 0)))
    if (ignore >= 8)
      findings.push(
        broken(
          'arp-ignore',
          `arp_ignore is ${ignore} for ${name}`,
          'this host answers nobody who asks for a virtual address',
          `sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.${name}.arp_ignore=0`,
        ),
      )
    if (
      methods.has('nat') &&
      Number(held.get(`net/ipv4/conf/${name}/send_redirects`) ?? 0) +
        Number(held.get('net/ipv4/conf/all/send_redirects') ?? 0) >
        0 &&
      servesOnOneLink(facts, name)
    )
      findings.push(
        warning(
          'send-redirects',
          `send_redirects is on for ${name}, where clients and real servers of NAT are on one link`,
          'real servers are told to answer clients directly, past this director',
          `sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.${name}.send_redirects=0`,
        ),
      )
  }
  if (methods.has('tun')) {
    const narrow = links.filter(
      ({ name, mtu, up, loopback }) => up && !loopback && serving.has(name) && mtu < 1500 + OUTER_HEADER,
    )
    for (const { name, mtu } of narrow)
      findings.push(
        warning(
          'tunnel-mtu',
          `${name} carries ${mtu} bytes, and real servers are behind tunnels`,
          `packets of clients longer than ${mtu - OUTER_HEADER} bytes have to be made shorter first; clients that ICMP does not reach hang`,
          `a longer MTU towards the real servers (ip link set ${name} mtu ${mtu + OUTER_HEADER}), or TCP MSS clamped`,
        ),
      )
  }
  return findings
}

/** Real servers of NAT are reached by the interface that clients come in by. */
function servesOnOneLink({ configuration, links, addresses }: Facts, name: string): boolean {
  const index = links.find((link) => link.name === name)?.index
  const subnets = addresses.filter(({ interfaceIndex }) => interfaceIndex === index)
  const near = (of: IpAddress): boolean =>
    subnets.some(({ address, prefixLength }) => inSubnet(of, address, prefixLength))
  return (configuration?.virtualServers ?? []).some(({ realServers }) =>
    realServers.some(({ address, method }) => method === 'nat' && near(address)),
  )
}

/** Drivers of virtual network cards, and what their hosts must allow for a second hardware address. */
const hypervisors: Readonly<Record<string, string>> = {
  vmxnet3: 'VMware: promiscuous mode, MAC address changes and forged transmits accepted on the port group',
  hv_netvsc: 'Hyper-V: MAC address spoofing on for the adapter',
  ena: 'AWS: there is none; use the address of the interface, and move an elastic address by notify_master',
  gve: 'Google Cloud: there is none; use the address of the interface, and a load balancer or a route by notify_master',
  virtio_net: 'libvirt and OpenStack: no filter of hardware addresses (port security) on the port',
}

/** What a virtual MAC has to get through. */
function virtualMacs({ configuration, drivers, links }: Facts): Finding[] {
  const routers = (configuration?.virtualRouters ?? []).filter(({ virtualLink }) => virtualLink?.kind === 'macvlan')
  const names = [...new Set(routers.map((router) => router.interface))]
  return names.flatMap((name): Finding[] => {
    const driver = drivers.get(name) ?? ''
    const allowed = hypervisors[driver]
    const below = links.find((link) => link.name === name)?.kind
    if (below === 'ipvlan')
      return [
        broken(
          'virtual-mac',
          `${name} is an ipvlan, and use_vmac is set on it`,
          'it carries no second hardware address',
          'use_ipvlan, or neither',
        ),
      ]
    if (allowed === undefined) return []
    return [
      warning(
        'virtual-mac',
        `use_vmac on ${name}, whose driver is ${driver}`,
        'a virtual switch that filters hardware addresses drops all that has the virtual MAC',
        allowed,
      ),
    ]
  })
}

function managers({ configuration, managed }: Facts): Finding[] {
  const names = new Set((configuration?.virtualRouters ?? []).map((router) => router.interface))
  return [...managed]
    .filter(([name]) => names.has(name))
    .map(([name, manager]) =>
      warning(
        'address-manager',
        `${manager} manages ${name}`,
        'when it sets the interface up anew it takes virtual addresses away; they are put back, and clients may notice',
        manager === 'systemd-networkd'
          ? 'KeepConfiguration=yes and ManageForeignRoutes=no in its .network file'
          : `nmcli device set ${name} managed no`,
      ),
    )
}
