/** The virtual MAC (use_vmac) of Holdfast and of Debian's keepalived, each backing up the other. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Capture, type Host, until } from './library/index.ts'
import { routers } from './scenes.ts'

type Daemon = { stop(): Promise<unknown> }
const starts: Readonly<Record<'holdfast' | 'keepalived', (host: Host, configuration: string) => Promise<Daemon>>> = {
  holdfast: (host, configuration) => host.holdfastd(configuration),
  keepalived: (host, configuration) => host.keepalived(configuration),
}

const settings = [
  {
    family: 'IPv4',
    virtualAddress: VIRTUAL_ADDRESS,
    addresses: [`${VIRTUAL_ADDRESS}/24`],
    mac: '00:00:5e:00:01:33',
    ping: ['ping', '-c1', '-W1'],
  },
  {
    family: 'IPv6',
    virtualAddress: VIRTUAL_ADDRESS_6,
    addresses: ['fe80::100/64', `${VIRTUAL_ADDRESS_6}/64`],
    mac: '00:00:5e:00:02:33',
    ping: ['ping', '-6', '-c1', '-W1'],
  },
] as const

/** What the onlooker takes for the hardware address behind an address. */
const neighbour = (host: Host, address: string): string | undefined => {
  const entries = JSON.parse(host.ip('-j', 'neigh', 'show')) as { dst: string; lladdr?: string }[]
  return entries.find(({ dst }) => dst === address)?.lladdr
}

/** Source MACs of advertisements, announcements and answers about the address since then. */
const sourcesOf = (wire: Capture, since: number, virtualAddress: string): ReadonlySet<string> =>
  new Set(
    wire.frames
      .filter(
        (frame) =>
          frame.at >= since &&
          ((frame.kind === 'vrrp' && frame.priority > 0) ||
            (frame.kind === 'arp' && frame.senderAddress === virtualAddress) ||
            (frame.kind === 'neighbour-advertisement' && frame.target === virtualAddress)),
      )
      .map(({ sourceMac }) => sourceMac),
  )

for (const { family, virtualAddress, addresses, mac, ping } of settings)
  for (const first of ['holdfast', 'keepalived'] as const) {
    const second = first === 'holdfast' ? 'keepalived' : 'holdfast'

    lab(
      `V-006, V-080, V-086: over ${family} ${second} takes over from ${first} and yields to it, and a client knows one MAC throughout`,
      async (lab) => {
        const { strong, weak, onlooker } = routers(lab)
        const wire = await onlooker.capture('arp or icmp6 or ip proto 112 or ip6 proto 112')
        const began = Date.now()
        // keepalived leaves this to the administrator: without it the host asks for neighbours in the virtual address's name.
        const keepalivedHost = first === 'keepalived' ? strong : weak
        keepalivedHost.sysctl('net.ipv4.conf.eth0.arp_announce=2')
        const configuration = (priority: number) =>
          instance({ version: 3, advertInt: 0.2, addresses, priority, more: ['use_vmac'] })
        const reaches = async () => {
          await until(`${virtualAddress} answers`, async () => {
            const { status } = await onlooker.exec(...ping, virtualAddress)
            return status === 0
          })
          expect(neighbour(onlooker, virtualAddress)).toBe(mac)
        }
        const master = await starts[first](strong, configuration(200))
        await strong.holds(virtualAddress)
        expect(strong.mac('vrrp.51')).toBe(mac)
        await starts[second](weak, configuration(100))
        await reaches()

        await master.stop()
        await weak.holds(virtualAddress)
        await reaches()
        // Its link is gone with it.
        expect(strong.ip('-br', 'link')).not.toContain('vrrp')

        await starts[first](strong, configuration(200))
        await strong.holds(virtualAddress)
        await weak.releases(virtualAddress)
        await reaches()

        expect([...sourcesOf(wire, began, virtualAddress)]).toEqual([mac])
        const arp = wire.frames.filter((frame) => frame.kind === 'arp' && frame.senderAddress === virtualAddress)
        expect(arp.every((frame) => frame.kind === 'arp' && frame.senderMac === mac)).toBe(true)
      },
    )
  }

