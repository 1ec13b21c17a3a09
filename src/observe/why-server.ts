import { endpoint } from '../model/index.ts'
import { serverOrderWords } from './server-order.ts'
import type { CheckerSnapshot, DestinationSnapshot, RealServerSnapshot, VirtualServerSnapshot } from './snapshot.ts'
import type { Times } from './times.ts'

/** A virtual server: its quorum, and a sentence for each of its real servers. */
export function virtualServerSentences(
  { key, group, quorum, sorryServerInUse, suspended, realServers }: VirtualServerSnapshot,
  times: Times,
): readonly string[] {
  const up = realServers.filter(({ state }) => state === 'up').length
  const out = realServers.filter(({ orders = [] }) => orders.some(({ kind }) => kind !== 'weight')).length
  return [
    `${group === undefined ? key : `${group.name} (${key})`} has ${quorum === 'up' ? 'its quorum' : 'lost its quorum'}: ${up} of ${realServers.length} real servers are up${out === 0 ? '' : `, ${out} taken out by hand`}.`,
    ...(sorryServerInUse ? ['Its sorry server is in use.'] : []),
    ...(suspended === true ? [NOT_CHECKED] : []),
    ...realServers.map((one) => inOneSentence(one, sorryServerInUse, times)),
  ]
}

const NOT_CHECKED = 'Nothing is checked: no address of the virtual server is on this host (ha_suspend).'

function inOneSentence(real: RealServerSnapshot, sorryServerInUse: boolean, times: Times): string {
  const { weight, effectiveWeight = weight, orders = [] } = real
  const given = orders.map((order) => ` It is ${serverOrderWords(order, times.at)}.`).join('')
  if (real.state === 'up') return `${endpoint(real)} ${sinceWhen(real, times)}, weight ${effectiveWeight}.${given}`
  const reason = whyDown(real)
  const serves = real.kept === true && !sorryServerInUse ? ' It serves all the same: too few others are left.' : ''
  return `${endpoint(real)} ${sinceWhen(real, times)}${reason === undefined ? '' : `: ${reason}`}.${serves}${given}`
}

const sinceWhen = ({ state, since }: RealServerSnapshot, times: Times): string =>
  `is ${state} since ${times.at(since)}, ${times.ago(since)} ago`

function whyDown({ state, reason, checkers }: RealServerSnapshot): string | undefined {
  if (state === 'up' || reason !== undefined) return reason
  const failed = checkers.flatMap(({ up, kind, detail }) => (up || detail === undefined ? [] : [`${kind}: ${detail}`]))
  return failed.length === 0 ? undefined : failed.join('; ')
}

/** One real server of a virtual server, and what the forwarding table holds of it. */
export type RealServerAccount = {
  readonly virtualServer: VirtualServerSnapshot
  readonly realServer: RealServerSnapshot
  /** `unknown`: nobody could be asked. `absent`: it is not in the table. */
  readonly held: DestinationSnapshot | 'absent' | 'unknown'
  /** What of the virtual server could not be put into the table. */
  readonly failure?: string
}

/** Why it does or does not get new connections, since when it is up or down, what its checkers saw last. */
export function realServerSentences(account: RealServerAccount, times: Times): readonly string[] {
  const { virtualServer, realServer, held } = account
  const { hostName, checkers, orders = [], state } = realServer
  const reason = whyDown(realServer)
  return [
    `${endpoint(realServer)}${hostName === undefined ? '' : ` (${hostName})`} of ${virtualServer.key} ${placeInPool(account)}.`,
    state === 'unknown'
      ? 'No check of it has come to a result yet.'
      : `It ${sinceWhen(realServer, times)}${reason === undefined ? '' : `: ${reason}`}.`,
    ...orders.map((order) => `It is ${serverOrderWords(order, times.at)}.`),
    ...weightWords(realServer),
    ...(virtualServer.suspended === true ? [NOT_CHECKED] : []),
    ...(checkers.length === 0 ? ['It has no check, so it counts as up.'] : checkers.map((one) => seen(one, times))),
    ...(typeof held === 'string' ? [] : [carried(held)]),
  ]
}

/** `takes new connections, weight 2`, or what it does instead and why. */
function placeInPool(account: RealServerAccount): string {
  const { held } = account
  const because = whatHinders(account).join(', and ')
  if (held === 'unknown')
    return because === '' ? 'may take new connections' : `is not to take new connections: ${because}`
  if (held !== 'absent' && held.weight > 0) {
    const kept =
      account.realServer.kept === true ? ' although it is down: too few others are left (panic_threshold)' : ''
    return `takes new connections, weight ${held.weight}${kept}`
  }
  const without = because === '' ? 'nothing here speaks against it; `holdfast log` may tell more' : because
  return held === 'absent'
    ? `is not in the forwarding table: ${without}`
    : `has weight 0 and takes no new connections: ${without}`
}

/** In the order in which they would have to be mended. */
function whatHinders({ virtualServer, realServer, failure }: RealServerAccount): readonly string[] {
  const { state, orders = [], checkers, kept, weight, effectiveWeight = weight } = realServer
  const ordered = orders.find(({ kind }) => kind !== 'weight')
  const fallen = kept !== true && (state === 'down' || checkers.some(({ up }) => !up))
  return [
    ...(ordered === undefined ? [] : [ORDERED[ordered.kind]]),
    ...(fallen ? [state === 'down' ? 'it is down' : 'no check has said that it is up (alpha)'] : []),
    ...(!fallen && ordered === undefined && virtualServer.sorryServerInUse
      ? ['the quorum is lost, and the sorry server serves']
      : []),
    ...(!fallen && effectiveWeight === 0 ? ['its weight is 0'] : []),
    ...(failure === undefined ? [] : [failure]),
  ]
}

const ORDERED = {
  drain: 'it is drained',
  disable: 'it is disabled',
  leave: 'the configuration has it no more',
  weight: '',
} as const

function weightWords({ weight, effectiveWeight, rampedWeight, orders = [] }: RealServerSnapshot): readonly string[] {
  const whose = orders.some(({ kind }) => kind === 'weight') ? 'by hand' : 'by its checks'
  return [
    ...(effectiveWeight === undefined
      ? []
      : [`Its weight is ${effectiveWeight} ${whose}, ${weight} by configuration.`]),
    ...(rampedWeight === undefined
      ? []
      : [`It starts slowly and has ${rampedWeight} of ${effectiveWeight ?? weight} so far (slow_start).`]),
  ]
}

function seen({ kind, up, lastProbe, lastOutcome, detail }: CheckerSnapshot, times: Times): string {
  const counts = up ? 'counts as up' : 'counts as down'
  if (lastProbe === undefined) return `Its ${kind} check has seen nothing yet and ${counts}.`
  return `Its ${kind} check ${counts}; ${times.ago(lastProbe)} ago it saw: ${detail ?? lastOutcome ?? 'nothing'}.`
}

const carried = ({ method, activeConnections: active, inactiveConnections: inactive }: DestinationSnapshot): string =>
  `It has ${active} active and ${inactive} inactive connections, by ${method}.`
