/** `nft -j list ruleset`, as far as it decides about packets that we can name (libnftables-json(5)). */

import { inSubnet, parseAddress } from '../../base/index.ts'

export type Ruleset = readonly Chain[]

export type Chain = {
  readonly family: string
  readonly table: string
  readonly name: string
  /** Absent: only other chains lead there. */
  readonly hook?: string
  readonly priority: number
  readonly policy: 'accept' | 'drop'
  readonly rules: readonly (readonly Statement[])[]
}

type Statement = Readonly<Record<string, unknown>>

export type NamedPacket = {
  readonly protocol: 'vrrp' | 'tcp' | 'udp'
  /** Input: where it comes in; output: where it leaves. */
  readonly interface: string
  readonly source?: string
  readonly destination?: string
  readonly port?: number
}

/** A rule that drops it, as people write it; undefined: none does, as far as can be told. */
export type Dropped = { readonly chain: string; readonly by: string }

/** Undefined for what is no ruleset. */
export function readRuleset(json: string): Ruleset | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const entries =
    isRecord(parsed) && Array.isArray(parsed['nftables']) ? parsed['nftables'].filter(isRecord) : undefined
  if (entries === undefined) return undefined
  const rules = entries.flatMap(({ rule }) => (isRecord(rule) ? [rule] : []))
  return entries.flatMap(({ chain }): Chain[] => {
    if (!isRecord(chain)) return []
    const { family, table, name, hook, prio, policy } = chain
    const own = rules.filter((rule) => rule['family'] === family && rule['table'] === table && rule['chain'] === name)
    return [
      {
        family: String(family),
        table: String(table),
        name: String(name),
        ...(typeof hook === 'string' ? { hook } : {}),
        priority: typeof prio === 'number' ? prio : 0,
        policy: policy === 'drop' ? 'drop' : 'accept',
        rules: own.map(({ expr }) => (Array.isArray(expr) ? expr.filter(isRecord) : [])),
      },
    ]
  })
}

/** What becomes of an IPv4 packet at a hook. A rule with something that cannot be judged is passed over. */
export function droppedAt(ruleset: Ruleset, hook: 'input' | 'output', packet: NamedPacket): Dropped | undefined {
  const bases = ruleset
    .filter((chain) => chain.hook === hook && (chain.family === 'ip' || chain.family === 'inet'))
    .toSorted((a, b) => a.priority - b.priority)
  for (const base of bases) {
    const verdict = walk(ruleset, base, hook, packet, 0)
    if (verdict.kind === 'drop') return { chain: `${base.family} ${base.table} ${verdict.chain}`, by: verdict.by }
    if (verdict.kind === 'end' && base.policy === 'drop')
      return { chain: `${base.family} ${base.table} ${base.name}`, by: 'its policy' }
  }
  return undefined
}

type Verdict =
  | { readonly kind: 'accept' | 'end' }
  | { readonly kind: 'drop'; readonly chain: string; readonly by: string }

const MOST_JUMPS = 16

function walk(ruleset: Ruleset, chain: Chain, hook: 'input' | 'output', packet: NamedPacket, depth: number): Verdict {
  for (const rule of chain.rules) {
    const matches = rule.filter((statement) => 'match' in statement).map(({ match }) => matched(match, hook, packet))
    if (matches.some((outcome) => outcome !== true)) continue
    if (rule.some(limits)) continue
    for (const statement of rule) {
      if ('accept' in statement) return { kind: 'accept' }
      if ('drop' in statement || 'reject' in statement) return { kind: 'drop', chain: chain.name, by: ruleWords(rule) }
      if ('return' in statement) return { kind: 'end' }
      const { jump, goto } = statement
      const target = isRecord(jump) ? jump['target'] : isRecord(goto) ? goto['target'] : undefined
      const next = ruleset.find(
        ({ family, table, name }) => family === chain.family && table === chain.table && name === target,
      )
      if (next === undefined || depth >= MOST_JUMPS) continue
      const verdict = walk(ruleset, next, hook, packet, depth + 1)
      if (verdict.kind !== 'end' || isRecord(goto)) return verdict
    }
  }
  return { kind: 'end' }
}

/** A rate does not concern one packet alone, and what iptables has of its own is not told in JSON. */
const limits = (statement: Statement): boolean => 'limit' in statement || 'xt' in statement

