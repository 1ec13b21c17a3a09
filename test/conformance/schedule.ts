/** One seed is one story: who the routers are, what befalls them, and what has to be true once the LAN is whole again. */
import { micros, seconds } from '../../src/base/index.ts'
import { antiReplays, type HmacSettings, type VirtualRouter } from '../../src/model/index.ts'
import { masterDownInterval } from '../../src/proto/vrrp/index.ts'
import { announcements, router } from '../proto/vrrp/setting.ts'
import { seeded } from '../proto/vrrp/simulate.ts'
import { byStrength, type Lan, openLan, type StepFunction, type Wiring } from './lan.ts'

/** What is not as it should be; undefined: all is. */
export type Verdict = string | undefined

/** Microseconds at most between sending and hearing once the LAN is whole. */
const DELAY = 500

export function play(seed: number, step?: StepFunction, tell?: (what: string) => void): Verdict {
  const random = seeded(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const chance = (of: number): boolean => random() < of
  const wiring: Wiring = { lans: chance(0.3) ? 2 : 1, unicast: chance(0.3), virtualMac: chance(0.2) }
  const routers = participants(pick, chance)
  tell?.(
    `${wiring.lans === 2 ? 'sync groups on two LANs' : 'one LAN'}, ${wiring.unicast ? 'unicast' : 'multicast'}${wiring.virtualMac ? ', virtual MAC' : ''}`,
  )
  for (const [i, one] of routers.entries()) tell?.(`machine ${i}: ${described(one)}`)
  const lan = openLan(routers, wiring, random, step, tell)
  const slowest = Math.max(...routers.map(({ advertisementInterval }) => advertisementInterval))
  try {
    disturb(lan, routers, wiring, slowest, random, pick, chance)
    return judge(lan, routers, wiring, slowest, chance(0.5))
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
  const checkUnicastSource = chance(0.5)
  const signing = chance(0.25) ? { modes: pick(ROLLOUT), antiReplay: pick(antiReplays) } : undefined
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
      checkUnicastSource,
      ...(signing === undefined ? {} : { hmac: hmacOf(pick(signing.modes), pick([1, 2]), signing.antiReplay) }),
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

/** Modes that stand beside each other while a cluster begins to sign; who enforces has nobody unsigned beside it. */
const ROLLOUT: readonly (readonly HmacSettings['mode'][])[] = [
  ['receive-only'],
  ['receive-only', 'permissive'],
  ['permissive', 'enforce'],
  ['enforce'],
]

/** Both keys are known to all, whichever signs: one takes the place of the other. */
const hmacOf = (
  mode: HmacSettings['mode'],
  activeKey: number,
  antiReplay: HmacSettings['antiReplay'],
): HmacSettings => ({
  keys: [
    { id: 1, key: 'a1'.repeat(32) },
    { id: 2, key: 'b2'.repeat(32) },
  ],
  activeKey,
  window: 5,
  antiReplay,
  mode,
})

function disturb(
  lan: Lan,
  routers: readonly VirtualRouter[],
  { lans }: Wiring,
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
        lan.split(
          pick([0, lans - 1]),
          Array.from({ length: routers.length + 3 }, () => (chance(0.5) ? 1 : 0)),
        )
        break
      case 'join':
        lan.split(pick([0, lans - 1]), [0])
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
        lan.event(i, {
          type: 'stopped',
          keepAddresses: false,
          within: pick([0, slowest, 5 * slowest].map(micros)),
          alone: chance(0.5),
        })
        break
      case 'failover':
        lan.event(i, { type: 'failover-ordered' })
        break
      case 'fault':
        lan.fault(i, pick([0, lans - 1]), 'eth0: no carrier')
        break
      case 'mend':
        lan.fault(i, pick([0, lans - 1]), undefined)
        break
      case 'weigh':
        if (routers[i]!.priority !== 255) lan.priority(i, pick([1, 50, 100, 150, 200, 254]))
        break
      case 'early':
        lan.event(i, { type: 'deadline-reached' })
        break
      case 'forge':
        lan.forge(i, pick([0, 1, 255]))
        break
      case 'repeat':
        if (signs(routers[i]!)) lan.repeat(i)
        break
    }
  }
}

const WHAT = [
  ...['split', 'split', 'join', 'weather', 'weather', 'pause', 'wake', 'crash', 'restart', 'start', 'stop'],
  ...['failover', 'fault', 'mend', 'weigh', 'early', 'forge', 'repeat'],
]

/**
 * From here on the LANs are whole, everybody is scheduled, and only a forger who says that somebody resigns goes on. Within a
 * down interval the first backup has taken over, and one interval later whoever else is master has heard of it.
 */
function judge(lan: Lan, routers: readonly VirtualRouter[], { lans }: Wiring, slowest: number, late: boolean): Verdict {
  const all = Array.from({ length: lans }, (_, which) => which)
  for (const which of all) lan.split(which, [0])
  lan.weather({ loss: 0, damage: 0, delay: DELAY })
  const atHealing = all.map(lan.masters)
  lan.say(`the LANs are whole again; masters: ${atHealing.map((ones) => ones.join()).join(' and ')}`)
  // An order to fail over is obeyed whoever is stronger, in silence.
  const ordered = lan.hosts.some(({ state }) => state.name === 'master' && state.yielding !== undefined)
  const hostOf = (machine: number) => lan.hosts[machine]!
  const best = [...atHealing[0]!].sort((a, b) => byStrength(hostOf(a), hostOf(b)))[0]
  const isUp = best !== undefined && !hostOf(best).paused
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
  if (changes && all.some((which) => lan.masters(which).length > 1)) lan.run(micros(overlap))

  const running = lan.hosts.filter(({ state, crashed }) => !crashed && ['master', 'backup'].includes(state.name))
  const wanted = running.length === 0 ? 0 : 1
  const masters = lan.masters(0)
  for (const which of all)
    if (lan.masters(which).length !== wanted)
      return `${lan.masters(which).length} masters on LAN ${which} ${bound / 1e6} s after the healing: ${lan.masters(which).join()}`
  if (all.some((which) => lan.masters(which).join() !== masters.join()))
    return `machine ${masters.join()} is master on one LAN, and ${lan.masters(1).join()} on the other`
  // An equal one does not preempt, whatever its address (RFC 9568 §6.4.2).
  const most = Math.max(...running.map((host) => host.router.priority))
  const fair = !ordered && routers.every(({ preempt, preemptDelay }) => preempt && preemptDelay === 0)
  if (fair && wanted === 1 && hostOf(masters[0]!).router.priority < most)
    return `machine ${masters[0]} is master, and another has priority ${most}`
  const rivals = lan.hosts.filter(({ router }) => router.priority === 255).length > lans
  if (fair && !late && isUp && !rivals && byStrength(hostOf(masters[0]!), hostOf(best)) > 0)
    return `machine ${masters[0]} is master, and machine ${best} was and is stronger`

  // It stays so: never nobody, and two only while one takes over from the other (preempt_delay may end now).
  const since: (number | undefined)[] = []
  let wrong: Verdict
  const look = (now: number): void => {
    for (const which of all) {
      const present = lan.masters(which)
      if (present.length < wanted) wrong ??= `no master at ${(now - 1e9) / 1e6} s`
      if (present.length <= wanted) since[which] = undefined
      else since[which] ??= now
      const from = since[which]
      if (!changes && present.join() !== masters.join()) wrong ??= `machine ${present.join()} is master for no reason`
      if (from !== undefined && now - from > overlap) wrong ??= `two masters for ${(now - from) / 1e6} s`
    }
  }
  for (let turn = 0; turn < 6; turn++) {
    lan.forge(0, 0)
    // What all have heard is a replay; of who has said nothing since the healing somebody may not have heard the last.
    if (masters[0] !== undefined && signs(hostOf(masters[0]).router)) lan.repeat(masters[0])
    lan.run(micros(Math.floor(slowest / 2)), look)
  }
  if (wrong !== undefined) return wrong
  // Whoever was master beside another has left its mark in caches, and the one that stayed has repaired them. An announcement
  // that is a second late cannot be told from one of now.
  for (const which of all)
    if (!late && !rivals && !ordered && atHealing[which]!.length > 1 && masters.length === 1)
      for (const [client, by] of lan.caches[which]!.entries())
        if (by !== lan.masters(which)[0])
          return `client ${client} sends to machine ${by}, and machine ${lan.masters(which)[0]} is master`
  return undefined
}

/** Who does not sign can be repeated by anybody, also when it resigns. */
const signs = ({ hmac }: VirtualRouter): boolean => hmac !== undefined && hmac.mode !== 'receive-only'

const described = (one: VirtualRouter): string =>
  [
    `version ${one.version}, priority ${one.priority}, every ${one.advertisementInterval / 1e6} s`,
    ...(one.preempt ? [] : ['nopreempt']),
    ...(one.preemptDelay > 0 ? [`preempt_delay ${one.preemptDelay / 1e6}`] : []),
    ...(one.initialState === 'master' ? ['state MASTER'] : []),
    ...(one.lowerPrioNoAdvert ? ['lower_prio_no_advert'] : []),
    ...(one.hmac === undefined
      ? []
      : [`${one.hmac.mode} by key ${one.hmac.activeKey}, ${one.hmac.antiReplay} windows`]),
    ...(one.checkUnicastSource ? ['check_unicast_src'] : []),
  ].join(', ')

/** What happened under this seed, line by line. */
export function story(seed: number, step?: StepFunction): string {
  const lines: string[] = []
  const verdict = play(seed, step, (what) => lines.push(what))
  return [`seed ${seed}: ${verdict}`, ...lines].join('\n')
}
