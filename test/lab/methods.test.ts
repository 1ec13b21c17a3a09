/**
 * A daemon with a configuration file, and each forwarding method in each family under load: HTTP by wrk, every request on a
 * connection of its own, to two nginx; and 1 GiB by iperf3. The director, its servers and the client have the offloads that
 * veth has; a second, shorter transfer goes with the checksums completed at the director, so that receivers do check them.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { type Holdfastd, type Host, type Lab, openLab } from './library/index.ts'

type Family = 4 | 6
type Row = {
  readonly claim: string
  readonly family: Family
  /** Of clients; servers have this port for HTTP and the next for iperf3, or those of `map`. */
  readonly port: number
  /** Of lb_kind. */
  readonly kind: string
  readonly map?: number
  /** Of the servers; absent: as the virtual address. */
  readonly outer?: Family
  readonly more?: readonly string[]
  /** The service goes by this firewall mark, that for iperf3 by the next, which nftables gives to what is for the ports. */
  readonly mark?: number
}

/** What FULLNAT shows servers as the client. */
const LOCAL = { 4: ['10.0.0.31', '10.0.0.32'], 6: ['2001:db8:2::31', '2001:db8:2::32'] } as const
const local = (family: Family): readonly string[] => [`laddr_group_name local${family}`]

const rows: readonly Row[] = [
  { claim: 'NAT with port mapping, IPv4', family: 4, port: 8000, kind: 'NAT', map: 9000 },
  { claim: 'NAT with port mapping, IPv6', family: 6, port: 8000, kind: 'NAT', map: 9000 },
  { claim: 'direct routing, IPv4', family: 4, port: 8010, kind: 'DR' },
  { claim: 'direct routing, IPv6', family: 6, port: 8010, kind: 'DR' },
  { claim: 'tunnels (ipip), IPv4', family: 4, port: 8020, kind: 'TUN' },
  { claim: 'tunnels (GRE), IPv4 in IPv6', family: 4, port: 8040, kind: 'TUN type gre', outer: 6 },
  { claim: 'tunnels (ipip), IPv6', family: 6, port: 8020, kind: 'TUN' },
  { claim: 'tunnels (GUE), IPv6 in IPv4', family: 6, port: 8030, kind: 'TUN type gue port 6080', outer: 4 },
  { claim: 'FULLNAT with port mapping, IPv4', family: 4, port: 8050, kind: 'FNAT', map: 9050, more: local(4) },
  { claim: 'FULLNAT with port mapping, IPv6', family: 6, port: 8050, kind: 'FNAT', map: 9050, more: local(6) },
  { claim: 'FULLNAT with TOA, IPv6', family: 6, port: 8060, kind: 'FNAT', map: 9050, more: [...local(6), 'toa'] },
  { claim: 'firewall mark set by nftables, NAT, IPv4', family: 4, port: 8070, kind: 'NAT', mark: 40 },
  { claim: 'firewall mark set by nftables, direct routing, IPv6', family: 6, port: 8080, kind: 'DR', mark: 62 },
]

const VIRTUAL = { 4: VIRTUAL_ADDRESS, 6: VIRTUAL_ADDRESS_6 } as const
const SERVERS = { 4: ['10.0.0.21', '10.0.0.22'], 6: ['2001:db8:2::21', '2001:db8:2::22'] } as const
const GIB = 1 << 30
const ON_THE_WAY = 32 << 20

/** A row's services: HTTP from both servers, iperf3, whose connections belong together, from the first. */
const services = ({ family, port, map = port, outer = family, mark }: Row) =>
  [0, 1].map((i) => ({
    at: mark === undefined ? `${VIRTUAL[family]} ${port + i}` : `fwmark ${mark + i}`,
    servers: SERVERS[outer].slice(0, 2 - i).map((server) => `${server} ${map + i}`),
  }))
const virtualServer = (row: Row): string =>
  services(row)
    .map(({ at, servers }) => {
      const ofMark = row.mark === undefined ? [] : [`ip_family ${row.family === 6 ? 'inet6' : 'inet'}`]
      const lines = [
        'delay_loop 1',
        'lb_algo rr',
        `lb_kind ${row.kind}`,
        'protocol TCP',
        ...ofMark,
        ...(row.more ?? []),
      ]
      const blocks = servers.map((server) => `real_server ${server} {\n weight 1\n }`)
      return `virtual_server ${at} {\n${[...lines, ...blocks].join('\n')}\n}\n`
    })
    .join('')
