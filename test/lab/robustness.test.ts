/** What strangers on the segment cannot do to a Holdfast router. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { advertisementBytes, type Capture, millis, nowMillis, until } from './library/index.ts'
import { routers } from './scenes.ts'

/** The longest silence of a router, in milliseconds, between its advertisements since a moment and now. */
function longestSilence(wire: Capture, source: string, since: number): number {
  const times = wire.frames.filter((f) => f.kind === 'vrrp' && f.source === source && f.at >= since).map(({ at }) => at)
  const marks = [since, ...times, nowMillis()]
  return Math.max(...marks.slice(1).map((at, i) => at - marks[i]!))
}

const stranger = { virtualRouterId: 51, priority: 255, addresses: [VIRTUAL_ADDRESS] }

lab(
  'a master under five wrong-password advertisements a second keeps advertising and keeps its address',
  async (lab) => {
    const { strong, onlooker } = routers(lab)
    const daemon = await strong.holdfastd(instance({ priority: 100, password: 'right' }))
    await strong.holds(VIRTUAL_ADDRESS)
    const wire = await onlooker.capture('ip proto 112')
    const sender = await onlooker.sender()
    const begun = nowMillis()
    const sending = setInterval(() => sender.advertise({ ...stranger, password: 'wrong' }), 200)
    // Nothing tells that silence will not come, so this watches for a fixed while: six advertisement intervals.
    await millis(6000)
    clearInterval(sending)

    expect(longestSilence(wire, '192.0.2.11', begun)).toBeLessThan(2000)
    expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
    const [router] = (await daemon.status()).virtualRouters
    expect(router?.state).toBe('master')
    const dropped = Object.values(router?.drops ?? {}).reduce((a, b) => a + b, 0)
    expect(dropped).toBeGreaterThanOrEqual(25)
  },
)

lab('a backup under wrong-password advertisements takes over as if there were none', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const [first] = await Promise.all([
    strong.holdfastd(instance({ priority: 200, password: 'right' })),
    weak.holdfastd(instance({ priority: 100, password: 'right' })),
  ])
  await strong.holds(VIRTUAL_ADDRESS)
  const wire = await onlooker.capture('ip proto 112')
  const sender = await onlooker.sender()
  const sending = setInterval(() => sender.advertise({ ...stranger, password: 'wrong' }), 200)
  await wire.next((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11', nowMillis())
  first.killAll()
  strong.cut()
  const last = wire.last((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11')
  const claim = await wire.next((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.12')
  clearInterval(sending)
  // Three intervals and a skew of 156/256 s (RFC 3768 §6.1), and not two times that.
  expect(claim.at - last!.at).toBeGreaterThan(3600)
  expect(claim.at - last!.at).toBeLessThan(7200)
})

lab('malformed advertisements of every kind, and those of strangers, are counted and change nothing', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const daemon = await strong.holdfastd(`global_defs {\n  log_unknown_vrids\n}\n${instance({ priority: 100 })}`)
  await strong.holds(VIRTUAL_ADDRESS)
  const wire = await onlooker.capture('ip proto 112')
  const sender = await onlooker.sender()
  const good = advertisementBytes(stranger)
  const altered = (at: number, value: number): Uint8Array => good.map((byte, i) => (i === at ? value : byte))
  const begun = nowMillis()
  const before = (await daemon.status()).virtualRouters[0]?.drops ?? {}
  for (let round = 0; round < 10; round++) {
    sender.send(good, { ttl: 64 })
    sender.send(good.subarray(0, 3))
    sender.send(good.subarray(0, 12))
    sender.send(altered(0, 0x41))
    sender.send(altered(0, 0x22))
    sender.send(altered(3, 200))
    sender.send(altered(6, (good[6] ?? 0) ^ 1))
    sender.send(new Uint8Array(1400).fill(0xff))
    sender.send(advertisementBytes({ ...stranger, password: 'unasked' }))
    sender.send(advertisementBytes({ ...stranger, interval: 7 }))
    sender.send(advertisementBytes({ ...stranger, virtualRouterId: 99 }))
  }
  const { virtualRouters } = await daemon.shows('counts what it dropped', ({ virtualRouters: [router] }) => {
    const total = Object.values(router?.drops ?? {}).reduce((a, b) => a + b, 0)
    return total - Object.values(before).reduce((a, b) => a + b, 0) >= 60
  })
  await wire.next((frame) => frame.kind === 'vrrp' && frame.source === '192.0.2.11', nowMillis())
  expect(longestSilence(wire, '192.0.2.11', begun)).toBeLessThan(2000)
  expect(virtualRouters[0]?.state).toBe('master')
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
  const told = () => daemon.process.lines.filter(({ text }) => /not configured here .*virtualRouterId=99/.test(text))
  await until('the unknown one is told of', () => told().length > 0)
  // Ten came; a line in ten seconds tells of one.
  expect(told().length).toBeLessThan(10)
})
