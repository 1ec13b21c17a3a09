import type { AnnouncementSettings } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { integer, LONGEST_TIMER, type Lowering, MOST_32, timer } from './arguments.ts'

/** The garp_ keywords that exist globally and in a virtual router; nothing for any other or for a bad value. */
export function announcementLine(to: Lowering, node: Node, keyword: string): Partial<AnnouncementSettings> {
  const time = (max: number) => timer(to, node, { min: 0, max })
  const count = (most: number) => integer(to, node, { min: 0, max: most })
  const some = <Key extends keyof AnnouncementSettings>(key: Key, value: AnnouncementSettings[Key] | undefined) =>
    value === undefined ? {} : { [key]: value }
  switch (keyword) {
    case 'garp_master_delay':
      return some('masterDelay', time(LONGEST_TIMER))
    case 'garp_master_repeat':
      return some('masterRepeat', oneOrMore(count(MOST_32)))
    case 'garp_master_refresh':
      return some('masterRefresh', time(MOST_32))
    case 'garp_master_refresh_repeat':
      return some('masterRefreshRepeat', oneOrMore(count(MOST_32)))
    case 'garp_lower_prio_delay':
      return some('lowerPrioDelay', time(LONGEST_TIMER))
    case 'garp_lower_prio_repeat':
      return some('lowerPrioRepeat', count(2_147_483_647))
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
  const interval = timer(to, node, { min: 0, max: A_DAY }, all ? 1 : 0)
  return interval === undefined ? {} : { extraInterval: interval, extraOnAll: all }
}

const A_DAY = 86_400

const oneOrMore = (count: number | undefined) => (count === undefined ? undefined : Math.max(1, count))
