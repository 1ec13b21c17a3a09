import { assertNever, type Family, familyOf } from '../../base/index.ts'
import {
  type NextHop,
  type Prefix,
  type Route,
  type RouteMetric,
  type RouteType,
  routeMetrics,
  routeTypes,
} from '../../model/index.ts'
import {
  builtInNames,
  looksLike,
  type OptionName,
  routePreferences,
  routeTimes,
  usualOption,
  usualOptionChoice,
} from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type Lowering, shown } from './arguments.ts'
import { looksLikeAddress, readEncapsulation } from './encapsulation.ts'
import { readTracking, type Tracking, watchedAs } from './kernel-item.ts'
import { everything, isEverything, type OptionLine, optionLine, prefixIn, realmsIn } from './option-line.ts'

/** A route, where it stands, and the track_group it names. */
export type RouteLine = { readonly value: Route; readonly at: Span; readonly trackGroup?: Word }

type Writable<T> = { -readonly [Key in keyof T]?: T[Key] | undefined }
type Draft = Omit<Writable<Route>, 'nextHops' | 'locked' | 'metrics'> & {
  metrics: { [Name in RouteMetric]?: number | undefined }
  locked: string[]
  nextHops: (NextHop & { weight: number })[]
  everything?: Word
} & Tracking

const MAIN_TABLE = builtInNames.rt_tables.main
const scopes = builtInNames.rt_scopes
/** Scopes of iproute2 for types that the kernel takes with no other. */
const SCOPE_OF: Readonly<Partial<Record<RouteType, number>>> = {
  local: scopes.host,
  nat: scopes.host,
  broadcast: scopes.link,
  multicast: scopes.link,
  anycast: scopes.link,
}
const PREFERENCES: Readonly<Record<string, number>> = routePreferences
/** Kernel units in a millisecond. */
const TIMES = { rtt: 8, rttvar: 4, rto_min: 1 } as const

const usual = {
  tos: usualOption('route', 'tos'),
  placement: usualOptionChoice('route', 'prepend', ['add', 'append', 'prepend']),
  weight: usualOption('nexthop', 'weight'),
}

/** One line of static_routes or virtual_routes: `[inet|inet6] [to] [TYPE] DEST {option} [nexthop …]`. */
export function routeLine(to: Lowering, node: Node): RouteLine | undefined {
  const title = `the route ${shown(titleOf(node))}`
  const line = optionLine(to, node, title, 'route')
  const draft: Draft = { metrics: {}, locked: [], nextHops: [] }
  for (let word = line.next(); word !== undefined && !line.failed(); word = line.next()) readWord(to, line, word, draft)
  return line.failed() ? undefined : finish(to, node, line, draft, title)
}

const titleOf = (node: Node): Word =>
  [node.keyword, ...node.words].find(({ text }) => looksLikeAddress(text) || isEverything(text)) ?? node.keyword

function readWord(to: Lowering, line: OptionLine<'route'>, word: Word, draft: Draft): void {
  const option = line.option(word)
  switch (option) {
    case undefined:
      return readDestination(line, word, draft)
    case 'inet':
    case 'inet6':
      return family(line, word, option === 'inet' ? 4 : 6, draft)
    case 'to':
      return
    case 'from': {
      const value = line.value(word)
      if (value === undefined) return
      const prefix = prefixIn(value.text)
      if (prefix === undefined || familyOf(prefix.address) !== 6)
        return line.refuse(value.at, `from ${shown(value)} is no IPv6 prefix`)
      draft.from = prefix
      return family(line, value, 6, draft)
    }
    case 'src': {
      const source = line.address(word)
      if (source === undefined) return
      draft.preferredSource = source
      return family(line, word, familyOf(source), draft)
    }
    case 'tos':
    case 'dsfield':
      draft.tos = line.named(word)
      return
    case 'table':
      draft.table = line.named(word)
      return
    case 'protocol':
      draft.protocol = line.named(word)
      return
    case 'scope':
      draft.scope = line.named(word)
      return
    case 'metric':
    case 'priority':
    case 'preference':
      draft.metric = line.number(word)
      return
    case 'expires':
      draft.expires = line.number(word)
      return family(line, word, 6, draft)
    case 'pref': {
      const named = line.choice(word)
      if (named === undefined) return
      draft.preference = PREFERENCES[named] ?? Number(named)
      return family(line, word, 6, draft)
    }
    case 'ttl-propagate': {
      const named = line.choice(word)
      if (named !== undefined) draft.propagatesTtl = named === 'enabled'
      return
    }
    case 'add':
    case 'append':
    case 'prepend':
      draft.placement = option
      return
    case 'nexthop':
      return readNextHops(to, line, word, draft)
    case 'or':
      return readAlternative(to, line, word, draft)
    case 'as':
      return line.refuse(word.at, 'as is not a thing of this kernel', 'remove it')
    case 'no_track':
    case 'track_group':
      return readTracking(line, word, option, draft)
    case 'vrf':
      draft.vrf = line.interface(word)
      return
    case 'gw':
    case 'via':
    case 'dev':
    case 'oif':
    case 'onlink':
    case 'encap':
    case 'realms':
      return readHop(to, line, word, option, draft)
    default:
      readMetric(line, word, option, draft)
  }
}

