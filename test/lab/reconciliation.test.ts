/** What others do to virtual addresses: noticed, counted, shown. */
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Host, type Lab, until } from './library/index.ts'

const instance = (name: string, id: number, addresses: string, more = '') => `vrrp_instance ${name} {
interface eth0
virtual_router_id ${id}
version 3
advert_int 0.2
priority 200
${more}
virtual_ipaddress {
${addresses}
}
}
`

function pair(lab: Lab): { ours: Host; stranger: Host } {
  const segment = lab.segment()
  return {
    ours: lab.host('ours', {
      eth0: { segment, addresses: ['192.0.2.11/24', '2001:db8::11/64'] },
      eth1: { segment: lab.segment('other'), addresses: ['198.51.100.11/24'] },
    }),
    stranger: lab.host('stranger', { eth0: { segment, addresses: ['192.0.2.12/24', '2001:db8::12/64'] } }),
  }
}

const incident = (daemon: Holdfastd, kind: string, subject: string) =>
  daemon
    .shows(`${subject} ${kind}`, ({ virtualRouters }) =>
      virtualRouters.some(({ incidents = [] }) =>
        incidents.some((one) => one.kind === kind && one.subject === subject),
      ),
    )
    .then(({ virtualRouters }) =>
      virtualRouters
        .flatMap(({ incidents = [] }) => incidents)
        .find((one) => one.kind === kind && one.subject === subject),
    )

lab(
  'another host that claims a virtual address, by ARP or neighbour discovery, is noticed with its MAC',
  async (lab) => {
    const { ours, stranger } = pair(lab)
    const four = instance('FOUR', 51, '192.0.2.100/24')
    const six = instance('SIX', 56, '2001:db8::100/64')
    const daemon = await ours.holdfastd(four + six)
    await Promise.all([ours.holds('192.0.2.100'), ours.holds('2001:db8::100')])
    stranger.ip('addr', 'add', '192.0.2.100/24', 'dev', 'eth0')
    stranger.ip('addr', 'add', '2001:db8::100/64', 'dev', 'eth0', 'nodad')
    // It asks for a neighbour in the name of the one.
    await stranger.exec('ping', '-c', '1', '-W', '1', '-I', '192.0.2.100', '192.0.2.99')
    const mac = stranger.mac()
    expect(await incident(daemon, 'claimed', '192.0.2.100')).toMatchObject({ by: mac })
    // With another MAC it tells everybody of the other.
    stranger.sysctl('net.ipv6.conf.eth0.ndisc_notify=1')
    stranger.ip('link', 'set', 'eth0', 'address', '02:00:00:00:00:99')
    expect(await incident(daemon, 'claimed', '2001:db8::100')).toMatchObject({ by: '02:00:00:00:00:99' })
    const { stdout } = await daemon.holdfast('status')
    expect(stdout).toContain(`192.0.2.100 is claimed by ${mac}`)
    expect((await daemon.status()).virtualRouters).toMatchObject([{ state: 'master' }, { state: 'master' }])
  },
)

lab('a virtual address on another interface of this host is noticed', async (lab) => {
  const { ours } = pair(lab)
  const daemon = await ours.holdfastd(instance('FOUR', 51, '192.0.2.100/24'))
  await ours.holds('192.0.2.100')
  ours.ip('addr', 'add', '192.0.2.100/32', 'dev', 'eth1')
  expect(await incident(daemon, 'elsewhere', '192.0.2.100')).toMatchObject({ by: 'eth1', count: 1 })
})

lab('an IPv6 address that fails its duplicate address detection is noticed', async (lab) => {
  const { ours, stranger } = pair(lab)
  stranger.ip('addr', 'add', '2001:db8::100/64', 'dev', 'eth0', 'nodad')
  ours.sysctl('net.ipv6.conf.all.accept_dad=1', 'net.ipv6.conf.eth0.accept_dad=1', 'net.ipv6.conf.eth0.dad_transmits=1')
  const daemon = await ours.holdfastd(instance('SIX', 56, '2001:db8::100/64 -nodad'))
  expect(await incident(daemon, 'duplicate', '2001:db8::100')).toMatchObject({ count: 1 })
})

lab('an address that moves to another virtual router in a reload is never missing', async (lab) => {
  const { ours } = pair(lab)
  const both = (first: string, second: string) => instance('ONE', 51, first) + instance('TWO', 52, second)
  const daemon = await ours.holdfastd(both('192.0.2.100/24\n192.0.2.101/24', '192.0.2.102/24'))
  await Promise.all(['192.0.2.100', '192.0.2.101', '192.0.2.102'].map((address) => ours.holds(address)))
  const monitor = ours.spawn('monitor', ['ip', 'monitor', 'address'])
  await until('the monitor listens', () => {
    ours.ip('addr', 'replace', '203.0.113.1/32', 'dev', 'eth1')
    ours.ip('addr', 'del', '203.0.113.1/32', 'dev', 'eth1')
    return monitor.lines.length > 0
  })
  daemon.configure(both('192.0.2.100/24', '192.0.2.101/24\n192.0.2.102/24\n192.0.2.103/24'))
  expect((await daemon.holdfast('reload')).status).toBe(0)
  await ours.holds('192.0.2.103')
  await monitor.line(/192\.0\.2\.103/)
  expect(monitor.lines.filter(({ text }) => text.includes('192.0.2.101'))).toEqual([])
  expect((await daemon.status()).virtualRouters).toMatchObject([
    { state: 'master', becameMaster: 1 },
    { state: 'master', becameMaster: 1 },
  ])
})

lab('after a split that has healed clients reach the master that stays', async (lab) => {
  const segment = lab.segment()
  const hosts = (['strong', 'weak', 'client'] as const).map((name, i) =>
    lab.host(name, { eth0: { segment, addresses: [`192.0.2.${11 + i}/24`] } }),
  )
  const [strong, weak, client] = hosts as [Host, Host, Host]
  const quiet = 'garp_master_delay 0\ngarp_master_repeat 1\ngarp_lower_prio_delay 0'
  await strong.holdfastd(instance('ONE', 51, '192.0.2.100/24', quiet))
  await weak.holdfastd(instance('ONE', 51, '192.0.2.100/24', quiet).replace('priority 200', 'priority 100'))
  await strong.holds('192.0.2.100')
  const knows = (host: Host) => client.ip('neigh', 'show', '192.0.2.100').includes(host.mac())
  await until('the client knows the strong one', async () => {
    await client.exec('ping', '-c', '1', '-W', '1', '192.0.2.100')
    return knows(strong)
  })
  const deaf =
    'add table inet split; add chain inet split input { type filter hook input priority 0; }; add rule inet split input ip protocol 112 drop'
  for (const host of [strong, weak]) expect((await host.exec('nft', deaf)).status).toBe(0)
  await weak.holds('192.0.2.100')
  await until('the client was told of the weak one', () => knows(weak))
  for (const host of [strong, weak]) await host.exec('nft', 'delete table inet split')
  await weak.releases('192.0.2.100')
  await until('the client was told of the strong one', () => knows(strong))
})
