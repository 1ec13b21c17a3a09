/**
 * Packets and requests a second from a client through a director to one real server, in namespaces on this machine: plain
 * kernel routing, nftables DNAT, Holdfast with NAT and with direct routing. The smallest UDP packets over 64 flows, counted
 * where they arrive; HTTP requests each on a connection of its own, by wrk. Medians of several rounds, the ways in turn. The
 * sender, the director and the server share the processors, so the figures compare ways, not machines.
 */

import { join } from 'node:path'
import { argv } from 'node:process'
import { type Host, type Lab, nowMillis, openLab, until } from '../test/lab/library/index.ts'

const ADDRESS = '192.0.2.100'
const SERVER = '10.0.0.21'
const SECONDS = 3
const rounds = Number(argv[2] ?? 3)

type Figures = { readonly packets: number; readonly requests: number }
type Scene = { readonly client: Host; readonly server: Host; readonly target: string; readonly port: number }
type Way = { readonly name: string; readonly build: (lab: Lab) => Promise<Scene> }

const router = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  version 3
  priority 100
  advert_int 0.1
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
`

const services = (kind: 'NAT' | 'DR', realServer: string, port: number): string =>
  (['TCP', 'UDP'] as const)
    .map(
      (protocol) => `virtual_server ${ADDRESS} 80 {
  lb_algo rr
  lb_kind ${kind}
  protocol ${protocol}
  real_server ${realServer} ${port} {
    weight 1
  }
}
`,
    )
    .join('')

/** A client and a server on two segments with a director between them that is the server's gateway. */
function twoSegments(lab: Lab): { client: Host; director: Host; server: Host } {
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const client = lab.host('client', { eth0: { segment: outside, addresses: ['192.0.2.1/24'] } })
  const director = lab.host('director', {
    eth0: { segment: outside, addresses: ['192.0.2.11/24'] },
    eth1: { segment: inside, addresses: ['10.0.0.1/24'] },
  })
  director.sysctl('net.ipv4.ip_forward=1')
  const server = lab.host('server', { eth0: { segment: inside, addresses: [`${SERVER}/24`] } })
  server.ip('route', 'add', 'default', 'via', '10.0.0.1')
  client.ip('route', 'add', '10.0.0.0/24', 'via', '192.0.2.11')
  return { client, director, server }
}

const ways: readonly Way[] = [
  {
    name: 'plain kernel routing',
    build: async (lab) => ({ ...twoSegments(lab), target: SERVER, port: 8080 }),
  },
  {
    name: 'nftables DNAT',
    build: async (lab) => {
      const { client, director, server } = twoSegments(lab)
      director.ip('addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0')
      const rules = `table ip bench {
        chain pre {
          type nat hook prerouting priority dstnat;
          ip daddr ${ADDRESS} tcp dport 80 dnat to ${SERVER}:8080
          ip daddr ${ADDRESS} udp dport 80 dnat to ${SERVER}:8080
        }
      }
      `
      await checked(director, 'nft', '-f', director.file('rules.nft', rules))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'Holdfast NAT',
    build: async (lab) => {
      const { client, director, server } = twoSegments(lab)
      const daemon = await director.holdfastd(router + services('NAT', SERVER, 8080))
      await director.holds(ADDRESS)
      await daemon.shows('both services', ({ forwarding }) => forwarding?.services.length === 2)
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'Holdfast direct routing',
    build: async (lab) => {
      const lan = lab.segment('lan')
      const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
      const [client, director, server] = [
        lab.host('client', on(1)),
        lab.host('director', on(11)),
        lab.host('server', on(21)),
      ]
      server.takeVirtualAddress(ADDRESS)
      const daemon = await director.holdfastd(router + services('DR', '192.0.2.21', 80))
      await director.holds(ADDRESS)
      await daemon.shows('both services', ({ forwarding }) => forwarding?.services.length === 2)
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
]

async function checked(host: Host, ...command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await host.exec(...command)
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

function received(server: Host): number {
  type Shown = { stats64: { rx: { packets: number } } }
  const [link] = JSON.parse(server.ip('-s', '-j', 'link', 'show', 'dev', 'eth0')) as Shown[]
  return link?.stats64.rx.packets ?? 0
}

async function measure({ build }: Way): Promise<Figures> {
  const lab = openLab()
  try {
    const { client, server, target, port } = await build(lab)
    await server.nginx({ listen: ['80', '8080'], body: 'x' })
    const url = `http://${target}:${port}/`
    await until('the server answers', async () => (await client.exec('curl', '-sf', '-m1', url)).status === 0)
    const wrk = await checked(client, 'wrk', '-t1', '-c32', `-d${SECONDS}s`, '-H', 'Connection: close', url)
    const requests = Number(/Requests\/sec:\s+([\d.]+)/.exec(wrk)?.[1])

    // What arrives is counted by the interface and goes no further: the server's own work is not what is compared.
    const sink = `table netdev bench {
      chain sink { type filter hook ingress device eth0 priority 0; ip protocol udp drop; }
    }
    `
    await checked(server, 'nft', '-f', server.file('sink.nft', sink))
    const [before, begun] = [received(server), nowMillis()]
    await checked(client, join(import.meta.dirname, '../flood'), target, String(port), String(SECONDS))
    const packets = ((received(server) - before) / (nowMillis() - begun)) * 1000
    return { packets, requests }
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`)
    throw error
  } finally {
    lab.close()
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const seen = new Map<string, Figures[]>()
for (let round = 0; round < rounds; round++)
  for (const way of ways) seen.set(way.name, [...(seen.get(way.name) ?? []), await measure(way)])

const of = (name: string): Figures => ({
  packets: median((seen.get(name) ?? []).map(({ packets }) => packets)),
  requests: median((seen.get(name) ?? []).map(({ requests }) => requests)),
})
const plain = of(ways[0]?.name ?? '')
process.stdout.write(`median of ${rounds}; in brackets: of plain routing\n`)
process.stdout.write(`${''.padEnd(26)}${'packets/s'.padStart(10)}${''.padEnd(9)}${'requests/s'.padStart(12)}\n`)
for (const { name } of ways) {
  const { packets, requests } = of(name)
  const share = (part: number, whole: number): string => `(${(part / whole).toFixed(2)})`
  process.stdout.write(
    `${name.padEnd(26)}${packets.toFixed(0).padStart(10)} ${share(packets, plain.packets).padEnd(8)}${requests.toFixed(0).padStart(12)} ${share(requests, plain.requests)}\n`,
  )
}
process.exit(0)
