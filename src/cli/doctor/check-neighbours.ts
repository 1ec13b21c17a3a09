import type { IpAddress } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Facts, HeardAdvertisement } from './facts.ts'
import { broken, type Finding } from './finding.ts'

/** Other directors, and whoever else has a virtual address or its virtual_router_id. */
export function checkNeighbours(facts: Facts): Finding[] {
  const routers = facts.configuration?.virtualRouters.filter(({ family }) => family === 4) ?? []
  return [
    ...routers.flatMap((router) => routerFindings(facts, router)),
    ...routers.flatMap((router) => router.addresses.flatMap(({ address }) => claimFindings(facts, router, address))),
  ]
}

const stateOf = ({ daemon }: Facts, { name }: VirtualRouter) =>
  daemon?.virtualRouters.find((router) => router.name === name)?.state

/** Advertisements with the id of one of ours, on its interface. */
function routerFindings(facts: Facts, router: VirtualRouter): Finding[] {
  const { name, virtualRouterId, interface: device } = router
  const rejected = facts.daemon?.virtualRouters.find((shown) => shown.name === name)?.rejected ?? []
  return facts.heard.flatMap((advertisement): Finding[] => {
    if (advertisement.interface !== device || advertisement.virtualRouterId !== virtualRouterId) return []
    const { source, mac, addresses } = advertisement
    const ours = router.addresses.map(({ address }) => address)
    if (addresses.length > 0 && !addresses.some((address) => ours.includes(address)))
      return [
        broken(
          'virtual-router-id-taken',
          `${source} (${mac}) advertises virtual_router_id ${virtualRouterId} for ${addresses.join(', ')} on ${device}`,
          `another pair has the id of ${name}: each takes the other for a stranger or for its master`,
          'give one of the two pairs a virtual_router_id that is free',
        ),
      ]
    if (advertisement.version !== router.version)
      return [
        broken(
          'version-differs',
          `${source} speaks VRRPv${advertisement.version} where ${name} has version ${router.version}`,
          'neither accepts what the other says',
          'the same version in both files',
        ),
      ]
    const reason = rejected.find((entry) => entry.source === source)?.reason
    if (reason !== undefined)
      return [
        broken(
          'advertisements-rejected',
          `advertisements of ${source} for ${name} are rejected: ${reason}`,
          'both directors may be master',
          'the same authentication, interval and addresses in both files: holdfast config compare',
        ),
      ]
    return bothMasters(facts, router, advertisement)
  })
}

/** A master goes on hearing a weaker one only while that does not hear it. */
function bothMasters(facts: Facts, router: VirtualRouter, { source, priority }: HeardAdvertisement): Finding[] {
  if (stateOf(facts, router) !== 'master') return []
  return [
    broken(
      'two-masters',
      `${source} advertises ${router.name} with priority ${priority}, and this director is master too`,
      'it does not hear what is sent from here: a firewall, or a switch that does not carry multicast one way',
      `on ${source}: holdfast doctor; on the switch: IGMP snooping`,
    ),
  ]
}

/** @param router  that has the address */
function claimFindings(facts: Facts, router: VirtualRouter, address: IpAddress): Finding[] {
  const macs = facts.claims.get(address) ?? []
  const servers = facts.servers.filter(({ mac }) => mac !== undefined && macs.includes(mac))
  const directors = new Set(
    facts.heard.filter(({ virtualRouterId }) => virtualRouterId === router.virtualRouterId).map(({ mac }) => mac),
  )
  const byServers = servers.map((server) =>
    broken(
      'server-answers-arp',
      `the real server ${server.address} (${server.mac}) answers ARP for ${address}`,
      'clients that believe it go there past the director: no balancing, no failover',
      `on ${server.address}: holdfast realserver up ${address}; and ip address show, it must be on lo alone`,
    ),
  )
  const others = macs.filter((mac) => !servers.some((server) => server.mac === mac))
  const here = stateOf(facts, router) === 'master'
  const strangers = others.filter((mac) => !directors.has(mac) || here)
  // While another director is master its host answers, also when it sends by the interface below a virtual one.
  const taken = here || others.length > 1 ? strangers : []
  return [
    ...byServers,
    ...taken.map((mac) =>
      broken(
        'address-taken',
        `${mac} says that it has ${address}`,
        here ? 'this director has it too: clients reach the one or the other' : 'more than one host has it',
        `find that host (a switch knows its port), and take ${address} from it`,
      ),
    ),
  ]
}