const serviceKey = ({ family, port, mark }: Row): string =>
  mark === undefined
    ? `tcp/${family === 6 ? `[${VIRTUAL[family]}]` : VIRTUAL[family]}:${port}`
    : `fwmark/${family}/${mark}`
/** What gives the marks. */
const markRules = (): string => {
  const rules = rows.flatMap(({ family, port, mark }) =>
    mark === undefined
      ? []
      : [0, 1].map(
          (i) =>
            `${family === 6 ? 'ip6' : 'ip'} daddr ${VIRTUAL[family]} tcp dport ${port + i} meta mark set ${mark + i}`,
        ),
  )
  return `table inet marks {\nchain pre {\ntype filter hook prerouting priority mangle\n${rules.join('\n')}\n}\n}\n`
}
const configuration = (): string =>
  ([4, 6] as const).map((family) => `local_address_group local${family} {\n${LOCAL[family].join('\n')}\n}\n`).join('') +
  instance({ version: 3, priority: 100, advertInt: 0.1 }) +
  instance({ version: 3, priority: 100, advertInt: 0.1, virtualRouterId: 52, addresses: [`${VIRTUAL_ADDRESS_6}/64`] }) +
  rows.map(virtualServer).join('')

let lab: Lab
let client: Host
let director: Host
let servers: readonly Host[]
let daemon: Holdfastd

beforeAll(async () => {
  lab = openLab()
  const [front, back] = [lab.segment('front'), lab.segment('back')]
  client = lab.host('client', { eth0: { segment: front, addresses: ['192.0.2.1/24', '2001:db8::1/64'] } })
  director = lab.host('director', {
    eth0: { segment: front, addresses: ['192.0.2.11/24', '2001:db8::11/64'] },
    eth1: { segment: back, addresses: ['10.0.0.1/24', '2001:db8:2::1/64'] },
  })
  director.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  for (const address of LOCAL[4]) director.ip('addr', 'add', `${address}/24`, 'dev', 'eth1')
  for (const address of LOCAL[6]) director.ip('addr', 'add', `${address}/64`, 'dev', 'eth1', 'nodad')
  servers = [21, 22].map((n) => server(`web${n - 20}`, n, front, back))
  for (const host of servers) await serve(host)
  await succeeds(director, 'nft', '-f', director.file('marks.nft', markRules()))
  daemon = await director.holdfastd(configuration())
  for (const address of Object.values(VIRTUAL)) await director.holds(address)
  const served = ({ forwarding }: DaemonSnapshot) =>
    forwarding?.services.filter(({ destinations }) => destinations.length > 0).length === 2 * rows.length
  await daemon.shows('every service with its servers', served)
})
afterAll(() => lab?.close())

/** On the back segment with the director as its gateway; what it sends from the virtual address goes to clients at once. */
function server(name: string, n: number, front: ReturnType<Lab['segment']>, back: ReturnType<Lab['segment']>): Host {
  const host = lab.host(name, {
    eth0: { segment: back, addresses: [`10.0.0.${n}/24`, `2001:db8:2::${n}/64`] },
    eth1: { segment: front, addresses: [] },
  })
  host.takeVirtualAddress(VIRTUAL_ADDRESS)
  host.sysctl('net.ipv4.conf.eth1.arp_ignore=1', 'net.ipv4.conf.eth1.arp_announce=2')
  host.ip('addr', 'add', `${VIRTUAL_ADDRESS_6}/128`, 'dev', 'lo', 'nodad')
  host.ip('addr', 'add', `192.0.2.${n}/24`, 'dev', 'eth1')
  host.ip('addr', 'add', `2001:db8::${n}/64`, 'dev', 'eth1', 'nodad')
  for (const [family, from, via] of [
    ['-4', '10.0.0.0/24', '10.0.0.1'],
    ['-6', '2001:db8:2::/64', '2001:db8:2::1'],
  ] as const) {
    host.ip(family, 'rule', 'add', 'from', from, 'table', '100')
    host.ip(family, 'route', 'add', from, 'dev', 'eth0', 'table', '100')
    host.ip(family, 'route', 'add', 'default', 'via', via, 'table', '100')
  }
  return host
}

