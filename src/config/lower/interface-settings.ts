import type { InterfaceSettings } from '../../model/index.ts'
import { looksLike } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { integer, isInterfaceName, type Lowering, required, shown, switched } from './arguments.ts'

export type InterfaceSettingsDraft = { -readonly [Key in keyof InterfaceSettings]?: InterfaceSettings[Key] }

/** A line of global_defs about virtual links or the firewall; false: it is about something else. */
export function readInterfaceSetting(to: Lowering, node: Node, draft: InterfaceSettingsDraft): boolean {
  switch (node.keyword.text) {
    case 'vmac_prefix':
      readPrefix(to, node, draft, 'linkPrefix')
      return true
    case 'vmac_addr_prefix':
      readPrefix(to, node, draft, 'addressLinkPrefix')
      return true
    case 'nftables':
      readTable(to, node, draft)
      return true
    case 'nftables_priority': {
      const priority = integer(to, node)
      if (priority !== undefined) draft.chainPriority = priority
      return true
    }
    case 'nftables_counters':
      switched(to, node, draft, 'countPackets')
      return true
    default:
      return false
  }
}

/** The id and a dot follow, and a number before it where the name is taken: `PREFIX6.255`. */
function readPrefix(
  to: Lowering,
  node: Node,
  draft: InterfaceSettingsDraft,
  key: 'linkPrefix' | 'addressLinkPrefix',
): void {
  const word = required(to, node, 'the first part of a name')
  if (word === undefined) return
  if (draft[key] !== undefined)
    to.report.warning('remark', node.at, `${node.keyword.text} is given already; the first one is used`)
  else if (!isInterfaceName(`${word.text}6.255`))
    to.report.error(
      'value',
      word.at,
      `${node.keyword.text} ${shown(word)} is not 1 to 10 bytes long; the line has no effect`,
    )
  else draft[key] = word.text
}

function readTable(to: Lowering, node: Node, draft: InterfaceSettingsDraft): void {
  const name = node.words[0]
  if (draft.table !== undefined)
    to.report.warning('remark', node.at, 'nftables is given already; the first one is used')
  else if (name === undefined) draft.table = 'keepalived'
  else if (!looksLike('TABLENAME', name.text))
    to.report.error('value', name.at, `nftables ${shown(name)} is no name of a table; the line has no effect`)
  else draft.table = name.text
}
