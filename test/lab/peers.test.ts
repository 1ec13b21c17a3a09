/** Holdfast and Debian's keepalived side by side: unicast, preemption and its delay, ten milliseconds, three routers (V-108). */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Frame, type Holdfastd, type Host, nowMillis, until } from './library/index.ts'
import { routers } from './scenes.ts'

type Daemon = { stop(): Promise<unknown> }
const starts = {
  holdfast: (host: Host, configuration: string): Promise<Daemon> => host.holdfastd(configuration),
  keepalived: (host: Host, configuration: string): Promise<Daemon> => host.keepalived(configuration),
} as const
const advertOf =
  (source: string) =>
  (frame: Frame): boolean =>
    frame.kind === 'vrrp' && frame.source === source

lab('V-108: unicast without an interface, beside a keepalived that has one', async (lab) => {
  const { strong, weak } = routers(lab)
  const unicast = (own: number, peer: number) => [
    `unicast_src_ip 192.0.2.${own}`,
    'unicast_peer {',
    `  192.0.2.${peer}`,
    '}',
  ]
  const setting = { version: 3, advertInt: 0.2, addresses: [`${VIRTUAL_ADDRESS}/24 dev eth0`] } as const
  const roaming = instance({ ...setting, priority: 200, more: unicast(11, 12) }).replace('  interface eth0\n', '')
  const ours = await strong.holdfastd(roaming)
  await strong.holds(VIRTUAL_ADDRESS)
  await weak.keepalived(instance({ ...setting, priority: 100, more: unicast(12, 11) }))
  await ours.stop()
  await weak.holds(VIRTUAL_ADDRESS)
  await ours.restart()
  await strong.holds(VIRTUAL_ADDRESS)
  await weak.releases(VIRTUAL_ADDRESS)
  const { virtualRouters } = await ours.status()
  expect(virtualRouters).toMatchObject([{ interface: '', state: 'master', drops: {} }])
})

for (const master of ['holdfast', 'keepalived'] as const) {
  const other = master === 'holdfast' ? 'keepalived' : 'holdfast'

  lab(`V-108: unicast, ${master} is relieved by ${other} and takes the address back`, async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112')
    const unicast = (own: number, peer: number) => [
      `unicast_src_ip 192.0.2.${own}`,
      'unicast_peer {',
      `  192.0.2.${peer}`,
      '}',
    ]
    const strongest = instance({ version: 3, advertInt: 0.2, priority: 200, more: unicast(11, 12) })
    const first = await starts[master](strong, strongest)
    await strong.holds(VIRTUAL_ADDRESS)
    await starts[other](weak, instance({ version: 3, advertInt: 0.2, priority: 100, more: unicast(12, 11) }))
    await first.stop()
    await weak.holds(VIRTUAL_ADDRESS)
    await starts[master](strong, strongest)
    await strong.holds(VIRTUAL_ADDRESS)
    await weak.releases(VIRTUAL_ADDRESS)
    // Nothing went to the group.
    expect(wire.frames.filter((frame) => frame.kind === 'vrrp' && frame.destination === '224.0.0.18')).toEqual([])
  })

  lab(`V-108: nopreempt, a stronger ${master} that returns leaves the address to ${other}`, async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112')
    await starts[other](weak, instance({ version: 3, advertInt: 0.5, priority: 100 }))
    await weak.holds(VIRTUAL_ADDRESS)
    await starts[master](strong, instance({ version: 3, advertInt: 0.5, priority: 200, more: ['nopreempt'] }))
    const since = nowMillis()
    // Two down intervals, told by the other's own advertisements.
    for (let heard = 1; heard <= 8; heard++) await wire.next(advertOf('192.0.2.12'), since + heard * 500)
    expect(wire.frames.filter(advertOf('192.0.2.11'))).toEqual([])
    expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
    expect(weak.has(VIRTUAL_ADDRESS)).toBe(true)
  })

  lab(
    `V-075 V-108: preempt_delay, a stronger ${master} waits before it takes the address from ${other}`,
    async (lab) => {
      const { strong, weak, onlooker } = routers(lab)
      const wire = await onlooker.capture('ip proto 112 or igmp')
      await starts[other](weak, instance({ version: 3, advertInt: 0.5, priority: 100 }))
      await weak.holds(VIRTUAL_ADDRESS)
      await starts[master](strong, instance({ version: 3, advertInt: 0.5, priority: 200, more: ['preempt_delay 4'] }))
      const claim = await wire.next(advertOf('192.0.2.11'))
      // The delay begins with the first advertisement heard, so after it has joined the group.
      const joined = await wire.next(({ kind, sourceMac }) => kind === 'other' && sourceMac === strong.mac())
      expect(claim.at - joined.at).toBeGreaterThan(3_500)
      await weak.releases(VIRTUAL_ADDRESS)
      expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
    },
  )

  lab(`V-108: every ten milliseconds, ${other} takes over from ${master} and yields when it returns`, async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const wire = await onlooker.capture('ip proto 112')
    const strongest = instance({ version: 3, advertInt: 0.01, priority: 200 })
    const first = await starts[master](strong, strongest)
    await strong.holds(VIRTUAL_ADDRESS)
    await starts[other](weak, instance({ version: 3, advertInt: 0.01, priority: 100 }))
    await first.stop()
    await weak.holds(VIRTUAL_ADDRESS)
    await starts[master](strong, strongest)
    await wire.next(advertOf('192.0.2.11'), nowMillis())
    // A machine with much to do may be late by ten milliseconds; whoever is stronger has it in the end.
    await until('the stronger one alone holds it', () => strong.has(VIRTUAL_ADDRESS) && !weak.has(VIRTUAL_ADDRESS))
  })
}

