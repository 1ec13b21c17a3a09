/**
 * Where checkers connect to and from, for every kind of checker that connects, in the whole daemon. The server's packet filter
 * and the director's routes tell: each address of the server is reached in one way alone.
 */
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import type { Host, Lab } from '../lab/library/index.ts'
import { allEnd, type CheckRow, serverOf, virtualServerOf } from './check-table.ts'
import { type Kind, kinds, serveAllKinds } from './kinds.ts'

/** Addresses of the server, by what it takes to be answered there. */
const reached = {
  anyhow: ['192.0.2.21', '2001:db8::21'],
  /** From 192.0.2.12 or 2001:db8::12 alone. */
  bySource: ['192.0.2.22', '2001:db8::22'],
  /** From ports from 40000 on. */
  byPort: ['192.0.2.23', '2001:db8::23'],
  /** By packets that the director marks with 8. */
  byMark: ['192.0.2.24', '2001:db8::24'],
  /** Not at all: whatever comes is dropped. */
  never: ['192.0.2.25', '2001:db8::25'],
  /** Not at all, and it is told so as firewalld does it. */
  prohibited: ['192.0.2.26', '2001:db8::26'],
  /** Not at all, by the rarest word there is for it: protocol unreachable, and source address failed policy. */
  oddly: ['192.0.2.27', '2001:db8::27'],
} as const
const SOURCE = ['192.0.2.12', '2001:db8::12'] as const

function rowsOf(name: string, { good, check, port }: Kind, nextPort: () => number): readonly CheckRow[] {
  const datagram = ['DNS_CHECK', 'UDP_CHECK', 'PING_CHECK'].includes(name)
  const [up, refused] = [`up ${good}`, 'down connection-refused']
  const late = `down ${datagram ? 'response' : 'connect'}-timeout`
  return ([0, 1] as const).flatMap((i) => {
    const row = (claim: string, to: string, ends: string, ...lines: readonly string[]): CheckRow => {
      const where = [`connect_ip ${to}`, ...(port === undefined ? [] : [`connect_port ${port}`])]
      const all = lines.some((line) => line.startsWith('connect_port')) ? where.slice(0, 1) : where
      return {
        claim: `${name} over IPv${[4, 6][i]}: ${claim}`,
        real: check(['retry 0', ...all, ...lines].join('\n')),
        ends,
      }
    }
    const [anyhow, bySource, byPort, byMark] = [reached.anyhow, reached.bySource, reached.byPort, reached.byMark].map(
      (addresses) => addresses[i],
    ) as [string, string, string, string]
    return [
      row('connect_ip', anyhow, up),
      row('bindto', bySource, up, `bindto ${SOURCE[i]}`),
      row('without bindto', bySource, refused),
      row('bind_if eth0', anyhow, up, 'bind_if eth0'),
      // There somebody else has the address, and nobody listens.
      row('bind_if eth1', anyhow, name === 'PING_CHECK' ? late : refused, 'bind_if eth1', 'connect_timeout 1'),
      row('fwmark', byMark, up, 'fwmark 8'),
      row('another fwmark', byMark, 'down unreachable', 'fwmark 9'),
      row('connect_timeout', reached.never[i], late, 'connect_timeout 0.3'),
      row('a firewall that prohibits it', reached.prohibited[i], 'down unreachable'),
      row('a firewall that says so oddly', reached.oddly[i], 'down unreachable'),
      ...(port === undefined
        ? []
        : [
            row('bind_port', byPort, up, `bind_port ${nextPort()}`),
            row('without bind_port', byPort, refused),
            row(
              'bindto, bind_if, bind_port and fwmark',
              byPort,
              up,
              `bindto ${SOURCE[i]}\nbind_if eth0\nfwmark 8\nbind_port ${nextPort()}`,
            ),
            row('connect_port', anyhow, refused, 'connect_port 9'),
          ]),
    ]
  })
}

/** Whose connect_timeout counts. */
const limits = (
  [
    ['virtual server', '', ''],
    ['real server', 'connect_timeout 0.6', ''],
    ['checker', 'connect_timeout 0.6', 'connect_timeout 0.3'],
  ] as const
).map(
  ([level, ofServer, ofChecker]): CheckRow => ({
    claim: `connect_timeout of the ${level}`,
    real: `${ofServer}\nTCP_CHECK {\nconnect_ip ${reached.never[0]}\nretry 0\n${ofChecker}\n}`,
    ends: 'down connect-timeout',
  }),
)