/** What fixes a family agrees with what did before. */
function family(line: OptionLine, word: Word, found: Family, draft: Draft): void {
  if (draft.family !== undefined && draft.family !== found)
    line.refuse(word.at, `${shown(word)} makes it IPv${found}, and it is IPv${draft.family}`)
  draft.family = found
}

/** The options that a next hop has too. */
function readHop(
  to: Lowering,
  line: OptionLine,
  word: Word,
  option: Exclude<OptionName<'nexthop'>, 'weight'>,
  hop: Writable<NextHop>,
): void {
  switch (option) {
    case 'gw':
    case 'via': {
      if (option === 'gw')
        to.report.warning('deprecated', word.at, 'gw is an old word for via', { remedy: 'write via' })
      const named = line.peek()?.text
      const wanted = named === 'inet' ? 4 : named === 'inet6' ? 6 : undefined
      hop.via = line.address(wanted === undefined ? word : (line.next() as Word), wanted)
      return
    }
    case 'dev':
    case 'oif':
      hop.interface = line.interface(word)
      return
    case 'onlink':
      hop.onlink = true
      return
    case 'encap':
      hop.encapsulation = readEncapsulation(line, word)
      return
    case 'realms': {
      const value = line.value(word)
      if (value === undefined) return
      hop.realms = realmsIn(to, value.text)
      if (hop.realms === undefined) line.refuse(value.at, `realms ${shown(value)} is not [FROM/]TO of numbers or names`)
      return
    }
    default:
      return assertNever(option)
  }
}

function readMetric(line: OptionLine, word: Word, name: RouteMetric | 'features' | 'congctl', draft: Draft): void {
  const locked = () => {
    if (line.peek()?.text !== 'lock') return
    line.next()
    draft.locked.push(name)
  }
  switch (name) {
    case 'mtu':
    case 'advmss':
    case 'reordering':
    case 'cwnd':
    case 'ssthresh':
      locked()
      break
    case 'rtt':
    case 'rttvar':
    case 'rto_min':
      locked()
      draft.metrics[name] = readTime(line, word, TIMES[name])
      return
    case 'window':
    case 'initcwnd':
    case 'initrwnd':
    case 'hoplimit':
    case 'quickack':
    case 'fastopen_no_cookie':
      break
    case 'features':
      if (line.choice(word) === 'ecn') draft.features = (draft.features ?? 0) | 1
      return
    case 'congctl': {
      locked()
      const value = line.value(word)
      if (value === undefined) return
      if (looksLike('ALGORITHM', value.text)) draft.congestionControl = value.text
      else line.refuse(value.at, `congctl ${shown(value)} is no name of a congestion control`)
      return
    }
    default:
      return assertNever(name)
  }
  draft.metrics[name] = line.number(word)
}

/** `N` in the kernel's unit, `Nms`, `Ns`, brought within the bounds of the table. */
function readTime(line: OptionLine, option: Word, scale: number): number | undefined {
  const value = line.value(option)
  if (value === undefined) return undefined
  if (!looksLike('TIME', value.text))
    return line.refuse(value.at, `${option.text} ${shown(value)} is no time`, `write ${option.text} 300ms, or 1.5s`)
  const number = Number.parseFloat(value.text)
  const unit = value.text.replace(/^[\d.]+/, '')
  const raw = unit === '' ? number : Math.ceil(number * (unit.startsWith('s') ? 1000 : 1) * scale)
  return Math.min(routeTimes.most * scale, Math.max(routeTimes.least * scale, raw))
}

function readDestination(line: OptionLine<'route'>, word: Word, draft: Draft): void {
  const next = line.peek()
  const type = typeIn(word.text)
  if (
    draft.destination === undefined &&
    draft.everything === undefined &&
    draft.type === undefined &&
    type !== undefined
  ) {
    draft.type = type
    return
  }
  if (draft.destination !== undefined || draft.everything !== undefined)
    return line.refuseWord(word, looksLikeAddress(word.text) ? 'write each route on a line of its own' : undefined)
  if (isEverything(word.text)) {
    draft.everything = word
    return
  }
  if (word.text === 'default6') {
    draft.everything = word
    return family(line, word, 6, draft)
  }
  const prefix = prefixIn(word.text)
  if (prefix === undefined)
    return line.refuse(
      word.at,
      `${shown(word)} is no destination`,
      next === undefined ? undefined : 'write a prefix such as 192.0.2.0/24, or default',
    )
  draft.destination = prefix
  family(line, word, familyOf(prefix.address), draft)
}

function typeIn(text: string): RouteType | undefined {
  if (!looksLike('TYPE', text)) return undefined
  if (text === 'brd') return 'broadcast'
  return routeTypes.find((type, index) => type === text || String(index + 1) === text)
}

