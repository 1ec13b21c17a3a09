import {
  addressBytes,
  addressFromBytes,
  type Family,
  familyOf,
  type IpAddress,
  parseAddress,
} from '../../base/index.ts'
import { choicesIn, MOST_IN_RANGE, type OptionFacts, optionOf } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type AddressRange, addressRange } from './address-range.ts'
import { badValue, type Lowering, noneOf, portWord, required, shown } from './arguments.ts'
import { optionNumber } from './line-words.ts'

export type GroupEntry =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  /** Without a family: of that of the virtual server. */
  | { readonly kind: 'fwmark'; readonly mark: number; readonly family?: Family }

export type ServerGroup = { readonly at: Span; readonly entries: readonly GroupEntry[] }

/** All `virtual_server_group NAME { … }` by name, ranges and networks spelt out (keepalived.conf(5)). */
export function serverGroups(to: Lowering, nodes: readonly Node[]): ReadonlyMap<string, ServerGroup> {
  const groups = new Map<string, ServerGroup>()
  for (const node of nodes) {
    const name = required(to, node, 'a name')
    if (name === undefined) continue
    const before = groups.get(name.text)
    if (before !== undefined) {
      to.report.error('object', node.at, `virtual_server_group ${name.text} is there twice; the second is left out`, {
        related: [{ at: before.at, message: 'first written here' }],
      })
      continue
    }
    const entries: GroupEntry[] = []
    for (const line of node.block?.nodes ?? []) {
      if (line.broken) continue
      const more = entriesOf(to, line)
      if (entries.length + more.length > MOST_IN_RANGE)
        to.report.error('value', line.at, `a group holds at most ${MOST_IN_RANGE} services; this line is left out`)
      else entries.push(...more)
    }
    groups.set(name.text, { at: node.at, entries })
    if (entries.length === 0)
      to.report.error('object', node.at, `virtual_server_group ${name.text} has no entry; nothing can use it`)
  }
  return groups
}

function entriesOf(to: Lowering, line: Node): readonly GroupEntry[] {
  const { keyword: written, words } = line
  if (written.text === 'fwmark') return markOf(to, line)
  const range = written.text.includes('/') ? network(written.text) : addressRange(written.text)
  if (!range.ok) {
    to.report.error('value', written.at, `${shown(written)} ${range.why}; it is left out`)
    return []
  }
  const port = words[0] === undefined ? 0 : portWord(to, written.text, words[0])
  if (port === undefined) return []
  tellExtra(to, words[1])
  return range.addresses.map((address) => ({ kind: 'address', address, port }))
}

function markOf(to: Lowering, line: Node): readonly GroupEntry[] {
  const facts = optionOf('virtual_server_group', 'fwmark') as OptionFacts
  const [written, family, extra] = line.words
  if (written === undefined) {
    required(to, line, 'a firewall mark')
    return []
  }
  const mark = optionNumber(to, 'fwmark', facts, written)
  if (mark === undefined) return []
  tellExtra(to, extra)
  if (family === undefined) return [{ kind: 'fwmark', mark }]
  const families = choicesIn(facts.takes)
  if (families.includes(family.text)) return [{ kind: 'fwmark', mark, family: family.text === 'inet' ? 4 : 6 }]
  badValue(to, 'fwmark', family, noneOf(families))
  return []
}

function tellExtra(to: Lowering, word: Word | undefined): void {
  if (word !== undefined)
    to.report.error('value', word.at, `${shown(word)} means nothing in a virtual_server_group; it has no effect`)
}

/** `ADDRESS/LEN`: every address of the network, host bits zero. */
function network(text: string): AddressRange {
  const [first, length, more] = text.split('/') as [string, string, string | undefined]
  const from = parseAddress(first)
  if (from === undefined || more !== undefined) return { ok: false, why: 'is not an IPv4 or IPv6 network' }
  const bytes = addressBytes(from)
  const bits = bytes.length * 8
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : 0
  if (prefix < 1 || prefix > bits) return { ok: false, why: `has no prefix length from 1 to ${bits}` }
  if (2 ** (bits - prefix) > MOST_IN_RANGE) return { ok: false, why: `is more than ${MOST_IN_RANGE} addresses` }
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefix - 8 * i))))
  const zero = bytes.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, prefix - 8 * i)))) === 0)
  if (!zero) return { ok: false, why: 'has host bits that are not zero' }
  return prefix === bits ? { ok: true, addresses: [from] } : addressRange(`${from}-${addressFromBytes(last)}`)
}

/** Of the family; undefined: the entry has none of its own. */
export const familyOfEntry = (entry: GroupEntry): Family | undefined =>
  entry.kind === 'fwmark' ? entry.family : familyOf(entry.address)
