import type { Node } from '../syntax/index.ts'
import { blocks, type Rule } from './rule.ts'

const ALERTS = /^smtp_alert(?:_vrrp|_checker)?$/

/** What bites in mail. */
export const mailRules: readonly Rule[] = [
  {
    name: 'mail-goes-nowhere',
    finds: 'smtp_alert without notification_email or without smtp_server, and notification_email without smtp_server',
    why: 'Without both no mail is ever sent, and nobody says so when it is needed.',
    look({ configuration, nodes }, complain) {
      const { recipients, server } = configuration.global.mail
      const lacks = [
        recipients.length === 0 ? 'notification_email' : [],
        server === undefined ? 'smtp_server' : [],
      ].flat()
      const [first] = lacks
      if (first === undefined) return
      const asked =
        nodes.map(alertIn).find((line) => line !== undefined) ??
        (recipients.length === 0 ? undefined : writtenIn(nodes, 'notification_email'))
      if (asked !== undefined)
        complain(asked.at, `mail is asked for, and there is no ${lacks.join(' and no ')}`, {
          remedy: `add ${lacks.join(' and ')} to global_defs`,
        })
    },
  },
]

/** The first line in a block, at any depth, that switches mail on. */
function alertIn({ block }: Node): Node | undefined {
  for (const line of block?.nodes ?? []) {
    if (ALERTS.test(line.keyword.text) && !/^(?:false|off|no)$/.test(line.words[0]?.text ?? '')) return line
    const inside = alertIn(line)
    if (inside !== undefined) return inside
  }
  return undefined
}

const writtenIn = (nodes: readonly Node[], keyword: string): Node | undefined =>
  blocks(nodes, 'global_defs')
    .flatMap(({ block }) => block?.nodes ?? [])
    .find((line) => line.keyword.text === keyword)
