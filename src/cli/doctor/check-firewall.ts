import { familyOf } from '../../base/index.ts'
import type { Facts } from './facts.ts'
import { broken, type Finding } from './finding.ts'
import { type Dropped, droppedAt, type NamedPacket } from './ruleset.ts'

/** Rules of nf_tables, iptables-nft's among them, that drop what the daemon lives by. */
export function checkFirewall({ configuration, ruleset, daemon, servers }: Facts): Finding[] {
  if (configuration === undefined || ruleset === undefined) return []
  const found = new Map<string, Finding>()
  const look = (hook: 'input' | 'output', packet: NamedPacket, finding: (dropped: Dropped) => Finding): void => {
    const dropped = droppedAt(ruleset, hook, packet)
    if (dropped === undefined) return
    const told = finding(dropped)
    found.set(told.finding, told)
  }
  for (const { family, interface: name, unicastPeers, multicastGroup } of configuration.virtualRouters) {
    if (family !== 4) continue
    const others = unicastPeers.length > 0 ? unicastPeers : [undefined]
    for (const other of others) {
      const destination = other ?? multicastGroup
      look(
        'input',
        { protocol: 'vrrp', interface: name, ...(other === undefined ? { destination } : { source: other }) },
        (dropped) =>
          broken(
            'firewall-vrrp',
            `the firewall drops VRRP that comes in by ${name}: ${dropped.chain}, ${dropped.by}`,
            'the other director is not heard, and both become master',
            `nft insert rule ${dropped.chain} ip protocol vrrp accept`,
          ),
      )
      look('output', { protocol: 'vrrp', interface: name, destination }, (dropped) =>
        broken(
          'firewall-vrrp',
          `the firewall drops VRRP that goes out by ${name}: ${dropped.chain}, ${dropped.by}`,
          'the other director does not hear this one, and both become master',
          `nft insert rule ${dropped.chain} ip protocol vrrp accept`,
        ),
      )
    }
  }
  for (const { realServers } of configuration.virtualServers)
    for (const { checkers, address } of realServers)
      for (const checker of checkers) {
        if ((checker.kind !== 'tcp' && checker.kind !== 'http') || familyOf(checker.target.address) !== 4) continue
        const name = servers.find((server) => server.address === address)?.interface ?? ''
        const { port, address: destination } = checker.target
        look('output', { protocol: 'tcp', interface: name, destination, port }, (dropped) =>
          broken(
            'firewall-checks',
            `the firewall drops the checks of ${destination} port ${port}: ${dropped.chain}, ${dropped.by}`,
            'the real server counts as down',
            `nft insert rule ${dropped.chain} ip daddr ${destination} tcp dport ${port} accept`,
          ),
        )
      }
  // Packets of the embedded core are taken before any chain sees them.
  if (daemon?.forwarding?.backend === 'ipvs')
    for (const { service } of configuration.virtualServers) {
      if (service.kind === 'fwmark' || service.protocol === 'sctp' || familyOf(service.address) !== 4) continue
      const { address, port, protocol } = service
      look('input', { protocol, interface: '', destination: address, port }, (dropped) =>
        broken(
          'firewall-service',
          `the firewall drops what clients send to ${address} port ${port}: ${dropped.chain}, ${dropped.by}`,
          'the service is not reached',
          `nft insert rule ${dropped.chain} ip daddr ${address} ${protocol} dport ${port} accept`,
        ),
      )
    }
  return [...found.values()]
}