lab('the same configuration makes the same interfaces, addresses and settings as keepalived', async (lab) => {
  const { strong: ours, weak: theirs } = routers(lab)
  const both = (priority: number) => [
    instance({ version: 3, advertInt: 0.2, priority, more: ['use_vmac'] }),
    instance({
      version: 3,
      advertInt: 0.2,
      priority,
      addresses: ['fe80::100/64', `${VIRTUAL_ADDRESS_6}/64`],
      more: ['use_vmac'],
    }).replace('VI_51', 'VI_6'),
  ]
  const shown = async (host: Host, start: (configuration: string) => Promise<Daemon>) => {
    const daemon = await start(both(100).join(''))
    await host.holds(VIRTUAL_ADDRESS)
    await host.holds(VIRTUAL_ADDRESS_6)
    type Shown = {
      ifname: string
      link: string
      address: string
      linkinfo: unknown
      addr_info: { local: string; prefixlen: number; scope: string; nodad?: true; deprecated?: true }[]
    }
    const links = (JSON.parse(host.ip('-j', '-d', 'addr')) as Shown[])
      .filter(({ ifname }) => ifname.startsWith('vrrp'))
      .map(({ ifname, link, address, linkinfo, addr_info }) => ({
        ifname,
        link,
        address,
        linkinfo,
        addresses: addr_info
          .filter(({ deprecated }) => deprecated === undefined)
          .map(({ local, prefixlen, scope, nodad }) => `${local}/${prefixlen} ${scope} ${nodad ?? false}`)
          .sort(),
        // The copy of the address below.
        copies: addr_info.filter(({ deprecated }) => deprecated === true).length,
      }))
    const names = ['arp_ignore', 'arp_filter', 'accept_local', 'rp_filter', 'promote_secondaries']
    const values: Record<string, string> = {}
    for (const link of ['eth0', 'vrrp.51'])
      for (const name of names) {
        const { stdout } = await host.exec('sysctl', '-n', `net.ipv4.conf.${link.replace('.', '/')}.${name}`)
        values[`${link} ${name}`] = stdout.trim()
      }
    for (const [link, name] of [
      ['vrrp.51', 'addr_gen_mode'],
      ['vrrp6.51', 'addr_gen_mode'],
      ['vrrp.51', 'disable_ipv6'],
      ['vrrp6.51', 'disable_ipv6'],
    ] as const) {
      const { stdout } = await host.exec('sysctl', '-n', `net.ipv6.conf.${link.replace('.', '/')}.${name}`)
      values[`${link} ${name}`] = stdout.trim()
    }
    await daemon.stop()
    return { links, values }
  }
  const expected = await shown(theirs, (configuration) => theirs.keepalived(configuration))
  expect(await shown(ours, (configuration) => ours.holdfastd(configuration))).toEqual(expected)
  // keepalived leaves these behind.
  const { stdout } = await ours.exec('sysctl', '-n', 'net.ipv4.conf.eth0.arp_ignore', 'net.ipv4.conf.eth0.arp_filter')
  expect(stdout).toBe('0\n0\n')
})

lab(
  'a link that is removed under a master is back with its addresses, and the vrrp role killed leaves it in use',
  async (lab) => {
    const { strong, onlooker } = routers(lab)
    const daemon = await strong.holdfastd(instance({ version: 3, advertInt: 0.2, priority: 200, more: ['use_vmac'] }))
    await strong.holds(VIRTUAL_ADDRESS)
    const wire = await onlooker.capture('ip proto 112')
    strong.ip('link', 'del', 'vrrp.51')
    await strong.holds(VIRTUAL_ADDRESS)
    expect(strong.mac('vrrp.51')).toBe('00:00:5e:00:01:33')
    const after = Date.now()
    await wire.next((frame) => frame.kind === 'vrrp', after)
    const [removed] = (await daemon.status()).virtualRouters
    expect(removed?.incidents).toMatchObject([{ kind: 'removed', subject: 'interface vrrp.51', count: 1 }])

    const index = () =>
      (JSON.parse(strong.ip('-j', 'link', 'show', 'dev', 'vrrp.51')) as { ifindex: number }[])[0]?.ifindex
    const before = index()
    await daemon.killRole('vrrp')
    await daemon.shows('it is master again', ({ virtualRouters }) => virtualRouters[0]?.state === 'master')
    expect(index()).toBe(before)
    const { virtualRouters } = await daemon.status()
    expect(virtualRouters[0]).toMatchObject({ virtualLink: 'vrrp.51', state: 'master' })

    // Nothing is left of a daemon that ended in a crash once another has run.
    daemon.killAll()
    await daemon.restart()
    await daemon.stop()
    expect(strong.ip('-br', 'link')).not.toContain('vrrp')
  },
)
