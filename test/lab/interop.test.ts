/** Holdfast and Debian's keepalived as the two routers of one virtual router, each in either part. */
import { describe, expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import type { Holdfastd, Host, Keepalived } from './library/index.ts'
import { routers } from './scenes.ts'

type Setting = Parameters<typeof instance>[0]
const settings: readonly [name: string, address: string, setting: Omit<Setting, 'priority'>][] = [
  ['VRRPv2 over IPv4 with a password', VIRTUAL_ADDRESS, { version: 2, password: 'secret' }],
  ['VRRPv2 with an authentication header', VIRTUAL_ADDRESS, { version: 2, password: 'secret', authType: 'AH' }],
  ['VRRPv3 over IPv4', VIRTUAL_ADDRESS, { version: 3, advertInt: 0.2 }],
  [
    'VRRPv3 over IPv6',
    VIRTUAL_ADDRESS_6,
    { version: 3, advertInt: 0.2, addresses: ['fe80::100', `${VIRTUAL_ADDRESS_6}/64`] },
  ],
]

type Daemon = { stop(): Promise<unknown>; killAll(): void }
type Start = (host: Host, configuration: string) => Promise<Daemon>

/** Collects what each side has to say against the other's packets. */
function witnesses() {
  const holdfasts: Holdfastd[] = []
  const keepaliveds: Keepalived[] = []
  const holdfast: Start = async (host, configuration) => {
    const daemon = await host.holdfastd(configuration)
    holdfasts.push(daemon)
    return daemon
  }
  const keepalived: Start = async (host, configuration) => {
    const daemon = await host.keepalived(configuration)
    keepaliveds.push(daemon)
    return daemon
  }
  /** Of those that still run, what Holdfast dropped; of all, what keepalived logged. */
  const complaints = async () => {
    const running = holdfasts.filter(({ process }) => process.ended === undefined)
    const snapshots = await Promise.all(running.map((daemon) => daemon.status()))
    return {
      holdfast: snapshots
        .flatMap(({ virtualRouters }) => virtualRouters.map(({ drops }) => drops))
        .filter((drops) => Object.keys(drops).length > 0),
      keepalived: keepaliveds.flatMap((daemon) => daemon.complaints()),
    }
  }
  return { holdfast, keepalived, complaints }
}

/** VRRPv2 counts whole seconds: its cases mostly wait, so they are played side by side. */
const play = ({ version }: Pick<Setting, 'version'>) => (version === 2 ? describe.concurrent : describe)

for (const [name, address, setting] of settings)
  play(setting)(name, () => {
    for (const master of ['holdfast', 'keepalived'] as const) {
      const other = master === 'holdfast' ? 'keepalived' : 'holdfast'

      lab(`${other} backs up ${master}, takes over when it stops, and yields when it returns`, async (lab) => {
        const { strong, weak } = routers(lab)
        const start = witnesses()
        const strongConfiguration = instance({ ...setting, priority: 200 })
        const first = await start[master](strong, strongConfiguration)
        await strong.holds(address)
        await start[other](weak, instance({ ...setting, priority: 100 }))

        await first.stop()
        await weak.holds(address)
        expect(strong.has(address)).toBe(false)

        await start[master](strong, strongConfiguration)
        await strong.holds(address)
        await weak.releases(address)
        expect(await start.complaints()).toEqual({ holdfast: [], keepalived: [] })
      })

      lab(
        `${other} replaces ${master} when its host falls silent, and a weaker ${other} never preempts`,
        async (lab) => {
          const { strong, weak, onlooker } = routers(lab)
          const start = witnesses()
          const wire = await onlooker.capture('ip proto 112 or ip proto 51 or ip6 proto 112')
          const second = await start[other](weak, instance({ ...setting, priority: 100 }))
          await weak.holds(address)
          const first = await start[master](strong, instance({ ...setting, priority: 200 }))
          await strong.holds(address)
          await weak.releases(address)

          // The weaker one starts again beside a living master and sends nothing.
          await second.stop()
          const restarted = Date.now()
          await start[other](weak, instance({ ...setting, priority: 100 }))
          for (let heard = 0; heard < 5; heard++)
            await wire.next(
              (frame) => frame.kind === 'vrrp' && frame.priority === 200,
              restarted + heard * 1000 * (setting.advertInt ?? 1),
            )
          const intruder = wire.frames.find(
            (frame) => frame.kind === 'vrrp' && frame.at > restarted && frame.priority === 100,
          )
          expect(intruder).toBeUndefined()

          first.killAll()
          strong.cut()
          await weak.holds(address)
          expect(await start.complaints()).toEqual({ holdfast: [], keepalived: [] })
        },
      )
    }
  })