/** Undefined: cannot be judged. */
function matched(match: unknown, hook: 'input' | 'output', packet: NamedPacket): boolean | undefined {
  if (!isRecord(match)) return undefined
  const { op, left, right } = match
  const value = valueIn(left, hook, packet)
  if (value === undefined) return undefined
  const is = equals(value, right)
  if (is === undefined) return undefined
  return op === '!=' ? !is : op === '==' || op === 'in' ? is : undefined
}

type Value = { readonly kind: 'word' | 'protocol'; readonly word: string } | 'none'

const protocolNumbers: Readonly<Record<string, string>> = { vrrp: '112', tcp: '6', udp: '17' }

function valueIn(left: unknown, hook: 'input' | 'output', packet: NamedPacket): Value | undefined {
  if (!isRecord(left)) return undefined
  const { meta, payload, ct } = left
  const word = (text: string | number | undefined): Value | undefined =>
    text === undefined ? undefined : { kind: 'word', word: String(text) }
  if (isRecord(meta))
    switch (meta['key']) {
      case 'iifname':
      case 'iif':
        return hook === 'input' ? word(packet.interface) : 'none'
      case 'oifname':
      case 'oif':
        return hook === 'output' ? word(packet.interface) : 'none'
      case 'l4proto':
        return { kind: 'protocol', word: packet.protocol }
      case 'nfproto':
        return word('ipv4')
      case 'pkttype':
        return packet.destination?.startsWith('224.') ? word('multicast') : undefined
      default:
        return undefined
    }
  // The first packet of its kind.
  if (isRecord(ct)) return ct['key'] === 'state' ? word('new') : undefined
  if (!isRecord(payload)) return undefined
  const { protocol, field } = payload
  if (protocol === 'ip')
    switch (field) {
      case 'protocol':
        return { kind: 'protocol', word: packet.protocol }
      case 'saddr':
        return word(packet.source)
      case 'daddr':
        return word(packet.destination)
      default:
        return undefined
    }
  if (protocol === 'ip6') return 'none'
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'th') {
    if (protocol !== 'th' && protocol !== packet.protocol) return 'none'
    return field === 'dport' ? word(packet.port) : undefined
  }
  return undefined
}

/** Undefined: the right side is of a kind not known here. */
function equals(value: Value, right: unknown): boolean | undefined {
  if (value === 'none') return false
  if (typeof right === 'string' || typeof right === 'number') {
    const text = String(right)
    if (value.kind === 'protocol') return text === value.word || text === protocolNumbers[value.word]
    return text.endsWith('*') ? value.word.startsWith(text.slice(0, -1)) : text === value.word
  }
  if (Array.isArray(right)) return anyOf(right.map((entry) => equals(value, entry)))
  if (!isRecord(right)) return undefined
  if (Array.isArray(right['set'])) return anyOf(right['set'].map((entry) => equals(value, entry)))
  if (Array.isArray(right['range'])) return inRange(value.word, right['range'])
  const { prefix } = right
  return isRecord(prefix) ? inPrefix(value.word, String(prefix['addr']), Number(prefix['len'])) : undefined
}

function anyOf(outcomes: readonly (boolean | undefined)[]): boolean | undefined {
  if (outcomes.includes(true)) return true
  return outcomes.includes(undefined) ? undefined : false
}

function inRange(word: string, [from, to]: readonly unknown[]): boolean | undefined {
  const numbers = [Number(word), Number(from), Number(to)]
  if (numbers.some(Number.isNaN)) return undefined
  const [value, least, most] = numbers as [number, number, number]
  return value >= least && value <= most
}

function inPrefix(word: string, prefix: string, length: number): boolean | undefined {
  const [address, network] = [parseAddress(word), parseAddress(prefix)]
  return address === undefined || network === undefined ? undefined : inSubnet(address, network, length)
}

/** Near enough to what `nft list ruleset` shows to find it there. */
function ruleWords(rule: readonly Statement[]): string {
  return rule
    .map((statement) => {
      const { match } = statement
      if (!isRecord(match)) return Object.keys(statement)[0] ?? ''
      const { left, right, op } = match
      const side = isRecord(left) ? (left['meta'] ?? left['payload'] ?? left['ct']) : undefined
      const name = isRecord(side) ? [side['protocol'], side['field'] ?? side['key']].filter(Boolean).join(' ') : '…'
      const value = typeof right === 'string' || typeof right === 'number' ? String(right) : '…'
      return `${name} ${op === '!=' ? '!= ' : ''}${value}`
    })
    .filter((words) => words !== 'counter')
    .join(' ')
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
