/** The vrrp role's process among other things that happen on a host: pauses, floods, other people's addresses. */
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { address, micros, seconds } from '../../src/base/index.ts'
import { lab } from '../lab/lab-test.ts'
import { advertisementBytes } from '../lab/library/advertisement.ts'
import { type Frame, type Host, millis, until } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'
import { routers } from '../lab/scenes.ts'
import { killRoles, Role, router, virtualAddress } from './vrrp-role.ts'

const VIP = '192.0.2.100'
const advertOf = (source: string) => (frame: Frame) => frame.kind === 'vrrp' && frame.source === source
const claimOf = (mac: string) => (frame: Frame) =>
  frame.kind === 'arp' && frame.senderAddress === VIP && frame.senderMac === mac
const announcements = { ...router({ priority: 1 }).announcements, masterRefresh: seconds(1) }

type Shown = { readonly local: string; readonly [key: string]: unknown }
const shown = (host: Host): readonly Shown[] =>
  (JSON.parse(host.ip('-j', 'addr', 'show', 'dev', 'eth0')) as { addr_info: Shown[] }[])[0]?.addr_info ?? []

afterEach(killRoles)

lab(
  'a master that was stopped and goes on hears of the stronger one first: no advertisement, no announcement',
  async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112 or arp')
    const [stronger, sleeper] = [new Role(strong), new Role(weak)]
    await sleeper.configure([router({ priority: 100, announcements })])
    await sleeper.enters('MASTER')
    await stronger.configure([router({ priority: 200, preempt: false })])
    await wire.next(claimOf(weak.mac()))
    sleeper.kill('SIGSTOP')
    await stronger.enters('MASTER')
    // Past the refresh, so that an advertisement and an announcement are overdue.
    await wire.next(advertOf('192.0.2.11'), (wire.last(claimOf(strong.mac()))?.at ?? 0) + 1_500)
    const [adverts, claims] = [wire.frames.filter(advertOf('192.0.2.12')), wire.frames.filter(claimOf(weak.mac()))]
    sleeper.kill('SIGCONT')
    await sleeper.enters('BACKUP')
    await weak.releases(VIP)
    const later = (wire.frames.at(-1)?.at ?? 0) + 300
    await wire.next(advertOf('192.0.2.11'), later)
    expect(wire.frames.filter(advertOf('192.0.2.12'))).toEqual(adverts)
    expect(wire.frames.filter(claimOf(weak.mac()))).toEqual(claims)
    expect(strong.has(VIP)).toBe(true)
    expect(stronger.states()).toEqual(['BACKUP', 'MASTER'])
  },
)

lab('a master that was stopped and is the stronger one takes the address back, and one holds it', async (lab) => {
  const { strong, weak } = routers(lab)
  const [sleeper, weaker] = [new Role(strong), new Role(weak)]
  await sleeper.configure([router({ priority: 200 })])
  await sleeper.enters('MASTER')
  await weaker.configure([router({ priority: 100 })])
  const shown = async () => (await weaker.snapshot())[0]
  await until('the weaker one follows', async () => (await shown())?.masterPriority === 200)
  sleeper.kill('SIGSTOP')
  await weaker.enters('MASTER')
  await weak.holds(VIP)
  // What the other will find in its socket, however long it was stopped.
  const sent = (await shown())?.advertisementsSent ?? 0
  await until('it says so', async () => ((await shown())?.advertisementsSent ?? 0) > sent + 2)
  sleeper.kill('SIGCONT')
  await weaker.enters('BACKUP')
  await weak.releases(VIP)
  expect(strong.has(VIP)).toBe(true)
  await sleeper.says(
    'of a weaker master',
    (m) => m.type === 'virtual-router-state' && m.state === 'MASTER_RX_LOWER_PRI',
  )
})

lab('a backup that was stopped and goes on hears its master first, and stays backup', async (lab) => {
  const { strong, weak } = routers(lab)
  const [master, sleeper] = [new Role(strong), new Role(weak)]
  await master.configure([router({ priority: 200 })])
  await sleeper.configure([router({ priority: 100 })])
  await master.enters('MASTER')
  await sleeper.enters('BACKUP')
  const sent = async () => (await master.snapshot())[0]?.advertisementsSent ?? 0
  const before = await sent()
  const states = sleeper.states().length
  sleeper.kill('SIGSTOP')
  await until('twenty advertisements meanwhile', async () => (await sent()) > before + 20)
  sleeper.kill('SIGCONT')
  await until('it has heard them', async () => ((await sleeper.snapshot())[0]?.advertisementsReceived ?? 0) > 20)
  expect(sleeper.states()).toHaveLength(states)
})

