import type { Report } from '../report.ts'
import type { Node } from '../syntax/index.ts'

/** Words that are accepted, and why they have no effect; said once for each kind, however often they stand there. */
const kinds: readonly { readonly words: RegExp; readonly why: string }[] = [
  {
    words: /^(?:enable_snmp_\w+|enable_traps|snmp_\w+)$/,
    why: 'there is no SNMP yet; its words have no effect',
  },
  {
    words: /^linkbeat_(?:use_polling|interfaces)$/,
    why: 'links are not polled, the kernel tells of them; linkbeat words have no effect',
  },
  {
    words: /^lvs_sync_daemon_interface$/,
    why: 'there is no connection sync daemon yet; lvs_sync_daemon_interface has no effect',
  },
]

/** Does something stand there that does nothing? All nodes go on. */
export function checkWithoutEffect(nodes: readonly Node[], report: Report): readonly Node[] {
  const said = new Set<string>()
  const look = (all: readonly Node[]) => {
    for (const { keyword, block } of all) {
      const kind = kinds.find(({ words }) => words.test(keyword.text))
      if (kind !== undefined && !said.has(kind.why)) {
        said.add(kind.why)
        report.warning('remark', keyword.at, kind.why)
      }
      if (block !== undefined) look(block.nodes)
    }
  }
  look(nodes)
  return nodes
}
