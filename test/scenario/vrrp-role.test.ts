/** The vrrp role's process against the kernel and against keepalived: what only they can tell. */
import { existsSync } from 'node:fs'
import { afterEach, describe, expect } from 'vitest'
import { address, instant, seconds } from '../../src/base/index.ts'
import { instance } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Frame, type Lab, millis, nowMillis, until } from '../lab/library/index.ts'
import { routers } from '../lab/scenes.ts'
import { killRoles, Role, router, virtualAddress } from './vrrp-role.ts'

const VIP = '192.0.2.100'
const VIP6 = '2001:db8::100'
const six = {
  family: 6,
  multicastGroup: address('ff02::12'),
  addresses: [virtualAddress('fe80::100'), virtualAddress(`${VIP6}/64`)],
} as const

afterEach(killRoles)

const isAdvert = (source: string) => (frame: Frame) => frame.kind === 'vrrp' && frame.source === source
const fromStrong = isAdvert('192.0.2.11')
const isResignation = (frame: Frame) => frame.kind === 'vrrp' && frame.priority === 0
/** The longest silence between its advertisements, milliseconds. */
const longestGap = (frames: readonly Frame[], source: string): number => {
  const times = frames.filter(isAdvert(source)).map(({ at }) => at)
  return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)))
}
const monotonic = () => instant(Math.round(Number(process.hrtime.bigint()) / 1000))

/** At 1 s between advertisements a busy machine makes no gap. */
const calm = { advertisementInterval: seconds(1) } as const
const eager = { priority: 255, initialState: 'master', ...calm } as const