lab('V-017, V-045, V-046, V-072: checksums, hop limits, strangers and rival owners', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const of = (virtualRouterId: number, priority: number, more: readonly string[] = []) =>
    instance({
      version: 3,
      advertInt: 0.3,
      virtualRouterId,
      priority,
      addresses: [`198.51.100.${virtualRouterId}/32`],
      state: priority === 255 ? 'MASTER' : 'BACKUP',
      more,
    })
  const spoken = ['unicast_src_ip 192.0.2.12', 'unicast_ttl 7', 'unicast_peer {', '  192.0.2.11', '}']
  const heard = (peer: string, ...more: readonly string[]) => [
    ...['unicast_src_ip 192.0.2.11', 'unicast_peer {', peer, '}'],
    ...more,
  ]
  await weak.keepalived([61, 62, 63].map((id) => of(id, 200, spoken)).join('') + of(64, 200) + of(65, 255))
  for (const id of [61, 62, 63, 64, 65]) await weak.holds(`198.51.100.${id}`)
  const lower = await onlooker.holdfastd(of(66, 255) + of(67, 255, ['owner_ignore_adverts']))
  for (const id of [66, 67]) await onlooker.holds(`198.51.100.${id}`)
  const hidden = await onlooker.capture('ip proto 112 and src host 192.0.2.77')
  const daemon = await strong.holdfastd(
    [
      of(61, 100, heard('192.0.2.12 min_ttl 5 max_ttl 7')),
      of(62, 100, heard('192.0.2.12 min_ttl 8')),
      of(63, 100, heard('192.0.2.13', 'check_unicast_src')),
      of(64, 100, ['v3_checksum_as_v2']),
      ...[65, 66, 67].map((id) => of(id, 255)),
      of(68, 100, ['mcast_src_ip 192.0.2.77']),
    ].join(''),
  )
  type Wanted = Readonly<Record<number, readonly [state: string, drop?: string]>>
  const settle = (who: Holdfastd, wanted: Wanted) =>
    who.shows('all as they should be', ({ virtualRouters }) => {
      const settled = virtualRouters.filter(({ virtualRouterId: id, state, drops, masterPriority }) => {
        const [now, drop] = wanted[id] ?? []
        const isHeard = state !== 'backup' || (masterPriority ?? 0) > 100
        return state === now && isHeard && (drop === undefined || (drops[drop] ?? 0) > 0)
      })
      return settled.length === Object.keys(wanted).length
    })
  await settle(daemon, {
    // A hop limit within what is set for the peer, and below it; another sender than the peer.
    61: ['backup'],
    62: ['master', 'ttl'],
    63: ['master', 'source'],
    // The other sums up the pseudo-header as well.
    64: ['backup'],
    // keepalived gives way to any other owner.
    65: ['master'],
    // Of two owners that with the lower address gives way; where it does not listen, the other does in its place.
    66: ['master'],
    67: ['backup'],
    68: ['master'],
  })
  await settle(lower, { 66: ['backup'], 67: ['master', 'owner-ignores'] })
  await weak.releases('198.51.100.65')
  // Whose it is nobody is to know: the host does not have it.
  await hidden.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === 68)
  expect(daemon.process.output).toContain('the other side sums advertisements differently router=VI_64')
})

lab('V-108: of three routers the strongest that is left has the address, whoever it is', async (lab) => {
  const lan = lab.segment()
  const host = (name: string, n: number) => lab.host(name, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  const [high, middle, low] = [host('high', 11), host('middle', 12), host('low', 13)]
  const of = (priority: number) => instance({ version: 3, advertInt: 0.2, priority })
  const first = await high.holdfastd(of(200))
  await high.holds(VIRTUAL_ADDRESS)
  const second = await middle.keepalived(of(150))
  await low.holdfastd(of(100))
  const holders = () => [high, middle, low].filter((one) => one.has(VIRTUAL_ADDRESS)).map(({ name }) => name)
  const only = (name: string) =>
    until(`${name} alone holds it`, () => holders().join() === name, { detail: () => holders().join() })
  await first.stop()
  await only('middle')
  await second.stop()
  await only('low')
  await high.holdfastd(of(200))
  await only('high')
  await middle.keepalived(of(150))
  await only('high')
})
