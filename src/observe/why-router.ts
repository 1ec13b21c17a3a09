import { rejectionMeaning } from './rejections.ts'
import type { IncidentSnapshot, TrackedSnapshot, TransitionSnapshot, VirtualRouterSnapshot } from './snapshot.ts'
import type { Times } from './times.ts'

const stateWords = {
  initialize: 'has not begun',
  backup: 'is backup',
  master: 'is master',
  fault: 'is in fault',
} as const

export function routerSentences(
  router: VirtualRouterSnapshot,
  all: readonly VirtualRouterSnapshot[],
  times: Times,
): readonly string[] {
  const { name, interface: on, virtualRouterId, family, version, state, since } = router
  const what = `${on === '' ? 'any interface' : on}, id ${virtualRouterId}, IPv${family}, version ${version}`
  return [
    `${name} (${what}) ${stateWords[state]} since ${times.at(since)}, ${times.ago(since)} ago.`,
    ...cameToIt(router),
    ...whoIsMaster(router, times),
    ...ordered(router, times),
    ...heard(router, times),
    ...priority(router),
    ...groupOf(router, all),
    ...(router.rejected ?? []).map(
      ({ source, reason, count, last }) =>
        `Advertisements of ${source} were refused ${count} ${count === 1 ? 'time' : 'times'}, the last one ${times.ago(last)} ago: ${rejectionMeaning(reason)}.`,
    ),
    ...(router.incidents ?? []).map((one) => incidentWords(one, times)),
    ...earlier(router, times),
  ]
}

function cameToIt({ state, history = [], faultReason }: VirtualRouterSnapshot): readonly string[] {
  const last = history.at(-1)
  if (state === 'initialize') return ['It waits for what it depends on, or for vrrp_startup_delay.']
  if (last === undefined || last.to !== state) return ['What made it so is not known any more.']
  const consequences = last.consequences.map(({ what, after }) => `${what} after ${milliseconds(after)}`)
  return [
    `It became so because ${last.because}.`,
    // A fault may have another reason by now than the one it began with.
    ...(faultReason === undefined || faultReason === last.because
      ? []
      : [`What keeps it in fault now: ${faultReason}.`]),
    ...(consequences.length === 0 ? [] : [`Then it ${consequences.join(', ')}.`]),
  ]
}

function whoIsMaster(router: VirtualRouterSnapshot, times: Times): readonly string[] {
  const { state, masterAddress, masterPriority = 0, effectivePriority, addresses } = router
  if (state === 'master') return [`It holds ${addresses.length === 0 ? 'no address' : addresses.join(', ')}.`]
  if (state !== 'backup') return []
  if (masterAddress === undefined) return ['No master has been heard yet; it becomes master when its timer runs out.']
  const master = `The master is ${masterAddress} with priority ${masterPriority}`
  if (masterPriority === 0) return [`${master}: it has resigned.`]
  if (masterPriority > effectivePriority) return [`${master}, above its own ${effectivePriority}.`]
  if (masterPriority === effectivePriority) return [`${master}, as its own; who is master stays master.`]
  const why =
    router.preempt === false
      ? 'nopreempt lets the master be'
      : router.fetchingUntil !== undefined
        ? `before it preempts, the connections are fetched (lvs_sync_catch_up), which it waits for until ${times.at(router.fetchingUntil)} at most`
        : 'preempt_delay has not passed, or the master’s next silence decides'
  return [`${master}, below its own ${effectivePriority}; ${why}.`]
}

function ordered({ order, state }: VirtualRouterSnapshot, times: Times): readonly string[] {
  if (order === undefined) return []
  const { kind, by, since, until, reason } = order
  const meaning = {
    failover: 'it gave up its place, and does not take it back while another is master',
    hold:
      state === 'master' ? 'it stays master until it has to give way' : 'it does not take over while another is master',
    maintenance: 'the host stands aside while another router is there',
  } as const
  const end = until === undefined ? '' : `, until ${times.at(until)} at most`
  const why = reason === undefined ? '' : ` (${reason})`
  return [`${by} ordered ${kind} ${times.ago(since)} ago${end}${why}: ${meaning[kind]}.`]
}

