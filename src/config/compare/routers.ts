import { isMulticast } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { LoweredRouter } from '../lower/index.ts'
import type { Finding, Side } from './side.ts'

/** Virtual routers of the two files, by id and family. */
export function* compareRouters(a: Side, b: Side): Generator<Finding> {
  const others = [...b.checked.lowered.routers]
  for (const mine of a.checked.lowered.routers) {
    const candidates = others.filter(({ value }) => key(value) === key(mine.value))
    // An id used on several interfaces: the one of the same name, or else of the same interface, is meant.
    const theirs =
      candidates.find(({ value }) => value.name === mine.value.name) ??
      candidates.find(({ value }) => value.interface === mine.value.interface) ??
      candidates[0]
    if (theirs === undefined) yield missing(a, mine, b)
    else {
      others.splice(others.indexOf(theirs), 1)
      yield* comparePair(a, mine, b, theirs)
    }
  }
  for (const theirs of others) yield missing(b, theirs, a)
}

const key = ({ family, virtualRouterId }: VirtualRouter): string => `${virtualRouterId}/${family}`

const missing = (here: Side, router: LoweredRouter, there: Side): Finding => ({
  rule: 'pair-router-missing',
  severity: 'error',
  at: here.inRouter(router, 'virtual_router_id'),
  other: there.top,
  otherMessage: 'the other file has none of this id and family',
  message: `vrrp_instance ${router.value.name} (virtual_router_id ${router.value.virtualRouterId}, IPv${router.value.family}) has no counterpart`,
  remedy: 'give both directors the same virtual_router_id',
})

function* comparePair(a: Side, mine: LoweredRouter, b: Side, theirs: LoweredRouter): Generator<Finding> {
  const [one, two] = [mine.value, theirs.value]
  const name = one.name === two.name ? one.name : `${one.name} and ${two.name}`
  const finding = (
    rule: string,
    severity: Finding['severity'],
    keywords: readonly string[],
    message: string,
    remedy?: string,
  ): Finding => ({
    rule,
    severity,
    at: a.inRouter(mine, ...keywords),
    other: b.inRouter(theirs, ...keywords),
    message: `${name}: ${message}`,
    ...(remedy === undefined ? {} : { remedy }),
  })

  if (one.version !== two.version)
    yield finding(
      'pair-version',
      'error',
      ['version'],
      `VRRP version ${one.version} here, ${two.version} there; each refuses the other's advertisements`,
    )
  if (one.advertisementInterval !== two.advertisementInterval)
    yield one.version === 2
      ? finding(
          'pair-interval',
          'error',
          ['advert_int'],
          `advert_int ${seconds(one)} here, ${seconds(two)} there; VRRP version 2 refuses another interval`,
        )
      : finding(
          'pair-interval',
          'warning',
          ['advert_int'],
          `advert_int ${seconds(one)} here, ${seconds(two)} there; the backup follows its master's, so failover takes longer one way`,
        )
  const authentication = authenticationDifference(one, two)
  if (authentication !== undefined)
    yield finding(
      'pair-authentication',
      'error',
      ['authentication', 'auth_hmac'],
      authentication,
      'write the same block in both files',
    )
  yield* addressDifferences(one, two, finding)
  yield* reachDifferences(one, two, finding)

  if (one.priority === two.priority)
    yield finding(
      'pair-priority',
      'warning',
      ['priority'],
      `priority ${one.priority} on both; the higher address decides who is master`,
      'give the preferred director more',
    )
  if (one.initialState === 'master' && two.initialState === 'master')
    yield finding(
      'pair-state',
      'warning',
      ['state'],
      'state MASTER on both; both claim the addresses at a start',
      'write state BACKUP on one, or on both',
    )
  yield* weightFindings(one, two, 'here', finding)
  yield* weightFindings(two, one, 'there', finding)
}

type Found = (
  rule: string,
  severity: Finding['severity'],
  keywords: readonly string[],
  message: string,
  remedy?: string,
) => Finding

/** Says in what they differ, never the secret itself. */
function authenticationDifference(one: VirtualRouter, two: VirtualRouter): string | undefined {
  const kind = ({ authentication, hmac }: VirtualRouter) =>
    hmac !== undefined
      ? 'auth_hmac'
      : authentication === undefined
        ? 'none'
        : `auth_type ${authentication.type.toUpperCase()}`
  if (kind(one) !== kind(two)) return `authentication: ${kind(one)} here, ${kind(two)} there`
  if (one.authentication?.password !== two.authentication?.password) return 'auth_pass is not the same'
  if (one.hmac === undefined || two.hmac === undefined) return undefined
  const theirs = new Map(two.hmac.keys.map(({ id, key }) => [id, key]))
  for (const { id, key } of one.hmac.keys)
    if (theirs.has(id) && theirs.get(id) !== key) return `auth_hmac key ${id} is not the same`
  const knows = (keys: readonly { readonly id: number }[], id: number) => keys.some((one) => one.id === id)
  if (!knows(two.hmac.keys, one.hmac.activeKey))
    return `auth_hmac: key ${one.hmac.activeKey}, active here, is not known there`
  if (!knows(one.hmac.keys, two.hmac.activeKey))
    return `auth_hmac: key ${two.hmac.activeKey}, active there, is not known here`
  return undefined
}