lab('ten thousand bogus advertisements a second keep a master neither from sending nor from hearing', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112 and (src host 192.0.2.11 or src host 192.0.2.12)')
  const authentication = { type: 'pass', password: 'secret' } as const
  const v2 = { version: 2, advertisementInterval: seconds(1), authentication } as const
  const [master, backup] = [new Role(strong), new Role(weak)]
  await master.configure([router({ ...v2, priority: 200, initialState: 'master' })])
  await master.enters('MASTER')
  await backup.configure([router({ ...v2, priority: 100 })])
  await backup.enters('BACKUP')
  const bogus = advertisementBytes({ virtualRouterId: 51, priority: 255, addresses: [VIP], password: 'wrong' })
  const flood = onlooker.spawn('flood', [
    process.execPath,
    join(repositoryRoot, 'test/scenario/flood.mjs'),
    ...['eth0', '192.0.2.1', '224.0.0.18', Buffer.from(bogus).toString('hex'), '10000', '5'],
  ])
  const { text } = await flood.line(/^sent \d+/)
  const times = wire.frames.filter(advertOf('192.0.2.11')).map(({ at }) => at)
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
  const [drops] = (await master.snapshot()).map((one) => one.drops['authentication'] ?? 0)
  console.info(`flood: ${text}, refused ${drops}, longest gap ${Math.max(...gaps).toFixed(1)} ms`)
  expect(Math.max(...gaps)).toBeLessThan(2_000)
  expect(drops).toBeGreaterThan(1_000)
  expect(backup.states()).toEqual(['BACKUP'])
  expect(wire.frames.filter(advertOf('192.0.2.12'))).toEqual([])
  expect((await master.snapshot())[0]).toMatchObject({ state: 'master', advertisementsReceived: 0 })
})

lab('what cannot be sent is said once, and sent again as soon as it can be', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112')
  const role = new Role(strong)
  await role.configure([router({ priority: 200 })])
  await role.enters('MASTER')
  const refuse = 'table ip closed { chain out { type filter hook output priority 0; ip protocol 112 drop; }; }'
  expect((await strong.exec('nft', refuse)).status).toBe(0)
  const complaints = () => role.messages.filter((m) => m.type === 'log' && m.message === 'advertisement was not sent')
  await until('a complaint', () => complaints().length > 0)
  await millis(500)
  expect(complaints()).toHaveLength(1)
  expect((await strong.exec('nft', 'delete table ip closed')).status).toBe(0)
  await wire.next(advertOf('192.0.2.11'), (wire.frames.at(-1)?.at ?? 0) + 400)
  expect(role.states().at(-1)).toBe('MASTER')
})

lab('a virtual address carries its label, scope and broadcast address, and is taken off with them', async (lab) => {
  const { strong } = routers(lab)
  const role = new Role(strong)
  const all = {
    ...virtualAddress('203.0.113.5/28'),
    label: 'eth0:vip',
    scope: 253,
    broadcast: address('203.0.113.15'),
  }
  await role.configure([router({ priority: 200, addresses: [virtualAddress('192.0.2.100/32'), all] })])
  await role.enters('MASTER')
  expect(shown(strong)).toContainEqual(
    expect.objectContaining({
      local: '203.0.113.5',
      prefixlen: 28,
      label: 'eth0:vip',
      scope: 'link',
      broadcast: '203.0.113.15',
    }),
  )
  expect(shown(strong)).toContainEqual(expect.objectContaining({ local: VIP, prefixlen: 32, scope: 'global' }))
  await role.stop()
  expect(
    shown(strong)
      .filter(({ family }) => family === 'inet')
      .map(({ local }) => local),
  ).toEqual(['192.0.2.11'])
})