function heard({ lastHeard, state }: VirtualRouterSnapshot, times: Times): readonly string[] {
  if (state === 'initialize') return []
  if (lastHeard === undefined) return ['It has accepted no advertisement since its process was started.']
  const { source, priority: advertised, at } = lastHeard
  return [
    `It heard last from ${source}, ${times.ago(at)} ago: ${advertised === 0 ? 'a resignation' : `priority ${advertised}`}.`,
  ]
}

function priority({ basePriority, effectivePriority, tracked = [] }: VirtualRouterSnapshot): readonly string[] {
  const own =
    basePriority === effectivePriority
      ? `Its priority is ${basePriority}.`
      : `Its priority is ${effectivePriority} instead of ${basePriority}.`
  return [own, ...tracked.map((one) => `It tracks ${trackedWords(one)}.`)]
}

function trackedWords({ kind, name, weight, reverse, found, reason }: TrackedSnapshot): string {
  const counts = weight === 0 ? 'decides whether it may run' : `weight ${weight}${reverse ? ' reverse' : ''}`
  const state =
    typeof found === 'number'
      ? `holds ${found}`
      : found === 'bad'
        ? `is bad${reason === undefined ? '' : `: ${reason}`}`
        : found === 'ignored'
          ? 'may not be run and counts for nothing'
          : found === 'unknown'
            ? 'has no result yet'
            : 'is good'
  return `${kind} ${name} (${counts}), which ${state}`
}

function groupOf({ name, syncGroup }: VirtualRouterSnapshot, all: readonly VirtualRouterSnapshot[]): readonly string[] {
  if (syncGroup === undefined) return []
  const others = all.filter((one) => one.syncGroup === syncGroup && one.name !== name)
  const states = others.map((one) => `${one.name} ${stateWords[one.state]}`)
  return [`It moves with sync group ${syncGroup}${states.length === 0 ? '' : `: ${states.join(', ')}`}.`]
}

function incidentWords({ kind, subject, by, count, last }: IncidentSnapshot, times: Times): string {
  const often = `${count === 1 ? 'once' : `${count} times`}, the last one ${times.ago(last)} ago`
  const who = by === undefined ? 'somebody' : by
  return {
    removed: `${subject} was taken away by ${who} and put back ${often}.`,
    claimed: `${who} says that it has ${subject}: ${often}.`,
    elsewhere: `${subject} is on another interface of this host as well${by === undefined ? '' : ` (${by})`}: ${often}.`,
    duplicate: `The kernel found ${subject} to be somebody else's too (duplicate address detection): ${often}.`,
  }[kind]
}

function earlier({ history = [] }: VirtualRouterSnapshot, times: Times): readonly string[] {
  const lines = history.slice(-6, -1).reverse()
  return lines.map(
    (one: TransitionSnapshot) => `Before, ${times.at(one.at)}: ${one.from} to ${one.to} because ${one.because}.`,
  )
}

export function groupSentences(
  name: string,
  members: readonly VirtualRouterSnapshot[],
  times: Times,
): readonly string[] {
  const faulty = members.filter(({ state }) => state === 'fault')
  const masters = members.filter(({ state }) => state === 'master')
  const state = faulty.length > 0 ? 'is in fault' : masters.length === members.length ? 'is master' : 'is backup'
  return [
    `${name} ${state}: ${masters.length} of its ${members.length} virtual routers are master, ${faulty.length} in fault.`,
    ...members.map((one) => {
      const last = one.history?.at(-1)
      const reason = one.faultReason ?? (last?.to === one.state ? last.because : undefined)
      return `${one.name} ${stateWords[one.state]} since ${times.at(one.since)}${reason === undefined ? '' : ` because ${reason}`}.`
    }),
  ]
}

const milliseconds = (seconds: number): string => `${Number((seconds * 1_000).toFixed(1))} ms`