async function masterAndBackup(
  lab: Lab,
  { ours = router({ priority: 200 }), theirs = router({ priority: 100 }) } = {},
) {
  const { strong, weak, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112 or arp')
  const [master, backup] = [new Role(strong), new Role(weak)]
  await backup.configure([theirs])
  await master.configure([ours])
  await master.enters('MASTER')
  await backup.enters('BACKUP')
  await strong.holds(VIP)
  await weak.releases(VIP)
  return { strong, weak, wire, master, backup }
}

describe('the vrrp role', () => {
  lab('V-001 V-004 advertises before it takes the address, and announces it after', async (lab) => {
    const { strong, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112 or arp')
    const role = new Role(strong)
    await role.configure([router({ priority: 255, initialState: 'master' })])
    const arps = (frame: Frame) => frame.kind === 'arp' && frame.senderAddress === VIP
    await until('four announcements', () => wire.frames.filter(arps).length >= 4)
    const [first] = wire.frames.filter((frame) => frame.kind === 'vrrp' || arps(frame))
    expect(first?.kind).toBe('vrrp')
    expect(wire.frames.filter(arps).map((frame) => frame.sourceMac)).toEqual(Array(4).fill(strong.mac()))
    await role.stop()
    expect(strong.has(VIP)).toBe(false)
    expect(await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 0)).toBeDefined()
    expect(role.states()).toEqual(['MASTER', 'STOP'])
    expect(role.exit).toEqual({ code: 0, signal: null })
  })

  lab('puts an address back that somebody removed', async (lab) => {
    const { strong, wire } = await masterAndBackup(lab)
    const since = nowMillis()
    strong.ip('addr', 'del', `${VIP}/24`, 'dev', 'eth0')
    await strong.holds(VIP)
    await wire.next((frame) => frame.kind === 'arp' && frame.senderAddress === VIP, since)
  })

  lab('killed and started afresh, leaves no address behind', async (lab) => {
    const { strong, weak, master, backup } = await masterAndBackup(lab)
    master.kill('SIGKILL')
    await backup.enters('MASTER')
    await weak.holds(VIP)
    expect(strong.has(VIP)).toBe(true)
    const again = new Role(strong)
    await again.configure([router({ priority: 50 })])
    expect(strong.has(VIP)).toBe(false)
    expect(again.states()).toEqual(['BACKUP'])
    expect(strong.addresses()).toEqual(['192.0.2.11', '2001:db8::11'])
  })

  lab('killed and resumed in time, is master as before', async (lab) => {
    const { strong, weak, wire } = await masterAndBackup(lab)
    killRoles()
    const interval = seconds(2)
    const [master, backup] = [new Role(strong), new Role(weak)]
    await backup.configure([router({ priority: 100, advertisementInterval: interval })])
    await master.configure([router({ priority: 255, initialState: 'master', advertisementInterval: interval })])
    await strong.holds(VIP)
    const { since = '' } = (await master.snapshot())[0] ?? {}
    master.kill('SIGKILL')
    const resume = { masters: [{ key: 'eth0/ipv4/51', since }], diedAt: monotonic() }
    const died = nowMillis()
    const again = new Role(strong)
    await again.configure([router({ priority: 200, advertisementInterval: interval })], { resume })
    expect(again.states()).toEqual(['MASTER resumed'])
    await wire.next((frame) => fromStrong(frame) && frame.at > died)
    expect((await again.snapshot())[0]).toMatchObject({ state: 'master', since })
    expect(backup.states()).toEqual(['BACKUP'])
    expect(strong.has(VIP)).toBe(true)
  })

  lab('resumed too late, gives the address up and is backup', async (lab) => {
    const { strong, master } = await masterAndBackup(lab)
    master.kill('SIGKILL')
    const resume = { masters: [{ key: 'eth0/ipv4/51', since: '' }], diedAt: instant(monotonic() - 300_000) }
    const again = new Role(strong)
    await again.configure([router({ priority: 50 })], { resume })
    expect(strong.has(VIP)).toBe(false)
    expect(again.states()).toEqual(['BACKUP'])
  })

  lab('outlives its supervisor and hands its masters to the next role without a gap', async (lab) => {
    const pair = { ours: router(eager), theirs: router({ priority: 100, ...calm }) }
    const { strong, wire, master, backup } = await masterAndBackup(lab, pair)
    master.orphan()
    const next = new Role(strong)
    await next.configure([router(eager)])
    await master.ended()
    expect(master.exit).toEqual({ code: 0, signal: null })
    expect(next.states()).toEqual(['MASTER resumed'])
    await wire.next(fromStrong, (wire.last(fromStrong)?.at ?? 0) + 1_500)
    expect(wire.frames.some((frame) => fromStrong(frame) && isResignation(frame))).toBe(false)
    expect(longestGap(wire.frames, '192.0.2.11')).toBeLessThan(2_000)
    expect(backup.states().at(-1)).toBe('BACKUP')
    expect(strong.has(VIP)).toBe(true)
  })

  lab('resigns on SIGTERM when nobody is left to say stop', async (lab) => {
    const { strong, weak, wire, master } = await masterAndBackup(lab)
    master.kill('SIGTERM')
    const since = nowMillis()
    await wire.next(fromStrong, since + 200)
    expect(strong.has(VIP)).toBe(true)
    master.orphan()
    await wire.next(fromStrong, nowMillis() + 200)
    master.kill('SIGTERM')
    await master.ended()
    expect(strong.has(VIP)).toBe(false)
    await wire.next((frame) => fromStrong(frame) && frame.kind === 'vrrp' && frame.priority === 0, since)
    await weak.holds(VIP)
  })

  lab('waits for a successor then, until it is told a second time', async (lab) => {
    const { strong, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112')
    const master = new Role(strong)
    await master.configure([router({ ...eager, advertisementInterval: seconds(40) })], { holdOnAtStop: seconds(300) })
    await strong.holds(VIP)
    master.orphan()
    // A signal before it has noticed is the supervisor's to obey.
    await until('it waits for another role', () => existsSync(`${strong.directory}/vrrp-handoff.sock`))
    master.kill('SIGTERM')
    await wire.next(isResignation)
    expect(strong.has(VIP)).toBe(true)
    master.kill('SIGTERM')
    // Of itself it would go on for an interval.
    await until('it ends', () => master.exit !== undefined, { within: 35_000 })
    expect(strong.has(VIP)).toBe(false)
  })

  lab('an orphan that nobody relieves resigns after ten seconds', async (lab) => {
    const { strong, master, wire } = await masterAndBackup(lab)
    // Both ends of the grace by the witness's own clock.
    const before = wire.last(fromStrong)
    master.orphan()
    const resigned = await wire.next((frame) => fromStrong(frame) && isResignation(frame), 0, 25_000)
    expect(resigned.at - (before?.at ?? 0)).toBeGreaterThan(9_500)
    await master.ended()
    expect(strong.has(VIP)).toBe(false)
  })

  lab('a reload adds, removes and moves addresses and stays master', async (lab) => {
    const pair = { ours: router({ ...eager, priority: 200 }), theirs: router({ priority: 100, ...calm }) }
    const { strong, master, wire, backup } = await masterAndBackup(lab, pair)
    const other = { name: 'VI_2', virtualRouterId: 52 }
    const [one, two, three] = ['192.0.2.100/24', '192.0.2.101/24', '192.0.2.102/24'].map(virtualAddress)
    if (one === undefined || two === undefined || three === undefined) throw new Error('three addresses')
    await master.configure([
      router({ ...calm, priority: 200, addresses: [one, two] }),
      router({ ...other, priority: 200, addresses: [three] }),
    ])
    await master.enters('MASTER', 'VI_2')
    await strong.holds('192.0.2.102')
    const removals = strong.spawn('monitor', ['ip', 'monitor', 'address'])
    await master.configure([
      router({ ...calm, priority: 150, addresses: [one] }),
      router({ ...other, priority: 200, addresses: [two, three] }),
    ])
    await wire.next((frame) => fromStrong(frame) && frame.kind === 'vrrp' && frame.priority === 150)
    expect(strong.addresses().filter((each) => each.startsWith('192.0.2.10'))).toEqual([
      '192.0.2.100',
      '192.0.2.101',
      '192.0.2.102',
    ])
    expect(removals.output).not.toMatch(/Deleted/)
    await master.configure([router({ ...calm, priority: 150, addresses: [one] })])
    expect(strong.addresses().filter((each) => each.startsWith('192.0.2.10'))).toEqual(['192.0.2.100'])
    expect(master.states()).toEqual(['BACKUP', 'MASTER'])
    expect(master.states('VI_2')).toEqual(['BACKUP', 'MASTER', 'FAULT'])
    expect(backup.states().at(-1)).toBe('BACKUP')
    expect(
      longestGap(
        wire.frames.filter((f) => f.kind !== 'vrrp' || f.virtualRouterId === 51),
        '192.0.2.11',
      ),
    ).toBeLessThan(2_000)
  })

  lab('a missing interface is a fault with a reason, and none once it is there; twice', async (lab) => {
    const { strong, onlooker } = routers(lab)
    const role = new Role(strong)
    const on = { interface: 'dum0', addresses: [{ ...virtualAddress(`${VIP}/24`), interface: 'dum0' }] }
    await role.configure([router({ priority: 100, ...on })])
    expect((await role.snapshot())[0]).toMatchObject({ state: 'fault', faultReason: 'dum0: no such interface' })
    for (let round = 0; round < 2; round++) {
      strong.ip('link', 'add', 'dum0', 'type', 'veth', 'peer', 'name', `dum${round + 1}`)
      strong.ip('link', 'set', `dum${round + 1}`, 'up')
      strong.ip('link', 'set', 'dum0', 'up')
      await until(
        'no address',
        async () => (await role.snapshot())[0]?.faultReason === 'dum0: no IPv4 address to send from',
      )
      strong.ip('addr', 'add', '192.0.2.111/24', 'dev', 'dum0')
      await role.enters('MASTER')
      await strong.holds(VIP)
      if (round === 0) {
        strong.ip('link', 'set', 'dum0', 'name', 'other0')
        await role.enters('FAULT')
        expect(strong.has(VIP)).toBe(false)
        strong.ip('link', 'set', 'other0', 'name', 'dum0')
        await role.enters('MASTER')
        await strong.holds(VIP)
      }
      strong.ip('link', 'del', 'dum0')
      await role.enters('FAULT')
    }
    expect(onlooker).toBeDefined()
  })

  lab('a cut cable is a fault and the other side takes over; mended, it takes the address back', async (lab) => {
    const { strong, weak, master } = await masterAndBackup(lab)
    strong.cut()
    await master.enters('FAULT')
    expect((await master.snapshot())[0]?.faultReason).toBe('eth0: no carrier')
    await weak.holds(VIP)
    await strong.releases(VIP)
    strong.mend()
    await strong.holds(VIP)
    await weak.releases(VIP)
  })

  lab('goes on advertising under a flood of advertisements that are not ours', async (lab) => {
    const { strong, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112')
    const role = new Role(strong)
    const authentication = { type: 'pass', password: 'secret' } as const
    await role.configure([
      router({ priority: 255, initialState: 'master', version: 2, advertisementInterval: seconds(1), authentication }),
    ])
    await strong.holds(VIP)
    const stranger = await onlooker.sender()
    for (let sent = 0; sent < 80; sent++) {
      stranger.advertise({ virtualRouterId: 51, priority: 255, addresses: [VIP], password: 'wrong' })
      await millis(50)
    }
    expect(longestGap(wire.frames, '192.0.2.11')).toBeLessThan(2_000)
    const [snapshot] = await role.snapshot()
    expect(snapshot).toMatchObject({ state: 'master', advertisementsReceived: 0 })
    expect(snapshot?.drops['authentication']).toBeGreaterThan(20)
  })
})

type Meeting = readonly [
  name: string,
  ours: Parameters<typeof router>[0],
  theirs: Parameters<typeof instance>[0],
  address: string,
]
const password = { authentication: { type: 'pass', password: 'secret' } } as const
const meetings: readonly Meeting[] = [
  [
    'V-109 VRRPv2 with a password',
    { priority: 0, version: 2, advertisementInterval: seconds(1), ...password },
    { priority: 100, version: 2, password: 'secret' },
    VIP,
  ],
  ['VRRPv3 over IPv4', { priority: 0 }, { priority: 100, version: 3, advertInt: 0.1 }, VIP],
  [
    'VRRPv3 over IPv6',
    { priority: 0, ...six },
    { priority: 100, version: 3, advertInt: 0.1, addresses: ['fe80::100', `${VIP6}/64`] },
    VIP6,
  ],
]

describe('the vrrp role and keepalived', () => {
  for (const [name, ours, theirs, vip] of meetings)
    lab(
      `V-002 V-003 V-081 V-108 ${name}: preempt each other, relieve each other, and have no complaint`,
      async (lab) => {
        const { strong, weak } = routers(lab)
        const keepalived = await weak.keepalived(instance(theirs))
        await weak.holds(vip)
        const role = new Role(strong)
        await role.configure([router({ ...ours, priority: 200 })])
        await strong.holds(vip)
        await weak.releases(vip)
        await role.configure([router({ ...ours, priority: 50 })])
        await weak.holds(vip)
        await strong.releases(vip)
        expect((await role.snapshot())[0]).toMatchObject({ state: 'backup', masterPriority: 100, drops: {} })
        await keepalived.stop()
        await strong.holds(vip)
        await role.stop()
        expect(strong.has(vip)).toBe(false)
        expect(keepalived.complaints()).toEqual([])
      },
    )

  lab('unicast: each accepts the other', async (lab) => {
    const { strong, weak } = routers(lab)
    const more = ['unicast_src_ip 192.0.2.12', 'unicast_peer {', '  192.0.2.11', '}']
    const keepalived = await weak.keepalived(instance({ priority: 100, version: 3, advertInt: 0.1, more }))
    await weak.holds(VIP)
    const role = new Role(strong)
    const unicast = { unicastPeers: [address('192.0.2.12')], checkUnicastSource: true, source: address('192.0.2.11') }
    await role.configure([router({ priority: 200, ...unicast })])
    await strong.holds(VIP)
    await weak.releases(VIP)
    await role.stop()
    await weak.holds(VIP)
    expect(keepalived.complaints()).toEqual([])
  })
})
