/** Who is in the demo: the LVS set-ups of the how-tos, with direct routing on one segment or with NAT on two. */
import { readFileSync } from 'node:fs'
import { type Host, type Lab, openLab } from '../test/lab/library/index.ts'

export type WebServer = {
  readonly host: Host
  readonly name: string
  readonly start: () => Promise<() => Promise<void>>
}
export type Director = {
  readonly host: Host
  readonly address: string
  readonly example: string
  readonly configuration: string
}

export type Scene = {
  readonly lab: Lab
  readonly title: string
  readonly picture: readonly string[]
  readonly client: Host
  /** The client's addresses in sets of sixteen: persistence pins an address to a real server, so news needs new ones. */
  readonly sources: readonly (readonly string[])[]
  readonly directors: readonly [master: Director, backup: Director]
  readonly servers: readonly WebServer[]
}

export const VIRTUAL_ADDRESS = '192.168.2.240'
const SOURCES = [0, 1, 2].map((set) => Array.from({ length: 16 }, (_, i) => `192.168.2.${100 + 20 * set + i}`))

const example = (name: string): string => readFileSync(`conf-examples/${name}`, 'utf8')

function director(host: Host, address: string, file: string): Director {
  return { host, address, example: `conf-examples/${file}`, configuration: example(file) }
}

function webServer(host: Host, name: string, listen: readonly string[]): WebServer {
  return {
    host,
    name,
    start: async () => {
      const server = await host.nginx({ listen, body: name })
      return async () => void (await server.stop('SIGKILL'))
    },
  }
}

export function directRoutingScene(): Scene {
  const lab = openLab()
  const lan = lab.segment('lan')
  const on = (...addresses: readonly string[]) => ({
    eth0: { segment: lan, addresses: addresses.map((a) => `${a}/24`) },
  })
  const client = lab.host('client', on(...SOURCES.flat()))
  const directors = [
    director(lab.host('director1', on('192.168.2.210')), '192.168.2.210', 'lvs-dr-master.conf'),
    director(lab.host('director2', on('192.168.2.211')), '192.168.2.211', 'lvs-dr-backup.conf'),
  ] as const
  const servers = ['192.168.2.212', '192.168.2.213'].map((address, i) => {
    const host = lab.host(`web${i + 1}`, on(address))
    host.takeVirtualAddress(VIRTUAL_ADDRESS)
    return webServer(host, `web${i + 1}`, ['80'])
  })
  return {
    lab,
    title: 'LVS with direct routing',
    picture: [
      '  client ──────────┐                  ┌── director1  192.168.2.210   priority 150',
      '  192.168.2.100…   │   192.168.2.240  ├── director2  192.168.2.211   priority 100',
      '  48 addresses     └──────────────────┤',
      '                                      ├── web1       192.168.2.212   nginx, the virtual address on lo',
      '                                      └── web2       192.168.2.213   nginx, the virtual address on lo',
    ],
    client,
    sources: SOURCES,
    directors,
    servers,
  }
}

export function natScene(): Scene {
  const lab = openLab()
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const client = lab.host('client', { eth0: { segment: outside, addresses: SOURCES.flat().map((a) => `${a}/24`) } })
  const directorHost = (n: number): Host =>
    lab.host(`director${n}`, {
      eth0: { segment: outside, addresses: [`192.168.2.${209 + n}/24`] },
      eth1: { segment: inside, addresses: [`10.1.1.${209 + n}/24`] },
    })
  const directors = [
    director(directorHost(1), '192.168.2.210', 'lvs-nat-master.conf'),
    director(directorHost(2), '192.168.2.211', 'lvs-nat-backup.conf'),
  ] as const
  for (const { host } of directors) host.sysctl('net.ipv4.ip_forward=1')
  const servers = ['10.1.1.12', '10.1.1.13'].map((address, i) => {
    const host = lab.host(`web${i + 1}`, { eth0: { segment: inside, addresses: [`${address}/24`] } })
    host.ip('route', 'add', 'default', 'via', '10.1.1.1')
    return webServer(host, `web${i + 1}`, [`${address}:8080`])
  })
  return {
    lab,
    title: 'LVS with NAT and port mapping',
    picture: [
      '  client ──────────┐                  ┌── director1 ──┐              ┌── web1  10.1.1.12:8080',
      '  192.168.2.100…   │   192.168.2.240  │  .210   .210  │   10.1.1.1   │         nginx',
      '  48 addresses     └────────:80───────┤               ├──────────────┤',
      '                                      └── director2 ──┘              └── web2  10.1.1.13:8080',
      '                                         .211   .211                           nginx',
    ],
    client,
    sources: SOURCES,
    directors,
    servers,
  }
}