function readNextHops(to: Lowering, of: OptionLine, first: Word, draft: Draft): void {
  const line = of.as('nexthop')
  for (let word: Word | undefined = first; word !== undefined && !line.failed(); ) {
    const hop: Writable<NextHop> & { weight: number } = { weight: usual.weight }
    let last: Word = word
    for (word = line.next(); word !== undefined && word.text !== 'nexthop' && !line.failed(); word = line.next()) {
      last = word
      const option = line.option(word)
      if (option === undefined) line.refuseWord(word, 'write the options of the route before its next hops')
      else if (option === 'weight') hop.weight = line.number(word) ?? usual.weight
      else readHop(to, line, word, option, hop)
    }
    if (hop.via === undefined && hop.interface === undefined && !line.failed())
      line.refuse(last.at, 'a next hop needs via or dev')
    draft.nextHops.push({ ...defined(hop), weight: hop.weight })
  }
}

/** `via A or B`: the old way to write two next hops. */
function readAlternative(to: Lowering, line: OptionLine, word: Word, draft: Draft): void {
  to.report.warning('deprecated', word.at, 'or is an old way to write two next hops', {
    remedy: 'write nexthop via A nexthop via B',
  })
  if (draft.via === undefined) return line.refuse(word.at, 'or needs a via before it')
  const second = line.address(word)
  if (second === undefined) return
  draft.nextHops.push({ via: draft.via, weight: usual.weight }, { via: second, weight: usual.weight })
  draft.via = undefined
}

const defined = ({ via, interface: name, onlink, encapsulation, realms }: Writable<NextHop>): NextHop => ({
  ...(via === undefined ? {} : { via }),
  ...(name === undefined ? {} : { interface: name }),
  ...(onlink === undefined ? {} : { onlink }),
  ...(encapsulation === undefined ? {} : { encapsulation }),
  ...(realms === undefined ? {} : { realms }),
})

function finish(to: Lowering, node: Node, line: OptionLine, draft: Draft, title: string): RouteLine | undefined {
  const hops = [draft, ...draft.nextHops]
  const viaFamily = hops.flatMap(({ via }) => via ?? []).map(familyOf)
  const own = draft.family ?? viaFamily[0] ?? 4
  const destination: Prefix | undefined = draft.everything === undefined ? draft.destination : everything(own)
  if (destination === undefined) return line.refuse(node.at, 'there is no destination')
  if (own === 6 && viaFamily.includes(4)) return line.refuse(node.at, 'an IPv6 route has no IPv4 gateway')
  if (own === 6 && hops.some(({ realms }) => realms !== undefined))
    return line.refuse(node.at, 'realms are for IPv4 only')
  if (draft.nextHops.length > 0 && (draft.via !== undefined || draft.interface !== undefined)) {
    to.report.warning('remark', node.at, `${title} has next hops; its own via and dev have no effect`)
    draft.via = undefined
    draft.interface = undefined
    draft.onlink = undefined
    draft.encapsulation = undefined
  }
  const watched = watchedAs(to, node, title, draft)
  if (draft.everything?.text === 'default6')
    to.report.warning('deprecated', draft.everything.at, 'default6 is an old word', { remedy: 'write inet6 default' })
  const type = draft.type ?? 'unicast'
  // Always in one order: equal text is equal meaning.
  const metrics = Object.fromEntries(
    routeMetrics.flatMap((name) => (draft.metrics[name] === undefined ? [] : [[name, draft.metrics[name]]])),
  )
  return {
    value: {
      family: own,
      type,
      destination,
      ...(draft.from === undefined ? {} : { from: draft.from }),
      ...(draft.preferredSource === undefined ? {} : { preferredSource: draft.preferredSource }),
      tos: draft.tos ?? usual.tos,
      table: draft.table === undefined || draft.table === 0 ? MAIN_TABLE : draft.table,
      ...(draft.vrf === undefined ? {} : { vrf: draft.vrf }),
      protocol: watched.protocol,
      scope: own === 6 ? 0 : (draft.scope ?? SCOPE_OF[type] ?? 0),
      ...(draft.metric === undefined ? {} : { metric: draft.metric }),
      ...defined(draft),
      metrics,
      ...(draft.features === undefined ? {} : { features: draft.features }),
      ...(draft.congestionControl === undefined ? {} : { congestionControl: draft.congestionControl }),
      locked: [...new Set(draft.locked)].sort(),
      ...(draft.expires === undefined ? {} : { expires: draft.expires }),
      ...(draft.preference === undefined ? {} : { preference: draft.preference }),
      ...(draft.propagatesTtl === undefined ? {} : { propagatesTtl: draft.propagatesTtl }),
      nextHops: draft.nextHops,
      placement: draft.placement ?? usual.placement,
      ...(watched.untracked ? { untracked: true } : {}),
    },
    at: node.at,
    ...(draft.trackGroup === undefined ? {} : { trackGroup: draft.trackGroup }),
  }
}
