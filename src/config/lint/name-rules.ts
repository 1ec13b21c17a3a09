import type { Node } from '../syntax/index.ts'
import { blocks, type Rule, titleOf } from './rule.ts'

/**
 * Blocks with a name, and the words of other blocks behind which, or in the list of which, such names stand. What only trackers
 * name is told of at every start, under the same name.
 */
const NAMED: Readonly<Record<string, RegExp>> = {
  bfd_instance: /^(?:track_bfd|name)$/,
  local_address_group: /^laddr_group_name$/,
  virtual_server_group: /^virtual_server$/,
}

/** What bites where one block names another. */
export const nameRules: readonly Rule[] = [
  {
    name: 'never-used',
    finds:
      'a vrrp_script, track_file, vrrp_track_process, bfd_instance, virtual_server_group or local_address_group that nothing names',
    why: 'It is defined and has no effect: the line that was to track or to use it is missing, or misspelt.',
    look({ nodes }, complain) {
      for (const [keyword, by] of Object.entries(NAMED)) {
        const defined = blocks(nodes, keyword)
        if (defined.length === 0) continue
        const used = new Set(nodes.flatMap((node) => namesIn(node, by, true)))
        for (const block of defined) {
          const name = block.words[0]?.text
          if (name !== undefined && !used.has(name))
            complain(block.at, `nothing uses ${titleOf(block)}`, { remedy: 'add the line that names it, or remove it' })
        }
      }
    },
  },
]

/** Words behind such a keyword and in its list, at any depth; the blocks that define names stand at the top level. */
function namesIn({ keyword, words, block }: Node, by: RegExp, top: boolean): readonly string[] {
  const inside = block?.nodes ?? []
  const here = by.test(keyword.text) && !(top && keyword.text in NAMED)
  return [
    ...(here ? words.map(({ text }) => text) : []),
    ...(here && !top ? inside.map((line) => line.keyword.text) : []),
    ...inside.flatMap((line) => namesIn(line, by, false)),
  ]
}
