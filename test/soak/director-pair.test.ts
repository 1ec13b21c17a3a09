/**
 * A pair of directors under load for long, while at random a role, a supervisor or a whole daemon is killed, a real server
 * fails and returns, a cable is cut and mended, and configurations are reloaded. HOLDFAST_SOAK_MINUTES (10) says how long;
 * HOLDFAST_SOAK_SEED repeats a run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Holdfastd, type LabProcess, millis, nowMillis, summary, until } from '../lab/library/index.ts'
import { directRouting } from '../lab/scenes.ts'

const minutes = Number(process.env['HOLDFAST_SOAK_MINUTES'] ?? 10)
const seed = Number(process.env['HOLDFAST_SOAK_SEED'] ?? Date.now() % 1_000_000)

/** A small generator (mulberry32), so that a seed repeats a run. */
function generator(state: number): () => number {
  let next = state
  return () => {
    next = (next + 0x6d2b79f5) | 0
    let t = Math.imul(next ^ (next >>> 15), 1 | next)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Resident kilobytes of a process and its open descriptors. */
function size(pid: number): { readonly resident: number; readonly descriptors: number } {
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return { resident, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

lab(
  `a pair of directors outlives ${minutes} minutes of failures (seed ${seed})`,
  async (lab) => {
    const random = generator(seed)
    const scene = directRouting(lab)
    const [first, second] = scene.directors as [(typeof scene.directors)[0], (typeof scene.directors)[0]]
    const web: (LabProcess | undefined)[] = []
    const startWeb = async (i: number) => {
      web[i] = await scene.servers[i]!.nginx({ listen: ['80'], body: `web${i + 1}` })
    }
    for (const i of [0, 1]) await startWeb(i)
    const configuration = (priority: number, weight = 1): string =>
      instance({ version: 3, advertInt: 0.1, priority }) +
      webService({
        method: 'DR',
        realServers: ['192.0.2.21 80', '192.0.2.22 80'],
        checker: [`weight ${weight}`, 'TCP_CHECK {', 'connect_timeout 1', 'retry 0', '}'],
      })
    const daemons: [Holdfastd, Holdfastd] = [
      await first.holdfastd(configuration(200)),
      await second.holdfastd(configuration(100)),
    ]
    const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, { sources: scene.sources, every: 20 })
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!

    const settled = async (): Promise<void> => {
      const holders = (): number => scene.directors.filter((host) => host.has(VIRTUAL_ADDRESS)).length
      await until('exactly one director holds the address', () => holders() === 1, { within: 30_000 })
      const from = nowMillis()
      await until(
        'ten answers in a row',
        () =>
          load
            .between(from)
            .slice(-10)
            .filter(({ status }) => status === 200).length === 10,
        {
          within: 30_000,
        },
      )
    }
    const failures: readonly [name: string, happen: () => Promise<void>][] = [
      ['a role is killed', async () => void (await pick(daemons).killRole(pick(['vrrp', 'checker', 'forwarding'])))],
      [
        'a supervisor is killed',
        async () => {
          const daemon = pick(daemons)
          await daemon.killSupervisor()
          await daemon.restart()
        },
      ],
      [
        'a whole daemon is killed',
        async () => {
          const daemon = pick(daemons)
          daemon.killAll()
          await millis(1000 * random())
          await daemon.process.end()
          await daemon.restart()
        },
      ],
      [
        'a real server fails and returns',
        async () => {
          const i = pick([0, 1])
          await web[i]?.stop('SIGKILL')
          await millis(3000 * random())
          await startWeb(i)
        },
      ],
      [
        'a cable is cut and mended',
        async () => {
          const host = pick(scene.directors)
          host.cut()
          await millis(2000 * random())
          host.mend()
        },
      ],
      [
        'a configuration is reloaded',
        async () => {
          const i = pick([0, 1] as const)
          daemons[i].configure(configuration(i === 0 ? 200 : 100, 1 + Math.floor(3 * random())))
          await daemons[i].holdfast('reload')
        },
      ],
    ]

    const ready = () => Promise.all(daemons.map((daemon) => daemon.ready()))
    await settled()
    const before = size(daemons[0].pid)
    const happened: Record<string, number> = {}
    const end = nowMillis() + minutes * 60_000
    while (nowMillis() < end) {
      const [name, happen] = pick(failures)
      happened[name] = (happened[name] ?? 0) + 1
      await happen()
      await ready()
      await settled()
    }
    const after = size(daemons[0].pid)
    const { answered, failed } = summary(load.requests)
    process.stdout.write(
      `${JSON.stringify({ seed, minutes, happened, answered, failed, residentKilobytes: [before.resident, after.resident], descriptors: [before.descriptors, after.descriptors] })}\n`,
    )
    expect(after.descriptors).toBeLessThan(before.descriptors + 20)
    expect(after.resident).toBeLessThan(before.resident + 100_000)
  },
  (minutes + 5) * 60_000,
)