/** One that answers in every way, and on another segment one who has its addresses and never does. */
function network(lab: Lab): { readonly director: Host; readonly server: Host } {
  const [lan, elsewhere] = [lab.segment(), lab.segment('elsewhere')]
  const director = lab.host('director', {
    eth0: {
      segment: lan,
      addresses: ['192.0.2.11/24', '192.0.2.12/24', '2001:db8::11/64', '2001:db8::12/64'],
    },
    eth1: { segment: elsewhere, addresses: ['192.0.2.13/32', '2001:db8::13/128'] },
  })
  for (const net of ['192.0.2.0/24', '2001:db8::/64']) director.ip('route', 'add', net, 'dev', 'eth1', 'metric', '5000')
  // Whoever is not told otherwise comes from 192.0.2.11 or 2001:db8::11, and from a low port.
  director.ip('addr', 'change', `${SOURCE[1]}/64`, 'dev', 'eth0', 'preferred_lft', '0')
  director.sysctl('net.ipv4.ip_local_port_range=20000 30000')
  for (const [i, family] of (['-4', '-6'] as const).entries()) {
    director.ip(family, 'rule', 'add', 'fwmark', '8', 'lookup', 'main', 'pref', '100')
    director.ip(family, 'rule', 'add', 'to', reached.byMark[i] as string, 'unreachable', 'pref', '200')
  }
  const lengths = ['/24', '/64']
  const addresses = Object.values(reached).flatMap((both) => both.map((one, i) => `${one}${lengths[i]}`))
  const nobody = lab.host('nobody', { eth0: { segment: elsewhere, addresses } })
  nobody.sysctl('net.ipv4.icmp_echo_ignore_all=1', 'net.ipv6.icmp.echo_ignore_all=1')
  const server = lab.host('server', { eth0: { segment: lan, addresses } })
  // Each refusal is told, however many there are.
  for (const host of [nobody, server]) host.sysctl('net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0')
  return { director, server }
}

/** What lets through what each address takes. */
function filter(server: Host): Promise<unknown> {
  const [v4, v6] = [0, 1].map((i) => (where: keyof typeof reached) => reached[where][i] as string)
  /** What becomes of all that comes to the address over IPv6, but for the questions by which it is found. */
  const over6 = (where: keyof typeof reached, verdict: string) =>
    ['icmpv6 type != { nd-neighbor-solicit, nd-neighbor-advert }', 'meta l4proto != icmpv6']
      .map((packets) => `ip6 daddr ${reached[where][1]} ${packets} ${verdict}`)
      .join('\n    ')
  const high = '{ tcp, udp } th sport < 40000'
  const rules = `table inet taken {
  chain input {
    type filter hook input priority 0
    ip daddr ${v4?.('bySource')} ip saddr != ${SOURCE[0]} reject
    ${over6('bySource', `ip6 saddr != ${SOURCE[1]} reject`)}
    ip daddr ${v4?.('byPort')} meta l4proto ${high} reject
    ip6 daddr ${v6?.('byPort')} meta l4proto ${high} reject
    ip daddr ${v4?.('never')} drop
    ${over6('never', 'drop')}
    ip daddr ${v4?.('prohibited')} reject with icmp type admin-prohibited
    ${over6('prohibited', 'reject with icmpv6 type admin-prohibited')}
    ip daddr ${v4?.('oddly')} reject with icmp type prot-unreachable
    ${over6('oddly', 'reject with icmpv6 type policy-fail')}
  }
}
`
  return server.exec('nft', '-f', server.file('rules', rules))
}

lab('every checker connects to where it is told, and from there', async (lab) => {
  const { director, server } = network(lab)
  await Promise.all([filter(server), serveAllKinds(server)])
  let port = 40_000
  const rows = Object.entries(kinds).flatMap(([name, kind]) => rowsOf(name, kind, () => ++port))
  const [link] = (
    JSON.parse(server.ip('-j', 'addr', 'show', 'dev', 'eth0')) as { addr_info: { local: string; scope: string }[] }[]
  )
    .flatMap(({ addr_info }) => addr_info)
    .filter(({ scope, local }) => scope === 'link' && local.startsWith('fe80'))
  const linkLocal = Object.entries(kinds).map(([name, { good, check, port: at }]): CheckRow => {
    const where = `connect_ip ${link?.local}\n${at === undefined ? '' : `connect_port ${at}`}\nbind_if eth0`
    return { claim: `${name}: a link-local address`, real: check(where), ends: `up ${good}` }
  })
  const all = [...rows, ...linkLocal, ...limits]
  const daemon = await director.holdfastd(virtualServerOf(all, 'delay_loop 1\nwarmup 0\nconnect_timeout 4'))
  const seen = await allEnd(daemon, all)
  expect(limits.map(({ claim }) => serverOf(seen, all, claim)?.checkers[0]?.detail)).toEqual(
    [4, 0.6, 0.3].map((seconds) => `no connection within ${seconds} s`),
  )
})