function* addressDifferences(one: VirtualRouter, two: VirtualRouter, finding: Found): Generator<Finding> {
  const written = (of: VirtualRouter['addresses']) =>
    of.map(({ address, prefixLength }) => `${address}/${prefixLength}`)
  for (const [keyword, mine, theirs] of [
    ['virtual_ipaddress', written(one.addresses), written(two.addresses)],
    ['virtual_ipaddress_excluded', written(one.excludedAddresses), written(two.excludedAddresses)],
  ] as const) {
    const here = mine.filter((address) => !theirs.includes(address))
    const there = theirs.filter((address) => !mine.includes(address))
    if (here.length + there.length === 0) continue
    const only = [
      here.length === 0 ? [] : [`only here ${few(here)}`],
      there.length === 0 ? [] : [`only there ${few(there)}`],
    ]
    // keepalived and RFC 9568 §6.4.2 compare the advertised list; the excluded ones nobody sees.
    yield finding(
      'pair-addresses',
      keyword === 'virtual_ipaddress' && !(one.skipCheckAdvAddr && two.skipCheckAdvAddr) ? 'error' : 'warning',
      [keyword],
      `${keyword}: ${only.flat().join(', ')}`,
      'give both the same list',
    )
  }
}

const few = (list: readonly string[]): string =>
  list.length <= 3 ? list.join(' ') : `${list.slice(0, 3).join(' ')} and ${list.length - 3} more`

/** Whether what one sends arrives at the other: the group, or unicast peers. */
function* reachDifferences(one: VirtualRouter, two: VirtualRouter, finding: Found): Generator<Finding> {
  const unicast = (of: VirtualRouter) => of.unicastPeers.length > 0
  if (unicast(one) !== unicast(two)) {
    const way = (of: VirtualRouter) => (unicast(of) ? 'unicast' : 'multicast')
    yield finding(
      'pair-unicast',
      'error',
      ['unicast_peer'],
      `advertisements go by ${way(one)} here, by ${way(two)} there`,
      'write unicast_peer in both files, or in none',
    )
  } else if (!unicast(one)) {
    if (one.multicastGroup !== two.multicastGroup && isMulticast(one.multicastGroup))
      yield finding(
        'pair-group',
        'error',
        ['mcast_dst_ip'],
        `multicast group ${one.multicastGroup} here, ${two.multicastGroup} there`,
        'use the same group',
      )
  } else {
    yield* peerFinding(one, two, 'there', 'here', finding)
    yield* peerFinding(two, one, 'here', 'there', finding)
  }
}

function* peerFinding(
  sender: VirtualRouter,
  receiver: VirtualRouter,
  receiverIs: string,
  senderIs: string,
  finding: Found,
): Generator<Finding> {
  const { source } = sender
  if (source === undefined || receiver.unicastPeers.includes(source)) return
  yield finding(
    'pair-peers',
    'error',
    ['unicast_peer', 'unicast_src_ip'],
    `unicast_src_ip ${source} ${senderIs} is not among the unicast peers ${receiverIs} (${few(receiver.unicastPeers)})`,
    'name in each file the source address of the other',
  )
}

/** A tracker whose weight does not bring the master below its peer is watched for nothing. */
function* weightFindings(one: VirtualRouter, two: VirtualRouter, where: string, finding: Found): Generator<Finding> {
  if (one.priority <= two.priority || one.priority === 255) return
  for (const { kind, name, weight } of one.tracks) {
    if (kind === 'file' || weight === 0) continue
    // What is good adds a positive weight, on the peer too if it tracks the same; what is bad adds a negative one.
    const theirs = two.tracks.find((track) => track.kind === kind && track.name === name)?.weight ?? 0
    const [left, against] = [one.priority + Math.min(weight, 0), two.priority + Math.max(theirs, 0)]
    // An equal one is left alone.
    if (left < against) continue
    const least = one.priority - two.priority + 1
    yield finding(
      'pair-weight',
      'warning',
      [`track_${kind}`],
      `when ${kind} ${name} fails ${where}, priority ${left} is left, and ${against} is not more: nothing moves`,
      weight < 0 ? `give it a weight of at most ${-least}` : `give it a weight of at least ${least} in both files`,
    )
  }
}

const seconds = ({ advertisementInterval }: VirtualRouter): number => advertisementInterval / 1_000_000
