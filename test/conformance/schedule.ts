/** One seed is one story: who the routers are, what befalls them, and what has to be true once the LAN is whole again. */
import { address, micros, seconds } from '../../src/base/index.ts'
import type { VirtualRouter } from '../../src/model/index.ts'
import { masterDownInterval } from '../../src/proto/vrrp/index.ts'
import { announcements, router } from '../proto/vrrp/setting.ts'
import { seeded } from '../proto/vrrp/simulate.ts'
import { advertisement, byStrength, type Lan, openLan, type StepFunction } from './lan.ts'

/** What is not as it should be; undefined: all is. */
export type Verdict = string | undefined

const NOBODY = address('192.0.2.250')
/** Microseconds at most between sending and hearing once the LAN is whole. */
const DELAY = 500

export function play(seed: number, step?: StepFunction, tell?: (what: string) => void): Verdict {
  const random = seeded(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const chance = (of: number): boolean => random() < of
  const routers = participants(pick, chance)
  for (const [i, one] of routers.entries()) tell?.(`router ${i}: ${described(one)}`)
  const lan = openLan(routers, random, step, tell)
  const slowest = Math.max(...routers.map(({ advertisementInterval }) => advertisementInterval))
  try {
    disturb(lan, routers, slowest, random, pick, chance)
    return judge(lan, routers, slowest, chance(0.5))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type Pick_ = <T>(of: readonly T[]) => T

function participants(pick: Pick_, chance: (of: number) => boolean): VirtualRouter[] {
  const version = chance(0.25) ? 2 : 3
  const common = version === 2 ? seconds(pick([1, 1, 3])) : micros(pick([10_000, 100_000, 1_000_000]))
  // See step-master.ts for what intervals that differ do where a slow strong one is silent.
  const silent = chance(0.2)
  const varied = version === 3 && !silent && chance(0.6)
  const downTimerAdverts = chance(0.1) ? 5 : 3
  const obeys = chance(0.5)
  return Array.from({ length: pick([2, 2, 3, 3, 4, 5]) }, () => {
    const priority = pick([1, 50, 100, 100, 100, 150, 200, 254, 255])
    const preempt = obeys || chance(0.6)
    const initialState = priority === 255 || (preempt && chance(0.2)) ? ('master' as const) : ('backup' as const)
    return {
      ...router,
      version,
      priority,
      preempt,
      initialState,
      downTimerAdverts,
      advertisementInterval: varied ? micros(common * pick([1, 2, 5])) : common,
      preemptDelay: obeys || !chance(0.3) || !preempt ? micros(0) : micros(common * pick([2, 7, 20])),
      lowerPrioNoAdvert: silent,
      higherPrioSendAdvert: true,
      announcements: {
        ...announcements,
        masterDelay: micros(pick([0, common, 5_000_000])),
        lowerPrioDelay: micros(0),
        masterRepeat: pick([1, 5]),
        lowerPrioRepeat: pick([1, 5]),
        garpInterval: micros(pick([0, 0, 1_000])),
      },
    }
  })
}

function disturb(
  lan: Lan,
  routers: readonly VirtualRouter[],
  slowest: number,
  random: () => number,
  pick: Pick_,
  chance: (of: number) => boolean,
): void {
  const someone = (): number => Math.floor(random() * routers.length)
  const died = new Map<number, { readonly wasMaster: boolean; readonly at: number }>()
  let clock = 0
  const wait = (intervals: number) => {
    const length = micros(Math.floor(random() * intervals * slowest))
    clock += length
    lan.run(length)
  }
  for (const i of routers.keys()) if (chance(0.9)) lan.event(i, { type: 'started' })
  for (let left = 3 + Math.floor(random() * 12); left > 0; left--) {
    wait(pick([0.1, 1, 4, 8]))
    const i = someone()
    switch (pick(WHAT)) {
      case 'split':
        lan.split(Array.from({ length: routers.length + 3 }, () => (chance(0.5) ? 1 : 0)))
        break
      case 'join':
        lan.split([0])
        break
      case 'weather':
        lan.weather({
          loss: pick([0, 0.1, 0.5, 0.9]),
          damage: pick([0, 0.2]),
          delay: pick([100, slowest / 10, slowest, 3 * slowest]),
        })
        break
      case 'pause':
        lan.pause(i)
        break
      case 'wake':
        lan.wake(i)
        break
      case 'crash':
        if (!lan.hosts[i]!.crashed) died.set(i, { wasMaster: lan.hosts[i]!.state.name === 'master', at: clock })
        lan.crash(i)
        break
      case 'restart': {
        const { wasMaster = false, at = 0 } = died.get(i) ?? {}
        const { downTimerAdverts, advertisementInterval } = routers[i]!
        lan.restart(i, wasMaster && clock - at < downTimerAdverts * advertisementInterval)
        break
      }
      case 'start':
        lan.event(i, { type: 'started' })
        break
      case 'stop':
        lan.event(i, { type: 'stopped', keepAddresses: false })
        break
      case 'failover':
        lan.event(i, { type: 'failover-ordered' })
        break
      case 'fault':
        lan.event(i, { type: 'fault-found', reason: 'eth0: no carrier' })
        break
      case 'mend':
        lan.event(i, { type: 'fault-cleared' })
        break
      case 'weigh':
        if (routers[i]!.priority !== 255) lan.priority(i, pick([1, 50, 100, 150, 200, 254]))
        break
      case 'early':
        lan.event(i, { type: 'deadline-reached' })
        break
      case 'forge':
        lan.forge(NOBODY, advertisement(routers[i]!, NOBODY, pick([0, 1, 255])))
        break
    }
  }
}

const WHAT = [
  ...['split', 'split', 'join', 'weather', 'weather', 'pause', 'wake', 'crash', 'restart', 'start', 'stop'],
  ...['failover', 'fault', 'mend', 'weigh', 'early', 'forge'],
]

/**
 * From here on the LAN is whole, everybody is scheduled, and only a forger who says that he resigns goes on. Within a down
 * interval the first backup has taken over, and one interval later whoever else is master has heard of it.
 */
function judge(lan: Lan, routers: readonly VirtualRouter[], slowest: number, late: boolean): Verdict {
  lan.split([0])
  lan.weather({ loss: 0, damage: 0, delay: DELAY })
  const atHealing = lan.masters()
  lan.say(`the LAN is whole again; masters: ${atHealing.join()}`)
  // An order to fail over is obeyed whoever is stronger, in silence.
  const ordered = lan.hosts.some(({ state }) => state.name === 'master' && state.yielding === true)
  const best = [...atHealing].sort((a, b) => byStrength(lan.hosts[a]!, lan.hosts[b]!))[0]
  const isUp = best !== undefined && !lan.hosts[best]!.paused
  // What was sent before is lost, or comes yet.
  if (late) lan.run(micros(3 * slowest + DELAY))
  else lan.lose()
  for (const i of routers.keys()) lan.wake(i)
  const down = Math.max(...lan.hosts.map((host) => masterDownInterval(host.router, micros(slowest))))
  const bound = down + slowest + 4 * DELAY
  lan.run(micros(bound))
  const changes = ordered || routers.some(({ preemptDelay }) => preemptDelay > 0)
  const overlap = 2 * DELAY + 200 + (routers.some(({ lowerPrioNoAdvert }) => lowerPrioNoAdvert) ? slowest : 0)
  // A preempt_delay may end at this very moment.
  if (changes && lan.masters().length > 1) lan.run(micros(overlap))

  const running = lan.hosts.filter(({ state, crashed }) => !crashed && ['master', 'backup'].includes(state.name))
  const wanted = running.length === 0 ? 0 : 1
  const masters = lan.masters()
  if (masters.length !== wanted)
    return `${masters.length} masters ${bound / 1e6} s after the healing: ${masters.join()}`
  // An equal one does not preempt, whatever its address (RFC 9568 §6.4.2).
  const most = Math.max(...running.map((host) => host.router.priority))
  const fair = !ordered && routers.every(({ preempt, preemptDelay }) => preempt && preemptDelay === 0)
  if (fair && wanted === 1 && lan.hosts[masters[0]!]!.router.priority < most)
    return `router ${masters[0]} is master, and another has priority ${most}`
  const rivals = lan.hosts.filter(({ router }) => router.priority === 255).length > 1
  if (fair && !late && isUp && !rivals && byStrength(lan.hosts[masters[0]!]!, lan.hosts[best]!) > 0)
    return `router ${masters[0]} is master, and router ${best} was and is stronger`

  // It stays so: never nobody, and two only while one takes over from the other (preempt_delay may end now).
  let since: number | undefined
  let wrong: Verdict
  const look = (now: number): void => {
    const count = lan.masters().length
    if (count < wanted) wrong ??= `no master at ${(now - 1e9) / 1e6} s`
    if (count <= wanted) since = undefined
    else since ??= now
    if (!changes && lan.masters().join() !== masters.join())
      wrong ??= `router ${lan.masters().join()} is master for no reason`
    if (since !== undefined && now - since > overlap) wrong ??= `two masters for ${(now - since) / 1e6} s`
  }
  for (let turn = 0; turn < 6; turn++) {
    lan.forge(NOBODY, advertisement(routers[0]!, NOBODY, 0))
    lan.run(micros(Math.floor(slowest / 2)), look)
  }
  if (wrong !== undefined) return wrong
  // Whoever was master beside another has left its mark in caches, and the one that stayed has repaired them. An announcement
  // that is a second late cannot be told from one of now.
  if (!late && !rivals && !ordered && atHealing.length > 1 && masters.length === 1)
    for (const [client, by] of lan.caches.entries())
      if (by !== lan.masters()[0])
        return `client ${client} sends to router ${by}, and router ${lan.masters()[0]} is master`
  return undefined
}

const described = (one: VirtualRouter): string =>
  [
    `version ${one.version}, priority ${one.priority}, every ${one.advertisementInterval / 1e6} s`,
    ...(one.preempt ? [] : ['nopreempt']),
    ...(one.preemptDelay > 0 ? [`preempt_delay ${one.preemptDelay / 1e6}`] : []),
    ...(one.initialState === 'master' ? ['state MASTER'] : []),
    ...(one.lowerPrioNoAdvert ? ['lower_prio_no_advert'] : []),
  ].join(', ')

/** What happened under this seed, line by line. */
export function story(seed: number, step?: StepFunction): string {
  const lines: string[] = []
  const verdict = play(seed, step, (what) => lines.push(what))
  return [`seed ${seed}: ${verdict}`, ...lines].join('\n')
}
