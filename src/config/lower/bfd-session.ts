import { type Family, familyOf, type IpAddress, isLinkLocal6, type Micros, micros } from '../../base/index.ts'
import type { BfdSession, TrackedWeight } from '../../model/index.ts'
import { usualNumber, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import {
  addressWord,
  badValue,
  boolean,
  integer,
  isInterfaceName,
  type Lowering,
  rangeOf,
  required,
} from './arguments.ts'
import { readWeight, shownWeight, usualWeight } from './weight.ts'

export type LoweredSession = { readonly value: BfdSession; readonly weight: TrackedWeight; readonly at: Span }

const SENSIBLE_MILLIS = 10_000
const SENSIBLE_MULTIPLIER = 10
const HOPS = 255

const usualMillis = (name: string): Micros => micros(usualNumber('bfd_instance', name) * 1_000)
const usual = {
  minReceive: usualMillis('min_rx'),
  minTransmit: usualMillis('min_tx'),
  idleTransmit: usualMillis('idle_tx'),
  multiplier: usualNumber('bfd_instance', 'multiplier'),
  passive: usualTruth('bfd_instance', 'passive'),
  // RFC 5881 §5 wants 255; keepalived sends 64 over IPv6 where nothing is said, which other speakers refuse.
  hopLimit: usualNumber('bfd_instance', 'ttl'),
  multihop: usualTruth('bfd_instance', 'multihop'),
  maxHops: usualNumber('bfd_instance', 'max_hops'),
}

type Written = {
  readonly value: IpAddress
  /** Behind a `%`. */
  readonly zone?: string
  readonly at: Span
}

type Draft = {
  neighbour: Written | undefined
  source: Written | undefined
  minReceive: Micros
  minTransmit: Micros
  idleTransmit: Micros
  multiplier: number
  passive: boolean
  hopLimit: number
  maxHops: { readonly value: number; readonly at: Span } | undefined
  multihop: boolean
  tells: Set<'vrrp' | 'checker'>
  weight: TrackedWeight
}

/** `bfd_instance NAME { … }`; undefined, and an error said, if it has no neighbour that packets could reach. */
export function lowerSession(to: Lowering, node: Node): LoweredSession | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  const reject = (at: Span, why: string, remedy: string): undefined => {
    to.report.error('object', at, `bfd_instance ${name.text} ${why}; it is left out`, { remedy })
    return undefined
  }
  const longest = node.known?.facts.longest
  if (longest !== undefined && new TextEncoder().encode(name.text).length > longest)
    return reject(name.at, `has a name longer than ${longest} bytes`, 'give it a shorter one')
  const draft: Draft = {
    neighbour: undefined,
    source: undefined,
    ...usual,
    maxHops: undefined,
    tells: new Set(),
    weight: usualWeight('bfd_instance'),
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  const { neighbour, source, tells, maxHops, weight } = draft
  if (neighbour === undefined) return reject(node.at, 'has no neighbor_ip', 'add neighbor_ip and an address')
  const family: Family = familyOf(neighbour.value)
  if (source !== undefined && familyOf(source.value) !== family)
    return reject(
      source.at,
      `has a source_ip of another family than its neighbor_ip ${neighbour.value}`,
      'use one family',
    )
  const zone = neighbour.zone ?? source?.zone
  const unplaced = zone === undefined ? [neighbour, source].find((one) => one && isLinkLocal6(one.value)) : undefined
  if (unplaced !== undefined)
    return reject(
      unplaced.at,
      `has the link-local address ${unplaced.value} and does not say on which interface`,
      `write ${unplaced.value}%eth0`,
    )
  if (source?.zone !== undefined && source.zone !== zone)
    return reject(source.at, `has its neighbour on ${zone} and its source on ${source.zone}`, 'name one interface')
  const hops = maxHops === undefined ? usual.maxHops : maxHops.value
  if (maxHops !== undefined && hops !== HOPS && hops > draft.hopLimit)
    to.report.warning(
      'remark',
      maxHops.at,
      `max_hops ${hops} is more than the ${draft.hopLimit} that there are; anything passes`,
    )
  return {
    value: {
      name: name.text,
      family,
      neighbour: neighbour.value,
      ...(source === undefined ? {} : { source: source.value }),
      ...(zone === undefined ? {} : { interface: zone }),
      multihop: draft.multihop,
      minReceive: draft.minReceive,
      minTransmit: draft.minTransmit,
      idleTransmit: draft.idleTransmit,
      multiplier: draft.multiplier,
      passive: draft.passive,
      hopLimit: draft.hopLimit,
      ...(hops < 0 || hops === HOPS ? {} : { maxHops: hops }),
      vrrp: tells.size === 0 || tells.has('vrrp'),
      checker: tells.size === 0 || tells.has('checker'),
      ...shownWeight(weight, usualWeight('bfd_instance')),
    },
    weight,
    at: node.at,
  }
}

function readLine(to: Lowering, line: Node, draft: Draft): void {
  const keyword = line.keyword.text
  switch (keyword) {
    case 'neighbor_ip':
    case 'neighbour_ip':
      draft.neighbour = zonedAddress(to, line) ?? draft.neighbour
      return
    case 'source_ip':
      draft.source = zonedAddress(to, line) ?? draft.source
      return
    case 'min_rx':
      draft.minReceive = milliseconds(to, line) ?? draft.minReceive
      return
    case 'min_tx':
      draft.minTransmit = milliseconds(to, line) ?? draft.minTransmit
      return
    case 'idle_tx':
      draft.idleTransmit = milliseconds(to, line) ?? draft.idleTransmit
      return
    case 'multiplier': {
      const multiplier = integer(to, line)
      if (multiplier === undefined) return
      draft.multiplier = multiplier
      if (multiplier > SENSIBLE_MULTIPLIER)
        to.report.warning(
          'remark',
          line.at,
          `multiplier ${multiplier}: it takes that many intervals to notice a failure`,
        )
      return
    }
    case 'passive':
      draft.passive = true
      return
    case 'ttl':
    case 'hoplimit':
      draft.hopLimit = integer(to, line) ?? draft.hopLimit
      return
    case 'max_hops': {
      const value = integer(to, line)
      if (value !== undefined) draft.maxHops = { value, at: line.at }
      return
    }
    case 'multihop':
      draft.multihop = boolean(to, line) ?? draft.multihop
      return
    case 'weight':
      draft.weight = readWeight(to, line) ?? draft.weight
      return
    case 'vrrp':
    case 'checker':
      draft.tells.add(keyword)
      return
  }
}

/** An address; a link-local one may name its interface: `fe80::2%eth0` (RFC 4007 §11), which keepalived cannot read. */
function zonedAddress(to: Lowering, line: Node): Written | undefined {
  const word = required(to, line, 'an address')
  if (word === undefined) return undefined
  const keyword = line.keyword.text
  const mark = word.text.indexOf('%')
  const value = addressWord(to, keyword, mark < 0 ? word : { ...word, text: word.text.slice(0, mark) })
  if (value === undefined) return undefined
  if (mark < 0) return { value, at: word.at }
  const zone = word.text.slice(mark + 1)
  if (!isInterfaceName(zone)) return badValue(to, keyword, word, 'names no interface behind its %')
  if (isLinkLocal6(value)) return { value, zone, at: word.at }
  to.report.warning('remark', word.at, `${keyword} ${word.text}: %${zone} means nothing, for it is not link-local`)
  return { value, at: word.at }
}

/** Milliseconds with at most three decimals. */
function milliseconds(to: Lowering, line: Node): Micros | undefined {
  const word = required(to, line, 'a number of milliseconds')
  if (word === undefined) return undefined
  const keyword = line.keyword.text
  const { min, max } = rangeOf(line, 'MILLISECONDS')
  const value = /^(?:\d{1,7}(?:\.\d*)?|\.\d+)$/.test(word.text) ? Number(word.text) : undefined
  if (value === undefined || value < min || value > max)
    return badValue(to, keyword, word, `is not a number of milliseconds from ${min} to ${max}`)
  if (/\.\d{4,}$/.test(word.text))
    to.report.warning('remark', word.at, `${keyword} ${word.text}: rounded to whole microseconds`)
  if (value > SENSIBLE_MILLIS)
    to.report.warning(
      'remark',
      word.at,
      `${keyword} ${word.text}: these are milliseconds, and that is ${value / 1000} s`,
    )
  return micros(value * 1_000)
}
