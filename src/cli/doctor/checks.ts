import { checkConfiguration } from './check-configuration.ts'
import { checkDaemon } from './check-daemon.ts'
import { checkFirewall } from './check-firewall.ts'
import { checkHost } from './check-host.ts'
import { checkNeighbours } from './check-neighbours.ts'
import { checkPeer } from './check-peer.ts'
import { checkServers } from './check-servers.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

/** In the order of causes: what stands first may be why what stands after it is so. What is broken comes before warnings. */
export function examine(facts: Facts): readonly Finding[] {
  const findings = [
    checkConfiguration,
    checkHost,
    checkFirewall,
    checkNeighbours,
    checkPeer,
    checkServers,
    checkDaemon,
  ].flatMap((check) => check(facts))
  const of = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity)
  return [...of('broken'), ...of('warning')]
}
