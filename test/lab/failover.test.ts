/** Two Holdfast routers: who holds the address when one stops, falls silent, returns, or loses its link. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import { nowMillis, until } from './library/index.ts'
import { routers } from './scenes.ts'

lab(
  'a silent master is replaced after one master down interval, and the new one claims the address by ARP',
  async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112 or arp')
    await Promise.all([strong.holdfastd(instance({ priority: 200 })), weak.holdfastd(instance({ priority: 100 }))])
    await strong.holds(VIRTUAL_ADDRESS)
    await wire.next((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11', nowMillis())
    const cut = nowMillis()
    strong.cut()

    const claim = await wire.next((frame) => frame.kind === 'arp' && frame.senderAddress === VIRTUAL_ADDRESS, cut)
    const last = wire.last((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11')
    expect(claim).toMatchObject({ sourceMac: weak.mac(), senderMac: weak.mac(), targetAddress: VIRTUAL_ADDRESS })
    expect(claim.at - last!.at).toBeGreaterThan(3609)
    // Not after two such intervals; what lies between is the machine's.
    expect(claim.at - last!.at).toBeLessThan(7200)
  },
)

lab('a master that stops resigns: the backup waits its skew only, and meanwhile the address is served', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112 or arp')
  const [first] = await Promise.all([
    strong.holdfastd(instance({ priority: 200 })),
    weak.holdfastd(instance({ priority: 100 })),
  ])
  await strong.holds(VIRTUAL_ADDRESS)
  const stopped = first.stop()
  const resignation = await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 0)
  // Whether it comes before the successor has spoken or after.
  expect((await onlooker.exec('ping', '-c', '1', '-W', '1', VIRTUAL_ADDRESS)).status).toBe(0)
  await stopped
  const claim = await wire.next((frame) => frame.kind === 'arp' && frame.senderMac === weak.mac(), resignation.at)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
  expect(claim.at - resignation.at).toBeGreaterThan(609)
  // The whole interval is 3.6 s.
  expect(claim.at - resignation.at).toBeLessThan(3000)
  const last = wire.last((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11')
  expect(last).toMatchObject({ priority: 0, at: resignation.at })
  const claims = wire.frames.filter((frame) => frame.kind === 'arp' && frame.at > resignation.at)
  expect(
    claims.some(
      (frame) =>
        frame.kind === 'arp' &&
        frame.operation === 'request' &&
        frame.senderMac === strong.mac() &&
        frame.senderAddress === VIRTUAL_ADDRESS,
    ),
  ).toBe(false)
  expect((await first.holdfast('log')).stdout).toMatch(
    /VI_51 entered initialize because the daemon stops, and 192\.0\.2\.12 has taken its place .*gave up 1 address/,
  )
})

lab('a master without a successor waits for one, and a second SIGTERM ends that', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112')
  const slow = instance({ priority: 255, state: 'MASTER', version: 3, advertInt: 40 })
  // It would wait for forty seconds.
  const daemon = await strong.holdfastd(`global_defs {\n  child_wait_time 600\n}\n${slow}`)
  await strong.holds(VIRTUAL_ADDRESS)
  daemon.process.signal('SIGTERM')
  await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 0)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
  const again = nowMillis()
  await daemon.stop()
  expect(nowMillis() - again).toBeLessThan(30_000)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
})

lab(
  'a router whose link flaps is in fault while it is down, one that does not track it is not; both have all at the end',
  async (lab) => {
    const { strong } = routers(lab)
    const quick = { priority: 200, version: 3, advertInt: 0.1 } as const
    const block = (name: string, line: string) => [`${name} {`, `  ${line}`, '}']
    const route = '203.0.113.0/24'
    const tracking = instance({ ...quick, more: block('virtual_routes', `${route} via 192.0.2.1 dev eth0`) })
    const other = '192.0.2.101'
    const unmoved = instance({
      ...quick,
      virtualRouterId: 52,
      addresses: [`${other}/24`],
      // The kernel takes it off with the link.
      more: ['dont_track_primary', ...block('virtual_ipaddress_excluded', `${VIRTUAL_ADDRESS_6}/64`)],
    })
    const daemon = await strong.holdfastd(tracking + unmoved)
    const all = async () => {
      await Promise.all([VIRTUAL_ADDRESS, other, VIRTUAL_ADDRESS_6].map((address) => strong.holds(address)))
      await until('the route is there', () => strong.ip('route', 'show', route) !== '')
    }
    await all()
    strong.linkDown()
    await daemon.shows('one is in fault', ({ virtualRouters: [one] }) => one?.state === 'fault')
    strong.linkUp()
    await all()
    for (let left = 8; left > 0; left--) {
      strong.linkDown()
      strong.linkUp()
    }
    await daemon.shows(
      'both are master',
      ({ virtualRouters }) => virtualRouters.filter(({ state }) => state === 'master').length === 2,
    )
    await all()
    expect((await daemon.status()).virtualRouters[1]).toMatchObject({ becameMaster: 1, releasedMaster: 0 })
  },
)

lab('an IPv6 virtual router announces its address to all nodes with the override flag', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const wire = await onlooker.capture('icmp6 or ip6 proto 112')
  await strong.holdfastd(
    instance({ priority: 200, version: 3, advertInt: 0.1, addresses: ['fe80::100', `${VIRTUAL_ADDRESS_6}/64`] }),
  )
  const announcement = await wire.next(
    (frame) => frame.kind === 'neighbour-advertisement' && frame.target === VIRTUAL_ADDRESS_6,
  )
  expect(announcement).toMatchObject({ override: true, solicited: false, sourceMac: strong.mac() })
  const advertisement = await wire.next((frame) => frame.kind === 'vrrp')
  expect(advertisement).toMatchObject({
    version: 3,
    destination: 'ff02::12',
    ttl: 255,
    interval: 100,
    addresses: ['fe80::100', VIRTUAL_ADDRESS_6],
  })
})

lab('a daemon killed as a whole and started again leaves the address on one router only', async (lab) => {
  const { strong, weak } = routers(lab)
  const [first, second] = await Promise.all([
    strong.holdfastd(instance({ priority: 200 })),
    weak.holdfastd(instance({ priority: 100 })),
  ])
  await strong.holds(VIRTUAL_ADDRESS)
  first.killAll()
  await weak.holds(VIRTUAL_ADDRESS)
  // Nobody was left to remove it.
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)

  await first.restart()
  const holders = (): number => [strong, weak].filter((host) => host.has(VIRTUAL_ADDRESS)).length
  await until('one router holds the address', () => holders() === 1)
  await first.shows('the stronger one is master', ({ virtualRouters: [router] }) => router?.state === 'master')
  await second.shows('the weaker one is backup', ({ virtualRouters: [router] }) => router?.state === 'backup')
  expect([strong.has(VIRTUAL_ADDRESS), weak.has(VIRTUAL_ADDRESS)]).toEqual([true, false])
})

lab('a weaker router killed as a whole and started again gives up the address that it had kept', async (lab) => {
  const { strong, weak } = routers(lab)
  const second = await weak.holdfastd(instance({ priority: 100, version: 3, advertInt: 0.2 }))
  await weak.holds(VIRTUAL_ADDRESS)
  second.killAll()
  const first = await strong.holdfastd(instance({ priority: 200, version: 3, advertInt: 0.2 }))
  await strong.holds(VIRTUAL_ADDRESS)
  await second.restart()
  await weak.releases(VIRTUAL_ADDRESS)
  await first.shows('the stronger one is still master', ({ virtualRouters: [router] }) => router?.state === 'master')
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
})