/** What takes tunnels apart, and the web and iperf3 servers. */
async function serve(host: Host): Promise<void> {
  host.takeTunnelsApart()
  const ports = rows.map(({ port, map = port }) => map)
  const unique = [...new Set(ports)]
  await host.nginx({ listen: unique.flatMap((port) => [`${port}`, `[::]:${port}`]), body: host.name })
  const listening = unique.map((port) => host.spawn('iperf3', ['iperf3', '-s', '--forceflush', '-p', String(port + 1)]))
  for (const one of listening) await one.line(/listening/)
}

const url = ({ family, port }: Row): string =>
  `http://${family === 6 ? `[${VIRTUAL[family]}]` : VIRTUAL[family]}:${port}/`

async function succeeds(host: Host, ...command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await host.exec(...command)
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}${stdout.slice(-2000)}`)
  return stdout
}

/** Every count of a wrong checksum at the client and the servers, by host and name. */
async function checksumErrors(): Promise<Record<string, number>> {
  const errors: Record<string, number> = {}
  for (const host of [client, ...servers]) {
    const text = await succeeds(host, 'nstat', '-az')
    for (const [, name, count] of text.matchAll(/^(\S*CsumErrors)\s+(\d+)/gm))
      if (Number(count) > 0) errors[`${host.name} ${name}`] = Number(count)
    if (!text.includes('TcpInCsumErrors')) throw new Error(`nstat has no TcpInCsumErrors:\n${text}`)
  }
  return errors
}

/**
 * Sends so many bytes, the other way with `-R`; whether as many came. iperf3's receiver leaves what is still on the way when
 * its sender is done, so some more are sent.
 */
async function arrives({ family, port }: Row, bytes: number, ...words: readonly string[]): Promise<boolean> {
  const count = ['-n', String(bytes + ON_THE_WAY)]
  const said = await succeeds(
    client,
    'iperf3',
    '-c',
    VIRTUAL[family],
    '-p',
    String(port + 1),
    ...count,
    '--json',
    ...words,
  )
  type Sum = { readonly bytes: number }
  const { end } = JSON.parse(said) as { readonly end: { readonly sum_received: Sum } }
  return end.sum_received.bytes >= bytes
}

async function withoutOffloads(body: () => Promise<void>): Promise<void> {
  const set = async (state: 'on' | 'off') => {
    for (const device of ['eth0', 'eth1']) await succeeds(director, 'ethtool', '-K', device, 'tx', state)
  }
  await set('off')
  try {
    await body()
  } finally {
    await set('on')
  }
}

const exits = async (): Promise<Readonly<Record<string, number>>> => (await daemon.status()).forwarding?.exits ?? {}

describe.each(rows)('$claim', (row) => {
  test('wrk against two nginx, a connection each: not one request fails', async () => {
    const script = join(import.meta.dirname, 'wrk-report.lua')
    const words = ['-t1', '-c16', '-d2s', '-H', 'Connection: close', '-s', script, url(row)]
    const said = await succeeds(client, 'wrk', ...words)
    const { requests, ...failed } = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, number>
    expect(failed).toEqual({ connect: 0, read: 0, write: 0, timeout: 0, status: 0 })
    expect(requests).toBeGreaterThan(100)
    const { forwarding } = await daemon.status()
    const found = forwarding?.services.find((one) => one.key === serviceKey(row))
    // Both were asked, for the same number of connections.
    const [one, other] = (found?.destinations ?? []).map(({ connections }) => connections)
    expect(one).toBeGreaterThan(50)
    expect(Math.abs((one ?? 0) - (other ?? 0))).toBeLessThanOrEqual(1)
  })

  test('1 GiB by iperf3 arrives whole, no checksum wrong', async () => {
    expect(await arrives(row, GIB)).toBe(true)
    expect(await checksumErrors()).toEqual({})
  })

  test('checksums completed at the director: 128 MiB each way, none wrong where it is checked', async () => {
    await withoutOffloads(async () => {
      for (const way of [[], ['-R']]) expect(await arrives(row, GIB / 8, ...way)).toBe(true)
    })
    expect(await checksumErrors()).toEqual({})
    const { 'rewrite-failed': rewrite, 'encapsulation-failed': encapsulation } = await exits()
    expect({ rewrite, encapsulation }).toEqual({ rewrite: 0, encapsulation: 0 })
  })
})
