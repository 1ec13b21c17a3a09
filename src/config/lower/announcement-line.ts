import type { AnnouncementSettings } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { integer, type Lowering, timer } from './arguments.ts'

/** The garp_ keywords that exist globally and in a virtual router; nothing for any other or for a bad value. */
export function announcementLine(to: Lowering, node: Node, keyword: string): Partial<AnnouncementSettings> {
  const some = <Key extends keyof AnnouncementSettings>(key: Key, value: AnnouncementSettings[Key] | undefined) =>
    value === undefined ? {} : { [key]: value }
  switch (keyword) {
    case 'garp_master_delay':
      return some('masterDelay', timer(to, node))
    case 'garp_master_repeat':
      return some('masterRepeat', oneOrMore(integer(to, node)))
    case 'garp_master_refresh':
      return some('masterRefresh', timer(to, node))
    case 'garp_master_refresh_repeat':
      return some('masterRefreshRepeat', oneOrMore(integer(to, node)))
    case 'garp_lower_prio_delay':
      return some('lowerPrioDelay', timer(to, node))
    case 'garp_lower_prio_repeat':
      return some('lowerPrioRepeat', integer(to, node))
    case 'garp_extra_if':
    case 'vmac_garp_intvl':
      return extra(to, node)
    default:
      return {}
  }
}

/** `[all] SECONDS` */
function extra(to: Lowering, node: Node): Partial<AnnouncementSettings> {
  const all = node.words[0]?.text === 'all'
  const interval = timer(to, node, undefined, all ? 1 : 0)
  return interval === undefined ? {} : { extraInterval: interval, extraOnAll: all }
}

const oneOrMore = (count: number | undefined) => (count === undefined ? undefined : Math.max(1, count))
