/** Other clusters, forgers, healed partitions and stopped processes: where keepalived loses its address or its neighbours. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { advertisementBytes, type Frame, type Host, millis, nowMillis, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { routers } from './scenes.ts'

const advertOf =
  (source: string) =>
  (frame: Frame): boolean =>
    frame.kind === 'vrrp' && frame.source === source
const claimOf =
  (host: Host) =>
  (frame: Frame): boolean =>
    frame.kind === 'arp' && frame.senderAddress === VIRTUAL_ADDRESS && frame.senderMac === host.mac()

lab(
  'two clusters under one virtual_router_id with passwords of their own do not disturb each other, and say so',
  async (lab) => {
    const lan = lab.segment()
    const host = (name: string, n: number) => lab.host(name, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
    const other = '192.0.2.101'
    const [ours, theirs] = [
      { password: 'ours', addresses: [`${VIRTUAL_ADDRESS}/24`] },
      { password: 'theirs', addresses: [`${other}/24`] },
    ]
    const [a, b, c, d] = [host('a', 11), host('b', 12), host('c', 13), host('d', 14)]
    const [first, second, third] = [
      await a.holdfastd(instance({ ...ours, priority: 200 })),
      await b.holdfastd(instance({ ...ours, priority: 100 })),
      // The strongest of the other cluster is weaker than ours, its weakest weaker than all.
      await c.holdfastd(instance({ ...theirs, priority: 150 })),
    ]
    await d.keepalived(instance({ ...theirs, priority: 50 }))
    await Promise.all([a.holds(VIRTUAL_ADDRESS), c.holds(other)])
    await Promise.all([b.releases(VIRTUAL_ADDRESS), d.releases(other)])
    const becameMaster = (await third.status()).virtualRouters[0]?.becameMaster

    await first.stop()
    await b.holds(VIRTUAL_ADDRESS)
    for (const daemon of [second, third]) {
      await daemon.shows('what it refused', ({ virtualRouters: [one] }) => (one?.drops['authentication'] ?? 0) > 2)
      const lines = daemon.host.processes.flatMap((process) => process.lines.map(({ text }) => text))
      const said = lines.filter((text) => text.includes('another cluster uses this virtual_router_id'))
      expect(said.length).toBeGreaterThan(0)
    }
    expect((await third.status()).virtualRouters[0]).toMatchObject({ state: 'master', becameMaster })
    expect([b, c].map((one) => one.addresses().length)).toEqual([2, 2])
    expect(d.has(other)).toBe(false)
  },
)

lab('a forged resignation changes nothing, however often it comes; the master’s own counts', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const master = await strong.holdfastd(instance({ priority: 200 }))
  await strong.holds(VIRTUAL_ADDRESS)
  const daemon = await weak.holdfastd(instance({ priority: 100 }))
  await daemon.shows('the master', ({ virtualRouters: [one] }) => one?.masterAddress === '192.0.2.11')
  const { becameMaster } = (await daemon.status()).virtualRouters[0]!
  const sender = await onlooker.sender()
  const forged = () => sender.advertise({ virtualRouterId: 51, priority: 0, addresses: [VIRTUAL_ADDRESS] })
  const received = async () => (await daemon.status()).virtualRouters[0]?.priorityZeroReceived ?? 0
  const forging = setInterval(forged, 200)
  await until('fifteen of them', async () => (await received()) >= 15, { within: 30_000 })
  clearInterval(forging)
  expect((await daemon.status()).virtualRouters[0]).toMatchObject({ state: 'backup', becameMaster })
  const wire = await onlooker.capture('ip proto 112 and not src 192.0.2.1')
  await master.stop()
  const resigned = await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 0)
  const taken = await wire.next((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.12', resigned.at)
  // The skew is 0.6 s, the whole interval 3.6 s.
  expect(taken.at - resigned.at).toBeLessThan(3_000)
  await weak.holds(VIRTUAL_ADDRESS)
})

lab('after a healed partition neighbours that had learned the weaker router find the stronger one', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  // The stronger one is heard first, so that only the last word of the weaker one can tell it that there were two.
  await strong.holdfastd(instance({ version: 3, priority: 200, advertInt: 0.2 }))
  await strong.holds(VIRTUAL_ADDRESS)
  const apart =
    'table ip apart { chain in { type filter hook input priority 0; ip protocol 112 drop; }; chain out { type filter hook output priority 0; ip protocol 112 drop; }; }'
  expect((await weak.exec('nft', apart)).status).toBe(0)
  await weak.holdfastd(instance({ version: 3, priority: 100, advertInt: 5 }))
  await weak.holds(VIRTUAL_ADDRESS, 40_000)
  const wire = await onlooker.capture('arp')
  onlooker.ip('neigh', 'replace', VIRTUAL_ADDRESS, 'lladdr', weak.mac(), 'nud', 'stale', 'dev', 'eth0')
  expect((await weak.exec('nft', 'delete table ip apart')).status).toBe(0)
  await weak.releases(VIRTUAL_ADDRESS)
  await wire.next(claimOf(strong))
  await until('the neighbour’s entry', () =>
    onlooker.ip('neigh', 'show', VIRTUAL_ADDRESS).includes(strong.mac().toLowerCase()),
  )
})

lab('a director that was stopped for ten seconds listens, and what it holds on to it announces again', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const wire = await onlooker.capture('ip proto 112 or arp')
  const [sleeper] = [
    await strong.holdfastd(instance({ version: 3, priority: 200, advertInt: 0.5, more: ['garp_master_delay 0'] })),
    await weak.holdfastd(instance({ version: 3, priority: 100, advertInt: 0.5 })),
  ]
  await strong.holds(VIRTUAL_ADDRESS)
  await wire.next(claimOf(strong))
  await weak.releases(VIRTUAL_ADDRESS)
  const pids = sleeper.pids()
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const stopped = nowMillis()
  await weak.holds(VIRTUAL_ADDRESS)
  // Ten seconds are what is asked for: nothing that could be observed says that they are over.
  await millis(Math.max(0, stopped + 10_000 - nowMillis()))
  const woken = nowMillis()
  for (const pid of pids) process.kill(pid, 'SIGCONT')
  await wire.next(claimOf(strong), woken)
  await weak.releases(VIRTUAL_ADDRESS)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
  await wire.next(advertOf('192.0.2.11'), nowMillis() + 1_000)
  const claims = wire.frames.filter((frame) => frame.at > woken && (claimOf(strong)(frame) || claimOf(weak)(frame)))
  expect(claims.at(-1)?.kind === 'arp' && claims.at(-1)?.sourceMac).toBe(strong.mac())
})

lab('a flood is held off in the kernel, and each datagram of it is counted', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const daemon = await strong.holdfastd(instance({ priority: 100, password: 'ours' }))
  await strong.holds(VIRTUAL_ADDRESS)
  const wire = await onlooker.capture('ip proto 112 and src host 192.0.2.11')
  const foreign = advertisementBytes({
    virtualRouterId: 51,
    priority: 200,
    addresses: [VIRTUAL_ADDRESS],
    password: 'theirs',
  })
  const flood = (bytes: Uint8Array) =>
    onlooker.spawn('flood', [
      process.execPath,
      join(repositoryRoot, 'test/scenario/flood.mjs'),
      ...['eth0', '192.0.2.66', '224.0.0.18', Buffer.from(bytes).toString('hex'), '5000', '2'],
    ])
  const floods = [flood(foreign), flood(foreign.with(1, 99))]
  const sent = (await Promise.all(floods.map((one) => one.line(/^sent \d+/, 30_000))))
    .map(({ text }) => Number(/\d+/.exec(text)?.[0]))
    .reduce((sum, one) => sum + one)
  // Those for which the socket had no room, while this machine was busy with other things.
  const lost = async () =>
    Number(/^ *\d+: .* (\d+)$/m.exec((await strong.exec('cat', '/proc/net/raw')).stdout.replaceAll(/ +$/gm, ''))?.[1])
  const overflowed = await lost()
  // The last of them may be on their way.
  const shown = await daemon.shows('as many as were sent', ({ virtualRouters: [one] }) => {
    const { authentication = 0, repeated = 0 } = one?.drops ?? {}
    return authentication + repeated + (one?.unclaimed?.['virtual-router-id'] ?? 0) + overflowed === sent
  })
  expect(shown.virtualRouters[0]).toMatchObject({ state: 'master', becameMaster: 1 })
  expect(shown.virtualRouters[0]?.drops['repeated']).toBeGreaterThan(0)
  expect(daemon.process.lines.filter(({ text }) => text.includes('held off in the kernel'))).toHaveLength(1)
  await wire.next(advertOf('192.0.2.11'), nowMillis())
})
