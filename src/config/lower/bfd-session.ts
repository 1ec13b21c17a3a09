import { type Family, familyOf, type IpAddress, isLinkLocal6, type Micros, micros, seconds } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { address, badValue, boolean, integer, type Lowering, required } from './arguments.ts'
import { readWeight, type TrackedWeight } from './weight.ts'

export type LoweredSession = { readonly value: BfdSession; readonly weight: TrackedWeight; readonly at: Span }

const LONGEST_NAME = 31
/** 32 bits of microseconds. */
const MOST_MILLIS = 4_294_967
const LEAST_IDLE = 1_000
const SENSIBLE_MILLIS = 10_000
const SENSIBLE_MULTIPLIER = 10
const HOPS = 255

/** RFC 5881 §5 wants 255; keepalived sends 64 over IPv6 where nothing is said, which other speakers refuse. */
const HOP_LIMIT = 255

type Written = { readonly value: IpAddress; readonly at: Span }

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
  if (new TextEncoder().encode(name.text).length > LONGEST_NAME)
    return reject(name.at, `has a name longer than ${LONGEST_NAME} bytes`, 'give it a shorter one')
  const draft: Draft = {
    neighbour: undefined,
    source: undefined,
    minReceive: micros(10_000),
    minTransmit: micros(10_000),
    idleTransmit: seconds(1),
    multiplier: 5,
    passive: false,
    hopLimit: HOP_LIMIT,
    maxHops: undefined,
    multihop: false,
    tells: new Set(),
    weight: { weight: 0, reverse: false },
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  const { neighbour, source, tells, maxHops, weight } = draft
  if (neighbour === undefined) return reject(node.at, 'has no neighbor_ip', 'add neighbor_ip and an address')
  if (isLinkLocal6(neighbour.value))
    return reject(
      neighbour.at,
      `has a link-local neighbour, ${neighbour.value}, and no way to say on which interface`,
      'use global or unique local addresses',
    )
  const family: Family = familyOf(neighbour.value)
  if (source !== undefined && familyOf(source.value) !== family)
    return reject(
      source.at,
      `has a source_ip of another family than its neighbor_ip ${neighbour.value}`,
      'use one family',
    )
  const hops = maxHops === undefined ? 0 : maxHops.value
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
      draft.neighbour = address(to, line) ?? draft.neighbour
      return
    case 'source_ip':
      draft.source = address(to, line) ?? draft.source
      return
    case 'min_rx':
      draft.minReceive = milliseconds(to, line, 1) ?? draft.minReceive
      return
    case 'min_tx':
      draft.minTransmit = milliseconds(to, line, 1) ?? draft.minTransmit
      return
    case 'idle_tx':
      draft.idleTransmit = milliseconds(to, line, LEAST_IDLE) ?? draft.idleTransmit
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

/** Milliseconds with at most three decimals. */
function milliseconds(to: Lowering, line: Node, min: number): Micros | undefined {
  const word = required(to, line, 'a number of milliseconds')
  if (word === undefined) return undefined
  const keyword = line.keyword.text
  const value = /^(?:\d{1,7}(?:\.\d*)?|\.\d+)$/.test(word.text) ? Number(word.text) : undefined
  if (value === undefined || value < min || value > MOST_MILLIS)
    return badValue(to, keyword, word, `is not a number of milliseconds from ${min} to ${MOST_MILLIS}`)
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
