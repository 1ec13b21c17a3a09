/** Failover, hold and maintenance by hand, with keepalived as the other router. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Frame, nowMillis } from './library/index.ts'
import { routers } from './scenes.ts'

const STRONG = '192.0.2.11'
const WEAK = '192.0.2.12'
const quick = { version: 3, advertInt: 0.1 } as const
const from = (source: string, priority: number) => (frame: Frame) =>
  frame.kind === 'vrrp' && frame.source === source && frame.priority === priority

for (const more of [[], ['nopreempt']])
  lab(
    `failover: keepalived${more.map((word) => ` with ${word}`)} takes over, and keeps it until it is gone`,
    async (lab) => {
      const { strong, weak, onlooker } = routers(lab)
      const daemon = await strong.holdfastd(instance({ ...quick, priority: 200 }))
      await strong.holds(VIRTUAL_ADDRESS)
      const other = await weak.keepalived(instance({ ...quick, priority: 100, more }))
      const wire = await onlooker.capture('ip proto 112')
      await wire.next(from(STRONG, 200))

      const ordered = nowMillis()
      const failover = await daemon.holdfast('failover', 'VI_51', '--reason', 'a new kernel')
      expect(failover.stdout).toMatch(/^VI_51 was taken over by another/)
      await weak.holds(VIRTUAL_ADDRESS)
      expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
      const goodbye = await wire.next(from(STRONG, 0), ordered)
      const hello = await wire.next(from(WEAK, 100), ordered)
      // The skew of priority 100 is 61 ms, and the whole interval 361 ms.
      expect(hello.at - goodbye.at).toBeLessThan(360)

      // Three seconds are ten of its down intervals.
      await wire.next(from(WEAK, 100), hello.at + 3_000)
      expect(wire.last((frame) => frame.at > hello.at && frame.kind === 'vrrp' && frame.source === STRONG)).toBe(
        undefined,
      )
      expect((await daemon.holdfast('why', 'VI_51')).stdout).toMatch(/ordered failover .* \(a new kernel\)/)
      daemon.process.signal('SIGHUP')
      await daemon.shows(
        'the order after a reload',
        ({ virtualRouters }) => virtualRouters[0]?.order?.kind === 'failover',
      )

      await other.stop()
      await strong.holds(VIRTUAL_ADDRESS)
      await daemon.shows(
        'it is master for itself again',
        ({ virtualRouters: [one] }) =>
          one?.state === 'master' && one.order === undefined && one.effectivePriority === 200,
      )
      expect((await daemon.holdfast('failover', '--all')).stdout).toBe(
        'VI_51 stays master: nobody has taken its place\n',
      )
      expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
      expect((await daemon.status()).virtualRouters[0]).toMatchObject({ state: 'master', becameMaster: 2 })
    },
  )

lab('maintenance: the host gives way to whoever is there, and takes its place back afterwards', async (lab) => {
  const { strong, weak } = routers(lab)
  const daemon = await strong.holdfastd(instance({ ...quick, priority: 200 }))
  await strong.holds(VIRTUAL_ADDRESS)
  // Nobody else is there yet: it stays, at the least priority, and the first one to come is master.
  const on = await daemon.holdfast('maintenance', 'on', '--for', '1h')
  expect(on.stdout).toBe('maintenance is on\nVI_51 stays master: nobody has taken its place\n')
  await weak.keepalived(instance({ ...quick, priority: 100 }))
  await weak.holds(VIRTUAL_ADDRESS)
  await strong.releases(VIRTUAL_ADDRESS)
  expect((await daemon.holdfast('status')).stdout).toMatch(/maintenance by \S+ for \d+s, for another 59m \d+s/)

  expect((await daemon.holdfast('maintenance', 'off')).stdout).toBe('maintenance is off\n')
  await strong.holds(VIRTUAL_ADDRESS)
  await weak.releases(VIRTUAL_ADDRESS)
})
