import { familyOf, type IpAddress } from '../../base/index.ts'
import { MOST_IN_RANGE } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { addressRange } from './address-range.ts'
import { isInterfaceName, type Lowering, required, shown } from './arguments.ts'

export type LocalAddressGroup = {
  readonly at: Span
  /** Of one family; none: there was something wrong with each line, and it is said. */
  readonly addresses: readonly IpAddress[]
}

/**
 * All `local_address_group NAME { ADDRESS | RANGE [INTERFACE] … }`, by name: where FULLNAT takes the addresses from that servers
 * see as the client (LVS-FULLNAT, DPVS). The interface is where DPVS would put the address; here the host has it already.
 */
export function localAddressGroups(to: Lowering, nodes: readonly Node[]): ReadonlyMap<string, LocalAddressGroup> {
  const groups = new Map<string, LocalAddressGroup>()
  for (const node of nodes) {
    const name = required(to, node, 'a name')
    if (name === undefined) continue
    const before = groups.get(name.text)
    if (before !== undefined) {
      to.report.error('object', node.at, `local_address_group ${name.text} is there twice; the second is left out`, {
        related: [{ at: before.at, message: 'first written here' }],
      })
      continue
    }
    const addresses = addressesOf(to, node, name.text)
    groups.set(name.text, { at: node.at, addresses })
    if (addresses.length === 0)
      to.report.error('object', node.at, `local_address_group ${name.text} has no address; nothing can use it`)
  }
  return groups
}

function addressesOf(to: Lowering, node: Node, name: string): readonly IpAddress[] {
  const addresses = new Set<IpAddress>()
  let family: 4 | 6 | undefined
  for (const line of node.block?.nodes ?? []) {
    if (line.broken) continue
    const { keyword: written, words } = line
    const range = addressRange(written.text)
    const first = range.ok ? range.addresses[0] : undefined
    if (!range.ok || first === undefined) {
      const why = range.ok ? 'is empty' : range.why
      to.report.error('value', written.at, `local address ${shown(written)} ${why}; it is left out`)
      continue
    }
    family ??= familyOf(first)
    if (familyOf(first) !== family) {
      to.report.error(
        'value',
        written.at,
        `local_address_group ${name} is IPv${family}; ${shown(written)} is left out`,
        { remedy: `put IPv${familyOf(first)} addresses into a group of their own` },
      )
      continue
    }
    const [at, extra] = words
    if (at !== undefined && !isInterfaceName(at.text))
      to.report.error('value', at.at, `${shown(at)} is no interface name; it has no effect`)
    if (extra !== undefined)
      to.report.error('value', extra.at, `${shown(extra)} after a local address means nothing; it has no effect`)
    if (addresses.size + range.addresses.length > MOST_IN_RANGE) {
      to.report.error('value', written.at, `a group holds at most ${MOST_IN_RANGE} addresses; this line is left out`)
      continue
    }
    for (const one of range.addresses) addresses.add(one)
  }
  return [...addresses]
}
