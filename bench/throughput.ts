/**
 * Packets, requests and bytes a second from a client through a director to one real server, in namespaces on this machine:
 * plain kernel routing, nftables DNAT, HAProxy in TCP mode, and Holdfast by each method. The smallest UDP packets over 64 flows,
 * counted where they arrive; HTTP requests each on a connection of its own, by wrk; bytes to the server over one connection, by
 * iperf3. Medians of several rounds, the ways in turn. The sender, the director and the server share the processors, so the
 * figures compare ways, not machines.
 */

import { join } from 'node:path'
import { argv } from 'node:process'
import { type Host, type Lab, nowMillis, openLab, until } from '../test/lab/library/index.ts'

const ADDRESS = '192.0.2.100'
const SERVER = '10.0.0.21'
const SECONDS = 3
const rounds = Number(argv[2] ?? 3)

/** A second. A proxy for TCP has no packets of UDP. */
type Figures = { readonly packets?: number; readonly requests: number; readonly bytes: number }
/** iperf3 is at the next port. */
type Scene = {
  readonly client: Host
  readonly server: Host
  readonly target: string
  readonly port: number
  readonly tcpOnly?: boolean
}
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

const LOCAL = '10.0.0.31'
const locals = `local_address_group bench {
  ${LOCAL}
}
`

const services = (kind: 'NAT' | 'DR' | 'TUN' | 'FNAT', realServer: string, port: number): string =>
  (kind === 'FNAT' ? locals : '') +
  [
    ['TCP', 80, port],
    ['TCP', 81, port + 1],
    ['UDP', 80, port],
  ]
    .map(
      ([protocol, at, to]) => `virtual_server ${ADDRESS} ${at} {
  lb_algo rr
  lb_kind ${kind}
  protocol ${protocol}
  ${kind === 'FNAT' ? 'laddr_group_name bench' : ''}
  real_server ${realServer} ${to} {
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
          ip daddr ${ADDRESS} tcp dport 81 dnat to ${SERVER}:8081
          ip daddr ${ADDRESS} udp dport 80 dnat to ${SERVER}:8080
        }
      }
      `
      await checked(director, 'nft', '-f', director.file('rules.nft', rules))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'HAProxy, TCP mode',
    build: async (lab) => {
      const { client, director, server } = twoSegments(lab)
      director.ip('addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0')
      const listen = (at: number, to: number) => `listen at${at}\n bind ${ADDRESS}:${at}\n server one ${SERVER}:${to}\n`
      const times = 'timeout connect 5s\n timeout client 60s\n timeout server 60s\n'
      const file = director.file('haproxy.cfg', `defaults\n mode tcp\n ${times}${listen(80, 8080)}${listen(81, 8081)}`)
      director.spawn('haproxy', ['haproxy', '-db', '-f', file])
      return { client, server, target: ADDRESS, port: 80, tcpOnly: true }
    },
  },
  {
    name: 'Holdfast NAT',
    build: async (lab) => {
      const { client, director, server } = twoSegments(lab)
      await balances(director, services('NAT', SERVER, 8080))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'Holdfast FULLNAT',
    build: async (lab) => {
      const { client, director, server } = twoSegments(lab)
      director.ip('addr', 'add', `${LOCAL}/24`, 'dev', 'eth1')
      await balances(director, services('FNAT', SERVER, 8080))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'Holdfast direct routing',
    build: async (lab) => {
      const { client, director, server } = oneSegment(lab)
      await balances(director, services('DR', '192.0.2.21', 80))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
  {
    name: 'Holdfast tunnel (ipip)',
    build: async (lab) => {
      const { client, director, server } = oneSegment(lab)
      server.takeTunnelsApart()
      await balances(director, services('TUN', '192.0.2.21', 80))
      return { client, server, target: ADDRESS, port: 80 }
    },
  },
]

/** Client, director and server on one segment; the server has the virtual address as well. */
function oneSegment(lab: Lab): { client: Host; director: Host; server: Host } {
  const lan = lab.segment('lan')
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const server = lab.host('server', on(21))
  server.takeVirtualAddress(ADDRESS)
  return { client: lab.host('client', on(1)), director: lab.host('director', on(11)), server }
}

async function balances(director: Host, configured: string): Promise<void> {
  const daemon = await director.holdfastd(router + configured)
  await director.holds(ADDRESS)
  await daemon.shows('every service', ({ forwarding }) => forwarding?.services.length === 3)
}

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
    const { client, server, target, port, tcpOnly } = await build(lab)
    await server.nginx({ listen: ['80', '8080'], body: 'x' })
    for (const at of ['81', '8081'])
      await server.spawn('iperf3', ['iperf3', '-s', '--forceflush', '-p', at]).line(/listening/)
    const url = `http://${target}:${port}/`
    await until('the server answers', async () => (await client.exec('curl', '-sf', '-m1', url)).status === 0)
    const wrk = await checked(client, 'wrk', '-t1', '-c32', `-d${SECONDS}s`, '-H', 'Connection: close', url)
    const requests = Number(/Requests\/sec:\s+([\d.]+)/.exec(wrk)?.[1])

    const iperf3 = ['iperf3', '-c', target, '-p', String(port + 1), '-t', String(SECONDS), '-J']
    type Report = { end: { sum_received: { bits_per_second: number } } }
    const bytes = (JSON.parse(await checked(client, ...iperf3)) as Report).end.sum_received.bits_per_second / 8
    if (tcpOnly) return { requests, bytes }

    // What arrives is counted by the interface and goes no further: the server's own work is not what is compared.
    const sink = `table netdev bench {
      chain sink { type filter hook ingress device eth0 priority 0; ip protocol { udp, ipip } drop; }
    }
    `
    await checked(server, 'nft', '-f', server.file('sink.nft', sink))
    const [before, begun] = [received(server), nowMillis()]
    await checked(client, join(import.meta.dirname, '../flood'), target, String(port), String(SECONDS))
    const packets = ((received(server) - before) / (nowMillis() - begun)) * 1000
    return { packets, requests, bytes }
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

const of = (name: string, kind: keyof Figures): number =>
  median((seen.get(name) ?? []).flatMap((figures) => figures[kind] ?? []))
const plain = ways[0]?.name ?? ''
const KINDS = ['packets', 'requests', 'bytes'] as const
process.stdout.write(`median of ${rounds}; in brackets: of plain routing\n`)
process.stdout.write(
  `${''.padEnd(26)}${['packets/s', 'requests/s', 'MB/s'].map((name) => name.padStart(10).padEnd(18)).join('')}\n`,
)
for (const { name } of ways) {
  const cells = KINDS.map((kind) => {
    const figure = of(name, kind)
    if (Number.isNaN(figure)) return '-'.padStart(10).padEnd(18)
    const share = `(${(figure / of(plain, kind)).toFixed(2)})`
    return `${(kind === 'bytes' ? figure / 1e6 : figure).toFixed(0).padStart(10)} ${share.padEnd(7)}`
  })
  process.stdout.write(`${name.padEnd(26)}${cells.join('')}\n`)
}
process.exit(0)
