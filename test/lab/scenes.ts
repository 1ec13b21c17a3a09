import { VIRTUAL_ADDRESS } from './configurations.ts'
import type { Host, Lab } from './library/index.ts'

/** Two routers and an onlooker on one segment: 192.0.2.11, .12 and .1, and the same under 2001:db8::. */
export function routers(lab: Lab): { readonly strong: Host; readonly weak: Host; readonly onlooker: Host } {
  const lan = lab.segment()
  const host = (name: string, n: number): Host =>
    lab.host(name, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`, `2001:db8::${n}/64`] } })
  return { strong: host('strong', 11), weak: host('weak', 12), onlooker: host('onlooker', 1) }
}

export type WebScene = {
  readonly client: Host
  readonly sources: readonly string[]
  /** As many as asked for; 192.0.2.11 and on. */
  readonly directors: readonly Host[]
  /** 192.0.2.21 and on, port 80; each answers with its name. */
  readonly servers: readonly Host[]
}

/** A direct routing set-up: client, directors and real servers on one segment, the virtual address on the servers' lo. */
export function directRouting(lab: Lab, { directors = 2, servers = 2 } = {}): WebScene {
  const lan = lab.segment()
  const sources = Array.from({ length: 8 }, (_, i) => `192.0.2.${201 + i}`)
  const on = (...addresses: readonly string[]) => ({
    eth0: { segment: lan, addresses: addresses.map((a) => `${a}/24`) },
  })
  const numbered = (count: number, prefix: string, first: number): Host[] =>
    Array.from({ length: count }, (_, i) => lab.host(`${prefix}${i + 1}`, on(`192.0.2.${first + i}`)))
  const client = lab.host('client', on(...sources))
  const realServers = numbered(servers, 'web', 21)
  for (const server of realServers) server.takeVirtualAddress(VIRTUAL_ADDRESS)
  return { client, sources, directors: numbered(directors, 'director', 11), servers: realServers }
}

/** A NAT set-up: clients outside, real servers (10.0.0.21 and on) inside with the director (10.0.0.1) as their gateway. */
export function natted(lab: Lab): WebScene {
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const sources = Array.from({ length: 8 }, (_, i) => `192.0.2.${201 + i}`)
  const client = lab.host('client', { eth0: { segment: outside, addresses: sources.map((a) => `${a}/24`) } })
  const director = lab.host('director1', {
    eth0: { segment: outside, addresses: ['192.0.2.11/24'] },
    eth1: { segment: inside, addresses: ['10.0.0.1/24'] },
  })
  director.sysctl('net.ipv4.ip_forward=1')
  const servers = [1, 2].map((n) => {
    const host = lab.host(`web${n}`, { eth0: { segment: inside, addresses: [`10.0.0.2${n}/24`] } })
    host.ip('route', 'add', 'default', 'via', '10.0.0.1')
    return host
  })
  return { client, sources, directors: [director], servers }
}
