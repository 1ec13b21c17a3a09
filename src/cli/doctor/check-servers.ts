import { endpoint, portInService, type RealServer, servicesOf, type VirtualServer } from '../../model/index.ts'
import type { Facts, ServerFacts } from './facts.ts'
import { broken, type Finding, warning } from './finding.ts'

/** Real servers on a link of this host, as they answer, and what the checkers say. */
export function checkServers(facts: Facts): Finding[] {
  const { configuration, servers } = facts
  const found = new Map<string, Finding>()
  const addresses = new Set<string>()
  for (const virtualServer of configuration?.virtualServers ?? [])
    for (const realServer of virtualServer.realServers) {
      const server = servers.find(({ address }) => address === realServer.address)
      const findings = server === undefined ? [] : serverFindings(virtualServer, realServer, server)
      if (findings.length > 0) addresses.add(realServer.address)
      for (const finding of findings) found.set(finding.finding, finding)
    }
  return [...found.values(), ...foundByCheckers(facts, addresses), ...timeouts(facts)]
}

function serverFindings(virtualServer: VirtualServer, realServer: RealServer, server: ServerFacts): Finding[] {
  const { address, method } = realServer
  if (server.mac === undefined)
    return [
      broken(
        'server-gone',
        `nobody answers ARP for the real server ${address} on ${server.interface}`,
        'it is down, or its address is not the one in the configuration',
        `look at the host, or correct real_server ${address}`,
      ),
    ]
  return servicesOf(virtualServer).flatMap((service): Finding[] => {
    if (service.kind === 'fwmark' || service.protocol !== 'tcp') return []
    const port = portInService(realServer, service)
    const own = server.ports.get(port)
    const taken = server.takes.get(endpoint(service))
    if (taken === 'accepted' || (taken === undefined && own === 'accepted')) {
      if (method === 'nat' && server.returnsHere === false) return [noWayBack(address)]
      return []
    }
    if (taken === 'silent' && own !== 'silent')
      return [
        broken(
          'server-refuses-address',
          `the real server ${address} does not take packets to ${service.address}`,
          method === 'dr'
            ? 'direct routing hands them on unchanged: the address has to be on its lo'
            : 'it does not take the tunnel apart, or the address is not on its lo',
          `on ${address}: holdfast realserver up ${service.address}${method === 'dr' ? '' : ' --arrival ipip'}`,
        ),
      ]
    if (taken === 'refused' && own === 'accepted')
      return [
        broken(
          'server-listens-elsewhere',
          `on the real server ${address} nothing listens at ${endpoint(service)}, only at its own address`,
          'direct routing hands packets on unchanged: connections to the virtual address are refused',
          `on ${address}: have the service listen at ${service.address}, or at all addresses`,
        ),
      ]
    if (own === 'refused')
      return [
        broken(
          'server-not-listening',
          `the real server ${address} refuses connections to port ${port}`,
          'the service there is down, or listens at another port',
          `on ${address}: ss -ltn, and start the service`,
        ),
      ]
    if (own === 'silent')
      return [
        broken(
          'server-silent',
          `the real server ${address} does not answer at port ${port}`,
          'a firewall there, or a host that has no time',
          `on ${address}: nft list ruleset, and its load`,
        ),
      ]
    return []
  })
}

const noWayBack = (address: string): Finding =>
  broken(
    'no-way-back',
    `answers of the real server ${address} to strangers do not come back by this director`,
    'NAT needs it as their way back: its default gateway is another',
    `on ${address}: ip route replace default via an address that moves with the service (virtual_ipaddress on the inside)`,
  )

/** What only the checkers can see. */
function foundByCheckers({ daemon }: Facts, told: ReadonlySet<string>): Finding[] {
  return (daemon?.virtualServers ?? []).flatMap(({ key, realServers, quorum }) => [
    ...realServers
      .filter(({ state, address }) => state === 'down' && !told.has(address))
      .map(({ address, port, reason, checkers }) => {
        const failed = checkers.find(({ up }) => !up)
        const detail = failed?.detail ?? reason ?? 'no reason is told'
        return broken(
          'server-down',
          `${endpoint({ address, port })} of ${key} is down by its check: ${detail}`,
          'it is out of service',
          `holdfast why ${key}`,
        )
      }),
    ...(quorum === 'down'
      ? [broken('quorum', `${key} has lost its quorum`, 'too few real servers live', `holdfast why ${key}`)]
      : []),
  ])
}

/** An established TCP connection may be idle for so long; IPVS's default in seconds. */
const TCP_TIMEOUT = 900

function timeouts({ configuration }: Facts): Finding[] {
  const established = (configuration?.global.lvsTimeouts?.tcp ?? 0) || TCP_TIMEOUT
  return (configuration?.virtualServers ?? []).flatMap(({ key, persistence }) =>
    persistence === undefined || persistence.timeout >= 10
      ? []
      : [
          warning(
            'persistence-short',
            `${key} remembers its clients for ${persistence.timeout} s`,
            `a client that pauses longer between two connections changes its server, while connections may be idle for ${established} s`,
            'a longer persistence_timeout, or none',
          ),
        ],
  )
}
