/** Interfaces of use_vmac and use_ipvlan, through the whole role. */
import { expect, test } from 'vitest'
import { address, micros, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const vmac: VirtualRouter = {
  ...router,
  announcements: quiet,
  virtualLink: { kind: 'macvlan', transmitsOnBase: false },
  addresses: router.addresses.map((one) => ({ ...one, onVirtualLink: true })),
}
const vmac6: VirtualRouter = {
  ...vmac,
  name: 'VI_6',
  family: 6,
  multicastGroup: address('ff02::12'),
  addresses: [{ address: address('fe80::100'), prefixLength: 64, interface: 'eth0', scope: 0, onVirtualLink: true }],
}
const IGNORE = '/proc/sys/net/ipv4/conf/eth0/arp_ignore'
const FILTER = '/proc/sys/net/ipv4/conf/eth0/arp_filter'
const RECORD = '/run/hf/vrrp-settings.json'

/** What was done, the firewall left out: that is in firewall.test.ts. */
const deedsOf = (world: World): string[] => world.deeds().filter((deed) => !deed.startsWith('nftables'))

const host = (): World => {
  const world = new World()
  world.files.set(IGNORE, '0\n')
  world.files.set(FILTER, '0\n')
  return world
}
const linkOf = (world: World, name: string) => [...world.links.values()].find((link) => link.name === name)
const onInterface = (world: World, name: string) =>
  world.addresses
    .filter(({ interfaceIndex }) => interfaceIndex === linkOf(world, name)?.index)
    .map(({ address: of }) => of as string)

test('V-006: with use_vmac there is a private macvlan with 00-00-5E-00-01-{VRID}, and advertisements go by it', async () => {
  const world = host()
  await world.configure([vmac])
  expect(deedsOf(world)).toEqual(['make vrrp.51 over 2'])
  expect(linkOf(world, 'vrrp.51')).toMatchObject({
    kind: 'macvlan',
    over: { index: 2, mode: 1 },
    mac: Uint8Array.of(0, 0, 0x5e, 0, 1, 51),
    up: true,
  })
  // An IPv4 one has nothing to say over IPv6.
  expect(world.files.get('/proc/sys/net/ipv6/conf/vrrp.51/disable_ipv6')).toBe('1')
  world.run(seconds(4))
  expect(deedsOf(world)).toEqual(['advert 100', 'add 192.0.2.100/24', 'arp 192.0.2.100'])
  expect(onInterface(world, 'vrrp.51')).toEqual(['192.0.2.100'])
  const [snapshot] = await world.snapshot()
  expect(snapshot).toMatchObject({ interface: 'eth0', virtualLink: 'vrrp.51', state: 'master' })
  await world.tell({ type: 'stop', leave: false })
  expect(deedsOf(world)).toEqual(['advert 0', 'delete 192.0.2.100/24', 'remove vrrp.51', 'close vrrp.51/ipv4'])
})

test('V-006: over IPv6 the MAC is 00-00-5E-00-02-{VRID}, and the link-local address below is there too, as it changes', async () => {
  const world = host()
  await world.configure([vmac6])
  expect(linkOf(world, 'vrrp.51')?.mac).toEqual(Uint8Array.of(0, 0, 0x5e, 0, 2, 51))
  expect(deedsOf(world)).toEqual(['make vrrp.51 over 2', 'lend fe80::11'])
  expect(onInterface(world, 'vrrp.51')).toEqual(['fe80::11'])
  world.happens({ type: 'address', address: onLink(2, 'fe80::12/64', { scope: 253 }) })
  expect(deedsOf(world)).toEqual(['lend fe80::12'])
  world.happens({ type: 'address-removed', address: onLink(2, 'fe80::11/64', { scope: 253 }) })
  expect(deedsOf(world)).toEqual(['take back fe80::11'])
})

test('names: each id has vrrp.VRID, the second of a number another; IPv6 prefers vrrp6.VRID; a stranger’s name is left alone', async () => {
  const world = host()
  world.links.set(3, ethernet(3, 'vrrp2.51'))
  world.links.set(4, ethernet(4, 'eth1'))
  world.links.set(5, ethernet(5, 'eth2'))
  const on = (name: string): VirtualRouter => ({
    ...vmac,
    name: `VI_${name}`,
    interface: name,
    addresses: vmac.addresses.map((one) => ({ ...one, interface: name })),
  })
  await world.configure([vmac, vmac6, on('eth1'), on('eth2')])
  const names = (await world.snapshot()).map(({ virtualLink }) => virtualLink)
  expect(names).toEqual(['vrrp.51', 'vrrp6.51', 'vrrp1.51', 'vrrp3.51'])
  // They keep their names when another goes.
  await world.configure([on('eth1'), on('eth2')])
  expect((await world.snapshot()).map(({ virtualLink }) => virtualLink)).toEqual(['vrrp1.51', 'vrrp3.51'])
  expect(linkOf(world, 'vrrp.51')).toBeUndefined()
  expect(linkOf(world, 'vrrp2.51')).toBeDefined()
})

test('vmac_prefix and vmac_addr_prefix begin the names; addresses of another family or interface have links of their own', async () => {
  const world = host()
  const excludedAddresses = [
    { address: address('2001:db8::1'), prefixLength: 64, interface: 'eth0', scope: 0, onVirtualLink: true as const },
  ]
  await world.configure([{ ...vmac, excludedAddresses }], {
    interfaceSettings: { linkPrefix: 'vm', addressLinkPrefix: 'va' },
  })
  expect(deedsOf(world).slice(0, 2)).toEqual(['make vm.51 over 2', 'make va.51 over 2'])
  world.run(seconds(4))
  expect(onInterface(world, 'vm.51')).toEqual(['192.0.2.100'])
  expect(onInterface(world, 'va.51')).toEqual(['fe80::11', '2001:db8::1'])
})

test('the interface below answers for no virtual address while there is one, and gets its settings back, after a crash as well', async () => {
  const world = host()
  await world.configure([vmac])
  expect([world.files.get(IGNORE), world.files.get(FILTER)]).toEqual(['1', '1'])
  expect(JSON.parse(world.files.get(RECORD) ?? '')).toEqual({ [IGNORE]: '0', [FILTER]: '0' })

  const next = new World()
  for (const [path, text] of world.files) next.files.set(path, text)
  await next.configure([vmac])
  await next.configure([router])
  expect([next.files.get(IGNORE), next.files.get(FILTER), next.files.get(RECORD)]).toEqual(['0', '0', undefined])
})

test('rp_filter of all, which no interface can undercut, moves to each interface and back', async () => {
  const world = host()
  const path = (name: string) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`
  world.files.set(path('all'), '1\n')
  world.files.set(path('default'), '2\n')
  world.files.set(path('eth0'), '0\n')
  await world.configure([vmac])
  expect(['all', 'default', 'eth0'].map((name) => world.files.get(path(name))?.trim())).toEqual(['0', '2', '1'])
  await world.tell({ type: 'stop', leave: false })
  expect(['all', 'default', 'eth0'].map((name) => world.files.get(path(name))?.trim())).toEqual(['1', '2', '0'])
})

test('a link that somebody removes is made again at once, its addresses come back, and the state stays', async () => {
  const world = host()
  await world.configure([vmac])
  world.run(seconds(4))
  deedsOf(world)
  const gone = linkOf(world, 'vrrp.51')
  world.happens({ type: 'link-removed', index: gone?.index ?? 0, name: 'vrrp.51' })
  await world.settle()
  expect(deedsOf(world)).toEqual(['make vrrp.51 over 2', 'close vrrp.51/ipv4', 'add 192.0.2.100/24', 'arp 192.0.2.100'])
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  expect((await world.snapshot())[0]?.incidents).toContainEqual(
    expect.objectContaining({ kind: 'removed', subject: 'interface vrrp.51', count: 1 }),
  )
})

test('a link that a reload takes away and another brings back was removed by nobody else', async () => {
  const world = host()
  for (const routers of [[vmac], [router], [vmac]]) await world.configure(routers)
  expect(linkOf(world, 'vrrp.51')).toBeDefined()
  expect((await world.snapshot())[0]?.incidents).toBeUndefined()
})

test('somebody who removes a link again and again meets a limit, and it is made when the second is over', async () => {
  const world = host()
  await world.configure([vmac])
  for (let times = 0; times < 20; times++) {
    const link = linkOf(world, 'vrrp.51')
    if (link !== undefined) world.happens({ type: 'link-removed', index: link.index, name: 'vrrp.51' })
  }
  expect(deedsOf(world).filter((deed) => deed.startsWith('make'))).toHaveLength(10)
  const fault = await world.snapshot()
  expect(fault[0]).toMatchObject({ state: 'fault', faultReason: 'vrrp.51: no such interface' })
  world.run(seconds(1))
  expect(linkOf(world, 'vrrp.51')).toBeDefined()
  expect((await world.snapshot())[0]?.state).toBe('backup')
})

test('one that is set down is set up again', async () => {
  const world = host()
  await world.configure([vmac])
  const link = linkOf(world, 'vrrp.51')
  if (link === undefined) throw new Error('no link')
  world.happens({ type: 'link', link: { ...link, up: false } })
  expect(linkOf(world, 'vrrp.51')?.up).toBe(true)
})

test('the interface below goes with all that is on it, and everything is made again when it comes back under its name', async () => {
  const world = host()
  await world.configure([vmac])
  world.run(seconds(4))
  const link = linkOf(world, 'vrrp.51')
  // What is on an interface is told of as gone before the interface.
  world.linkFailure = { code: 'ENODEV', message: 'add the interface vrrp.51: No such device (ENODEV)' }
  world.happens({ type: 'link-removed', index: link?.index ?? 0, name: 'vrrp.51' })
  deedsOf(world)
  world.happens({ type: 'link-removed', index: 2, name: 'eth0' })
  world.linkFailure = undefined
  expect((await world.snapshot())[0]).toMatchObject({ state: 'fault', faultReason: 'eth0: no such interface' })
  const again = linkOf(world, 'vrrp.51')
  if (again !== undefined) world.happens({ type: 'link-removed', index: again.index, name: 'vrrp.51' })
  deedsOf(world)
  world.happens({ type: 'link', link: ethernet(9, 'eth0') })
  world.happens({ type: 'address', address: onLink(9, '192.0.2.11/24') })
  expect(deedsOf(world)).toContain('make vrrp.51 over 9')
  world.run(seconds(4))
  const [snapshot] = await world.snapshot()
  expect(snapshot?.state).toBe('master')
  // It went with the interface below: nobody took it away.
  expect(snapshot?.incidents).toBeUndefined()
})

test('what a crash left is taken over where it fits and removed where nobody needs it', async () => {
  const world = host()
  const first = host()
  await first.configure([vmac, vmac6])
  for (const link of first.links.values()) world.links.set(link.index, link)
  await world.configure([vmac])
  expect(deedsOf(world)).toEqual(['remove vrrp6.51'])
  // It is ours now.
  await world.tell({ type: 'stop', leave: false })
  expect(deedsOf(world)).toEqual(['remove vrrp.51', 'close vrrp.51/ipv4'])
})

test('a stranger’s private macvlan with this MAC is used, and stays', async () => {
  const world = host()
  const mac = Uint8Array.of(0, 0, 0x5e, 0, 1, 51)
  world.links.set(7, ethernet(7, 'theirs', { mac, kind: 'macvlan', over: { index: 2, mode: 1 } }))
  await world.configure([vmac])
  expect((await world.snapshot())[0]?.virtualLink).toBe('theirs')
  await world.tell({ type: 'stop', leave: false })
  expect(deedsOf(world)).toEqual(['close theirs/ipv4'])
})

test('a name that another interface has, a kernel without macvlan, an interface that is not Ethernet: a fault with its words', async () => {
  const named = host()
  named.links.set(3, ethernet(3, 'vip0'))
  await named.configure([{ ...vmac, virtualLink: { kind: 'macvlan', transmitsOnBase: false, name: 'vip0' } }])
  expect((await named.snapshot())[0]).toMatchObject({ state: 'fault', faultReason: 'there is another interface vip0' })

  const poor = host()
  poor.linkFailure = { code: 'EOPNOTSUPP', message: 'add the interface vrrp.51: Operation not supported' }
  await poor.configure([vmac])
  expect((await poor.snapshot())[0]?.faultReason).toBe('add the interface vrrp.51: Operation not supported')

  const tunnel = host()
  tunnel.links.set(2, ethernet(2, 'eth0', { type: 65534 }))
  await tunnel.configure([vmac])
  expect((await tunnel.snapshot())[0]?.faultReason).toBe('eth0 is no Ethernet interface')
})

test('vmac_xmit_base: addresses are on the link, advertisements on the interface below', async () => {
  const world = host()
  await world.configure([{ ...vmac, virtualLink: { kind: 'macvlan', transmitsOnBase: true } }])
  world.run(seconds(4))
  expect(onInterface(world, 'vrrp.51')).toEqual(['192.0.2.100'])
  await world.configure([])
  expect(deedsOf(world)).toContain('close eth0/ipv4')
})

test('an ipvlan carries its own address from the beginning, and sends from it', async () => {
  const world = host()
  const own = { address: address('192.0.2.200'), prefixLength: 24 }
  await world.configure([
    {
      ...vmac,
      source: own.address,
      virtualLink: { kind: 'ipvlan', name: 'ipv0', transmitsOnBase: false, mode: 'bridge', address: own },
    },
  ])
  expect(onInterface(world, 'ipv0')).toEqual(['192.0.2.200'])
  world.run(seconds(4))
  expect((await world.snapshot())[0]).toMatchObject({ state: 'master', masterAddress: '192.0.2.200' })
  expect(onInterface(world, 'ipv0')).toEqual(['192.0.2.200', '192.0.2.100'])
  // No setting of the interface below is touched.
  expect(world.files.get(IGNORE)).toBe('0\n')
})

test('of what comes in on a virtual link only its own id counts, and others are not even unclaimed', async () => {
  const world = host()
  const plain: VirtualRouter = { ...router, name: 'VI_2', virtualRouterId: 52 }
  await world.configure([vmac, plain])
  const advertisement = (id: number) => ({
    payload: Uint8Array.of(0x31, id, 200, 1, 0, 100, 0, 0, 192, 0, 2, 100),
    source: address('192.0.2.9'),
    destination: address('224.0.0.18'),
  })
  for (const key of ['vrrp.51/ipv4', 'eth0/ipv4']) for (const id of [51, 52, 53]) world.receive(key, advertisement(id))
  const [first, second] = await world.snapshot()
  // A wrong checksum is as good as any sign that it was looked at.
  expect(first?.drops).toEqual({ checksum: 1 })
  expect(second?.drops).toEqual({ checksum: 1 })
  expect([first?.unclaimed, second?.unclaimed]).toEqual([undefined, { 'virtual-router-id': 1 }])
})

test('a reload that takes use_vmac away moves the addresses to the interface below and removes the link last', async () => {
  const world = host()
  await world.configure([vmac])
  world.run(seconds(4))
  deedsOf(world)
  await world.configure([{ ...router, announcements: quiet }])
  const deeds = deedsOf(world)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  expect(onInterface(world, 'eth0')).toEqual(['192.0.2.11', 'fe80::11', '192.0.2.100'])
  expect(deeds.at(-1)).toBe('remove vrrp.51')
})

test('a reload that changes the names of links has their masters say goodbye by the old ones, and no fault', async () => {
  const named = (one: VirtualRouter, name: string): VirtualRouter => ({
    ...one,
    virtualLink: { kind: 'macvlan', transmitsOnBase: false, name },
  })
  const world = host()
  await world.configure([named(vmac, 'a'), named(vmac6, 'b')])
  world.run(seconds(4))
  await world.settle()
  for (const [four, six] of [
    ['c', 'd'],
    ['d', 'c'],
  ] as const) {
    deedsOf(world)
    world.said.splice(0)
    await world.configure([named(vmac, four), named(vmac6, six)], { beginAnew: ['eth0/ipv4/51', 'eth0/ipv6/51'] })
    const deeds = deedsOf(world)
    const goodbyes = deeds.flatMap((deed, i) => (deed.startsWith('advert 0') ? [i] : []))
    expect(goodbyes).toHaveLength(2)
    expect(deeds.findIndex((deed) => deed.startsWith('remove'))).toBeGreaterThan(Math.max(...goodbyes))
    world.run(seconds(4))
    await world.settle()
    expect(onInterface(world, four)).toContain('192.0.2.100')
    expect(onInterface(world, six)).toContain('fe80::100')
    // The first is that of the one that has ended.
    expect(world.states()).toEqual(['FAULT', 'BACKUP', 'MASTER'])
    expect(world.states('VI_6')).toEqual(['FAULT', 'BACKUP', 'MASTER'])
  }
  expect([...world.links.values()].map(({ name }) => name).sort()).toEqual(['c', 'd', 'eth0'])
  expect(world.logged.filter((line) => line.includes('cannot'))).toEqual([])
})

test('garp_extra_if: what is on another virtual link than advertisements is announced again and again, and with all on any', async () => {
  const world = host()
  world.links.set(3, ethernet(3, 'eth1'))
  const of = (text: string, name: string, lifted: boolean) => ({
    address: address(text),
    prefixLength: 24,
    interface: name,
    scope: 0,
    ...(lifted ? ({ onVirtualLink: true } as const) : {}),
  })
  const excludedAddresses = [of('192.0.2.101', 'eth1', true), of('192.0.2.102', 'eth1', false)]
  const extra = { ...quiet, extraInterval: seconds(3) }
  await world.configure([{ ...vmac, excludedAddresses, announcements: extra }])
  world.run(seconds(4))
  const announced = (length: number): string[] => {
    deedsOf(world)
    world.run(seconds(length))
    return deedsOf(world)
      .filter((deed) => deed.startsWith('arp'))
      .sort()
  }
  expect(announced(6)).toEqual(['arp 192.0.2.101', 'arp 192.0.2.101'])
  await world.configure([{ ...vmac, excludedAddresses, announcements: { ...extra, extraOnAll: true } }])
  deedsOf(world)
  expect(announced(3.5)).toEqual(['arp 192.0.2.101', 'arp 192.0.2.102'])
})

test('promote_secondaries is set on the interface while the virtual router runs', async () => {
  const world = host()
  const path = '/proc/sys/net/ipv4/conf/eth0/promote_secondaries'
  world.files.set(path, '0\n')
  await world.configure([{ ...router, promotesSecondaries: true }])
  expect(world.files.get(path)).toBe('1')
  await world.configure([router])
  expect(world.files.get(path)).toBe('0')
})