lab('a virtual address that was the first of its subnet goes without the others, whoever owns them', async (lab) => {
  const { strong } = routers(lab)
  strong.sysctl('net.ipv4.conf.all.promote_secondaries=0', 'net.ipv4.conf.eth0.promote_secondaries=0')
  const [one, two] = ['203.0.113.1/24', '203.0.113.2/24'].map(virtualAddress)
  if (one === undefined || two === undefined) throw new Error('two addresses')
  const first = router({ priority: 200, addresses: [one] })
  const second = router({ priority: 200, addresses: [two], name: 'VI_2', virtualRouterId: 52 })
  const role = new Role(strong)
  await role.configure([first])
  await role.enters('MASTER')
  await role.configure([first, second])
  await role.enters('MASTER', 'VI_2')
  strong.ip('addr', 'add', '203.0.113.3/24', 'dev', 'eth0')
  const removals = strong.spawn('monitor', ['ip', 'monitor', 'address'])
  await role.configure([second])
  await removals.line(/Deleted .*203\.0\.113\.1\//)
  expect(strong.addresses().filter((each) => each.startsWith('203.'))).toEqual(['203.0.113.2', '203.0.113.3'])
  expect(removals.output).not.toMatch(/Deleted .*203\.0\.113\.[23]\//)
  await role.stop()
  expect(strong.addresses().filter((each) => each.startsWith('203.'))).toEqual(['203.0.113.3'])
})

lab('a virtual address that somebody put there before is taken over, and leaves with the master', async (lab) => {
  const { strong, weak } = routers(lab)
  const [master, role] = [new Role(weak), new Role(strong)]
  await master.configure([router({ priority: 200 })])
  await master.enters('MASTER')
  await role.configure([router({ priority: 100 })])
  strong.ip('addr', 'add', `${VIP}/24`, 'dev', 'eth0')
  await master.stop()
  await role.enters('MASTER')
  expect(strong.addresses().filter((each) => each === VIP)).toHaveLength(1)
  await role.stop()
  expect(strong.has(VIP)).toBe(false)
})

lab('a new hardware address of the interface is announced, and used from then on', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const wire = await onlooker.capture('arp')
  const role = new Role(strong)
  await role.configure([router({ priority: 200 })])
  await role.enters('MASTER')
  await wire.next(claimOf(strong.mac()))
  const mac = '02:00:00:00:be:ef'
  strong.ip('link', 'set', 'eth0', 'address', mac)
  const claim = await wire.next(claimOf(mac))
  expect(claim.sourceMac).toBe(mac)
  expect(role.states().at(-1)).toBe('MASTER')
})

lab('V-092 an IPv6 virtual address is usable at once and no source of the host’s own traffic', async (lab) => {
  const { strong } = routers(lab)
  // A host that detects duplicates: an address it checks is tentative for a second.
  strong.sysctl('net.ipv6.conf.eth0.accept_dad=1', 'net.ipv6.conf.eth0.dad_transmits=1')
  const six = {
    family: 6,
    multicastGroup: address('ff02::12'),
    addresses: [virtualAddress('fe80::100'), virtualAddress('2001:db8::100')],
  } as const
  const role = new Role(strong)
  await role.configure([router({ priority: 200, ...six })])
  await role.enters('MASTER')
  const vip = shown(strong).find(({ local }) => local === '2001:db8::100')
  expect(vip).toMatchObject({ prefixlen: 128, nodad: true, deprecated: true })
  expect(vip).not.toHaveProperty('tentative')
  for (const to of ['2001:db8::1', '2001:db8:ffff::1']) {
    const route = await strong.exec('ip', '-6', 'route', 'get', to)
    if (route.status === 0) expect(route.stdout).not.toContain('src 2001:db8::100')
  }
  expect((await strong.exec('ip', '-6', 'route', 'get', '2001:db8::1')).stdout).toContain('src 2001:db8::11')
  await role.stop()
  expect(strong.has('2001:db8::100')).toBe(false)
})

lab('an owner whose interface has no other address sends from the one it owns, and leaves it there', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112')
  const role = new Role(strong)
  const owned = { addresses: [virtualAddress('192.0.2.11/24')], initialState: 'master' } as const
  await role.configure([router({ priority: 255, ...owned, preemptDelay: micros(0) })])
  await role.enters('MASTER')
  await wire.next(advertOf('192.0.2.11'))
  await role.stop()
  expect(strong.has('192.0.2.11')).toBe(true)
})
