import { micros } from '../../base/index.ts'
import type { GarpGroup, InterfaceDelay, ReceiveRoom, VrrpSettings } from '../../model/index.ts'
import { usualNumber, usualTruth } from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { alone, badValue, integer, isInterfaceName, type Lowering, rangeOf, timer } from './arguments.ts'
import { usualTime } from './usual.ts'

const USUAL_LATENESS = usualNumber('global_defs', 'min_auto_priority_delay')
const USUAL_MESSAGES = usualNumber('global_defs', 'vrrp_rx_bufs_multiplier')
const USUAL_DELAY = usualTime('root', 'interface_up_down_delays')

/** What global_defs and the small blocks beside it say of all virtual routers. */
export type VrrpSettingsDraft = {
  groups: GarpGroup[]
  delays: InterfaceDelay[]
  rest: { -readonly [Key in 'logUnknownIds' | 'disableLocalIgmp' | 'delayAfterBoot']?: VrrpSettings[Key] }
  most?: number
  /** Of vrrp_rx_bufs_policy. */
  messageSize?: ReceiveRoom['size']
  messages?: number
  lateness?: number
  /** dynamic_interfaces: an interface that is not there is no reason for a word. */
  dynamicInterfaces: boolean
}

export const emptyVrrpSettings = (): VrrpSettingsDraft => ({
  groups: [],
  delays: [],
  rest: {},
  dynamicInterfaces: usualTruth('global_defs', 'dynamic_interfaces'),
})

/** One line of global_defs, if it is one of these. */
export function readVrrpSetting(to: Lowering, node: Node, draft: VrrpSettingsDraft): boolean {
  switch (node.keyword.text) {
    case 'log_unknown_vrids':
      draft.rest.logUnknownIds = true
      return true
    case 'disable_local_igmp':
      draft.rest.disableLocalIgmp = true
      return true
    case 'dynamic_interfaces':
      draft.dynamicInterfaces = true
      return true
    case 'vrrp_delay_after_boot': {
      const delay = timer(to, node)
      if (delay !== undefined) draft.rest.delayAfterBoot = delay
      return true
    }
    case 'max_auto_priority': {
      const most = node.words.length === 0 ? alone(node) : integer(to, node)
      if (most !== undefined) draft.most = most
      return true
    }
    case 'min_auto_priority_delay': {
      const lateness = integer(to, node)
      if (lateness !== undefined) draft.lateness = lateness
      return true
    }
    case 'vrrp_rx_bufs_multiplier': {
      const messages = integer(to, node)
      if (messages !== undefined) draft.messages = messages
      return true
    }
    default:
      return false
  }
}

/** `garp_group { … }`; one without an interval or an interface says nothing. */
export function readGarpGroup(to: Lowering, node: Node, draft: VrrpSettingsDraft): void {
  let [garpInterval, gnaInterval] = [micros(0), micros(0)]
  const interfaces: string[] = []
  const add = (word: Word | undefined) => {
    const taken = draft.groups.some((group) => group.interfaces.includes(word?.text ?? ''))
    if (word === undefined) return
    if (!isInterfaceName(word.text)) badValue(to, 'garp_group', word, 'is no interface name')
    else if (taken) to.report.error('value', word.at, `${word.text} is in another garp_group already; it stays there`)
    else if (!interfaces.includes(word.text)) interfaces.push(word.text)
  }
  for (const line of node.block?.nodes ?? []) {
    const keyword = line.keyword.text
    if (keyword === 'garp_interval') garpInterval = timer(to, line) ?? garpInterval
    else if (keyword === 'gna_interval') gnaInterval = timer(to, line) ?? gnaInterval
    else if (keyword === 'interface') add(line.words[0])
    else
      for (const each of line.block?.nodes ?? [])
        if (!each.broken) for (const word of [each.keyword, ...each.words]) add(word)
  }
  const lacks = garpInterval + gnaInterval === 0 ? 'interval' : interfaces.length === 0 ? 'interface' : undefined
  if (lacks !== undefined) to.report.warning('remark', node.keyword.at, `garp_group has no ${lacks}; it is left out`)
  else draft.groups.push({ interfaces, garpInterval, gnaInterval })
}

/** Lines `IF DOWN [UP]`; UP is 0 when it is left out. */
export function readInterfaceDelays(to: Lowering, node: Node, draft: VrrpSettingsDraft): void {
  for (const line of node.block?.nodes ?? []) {
    if (line.broken) continue
    const name = line.keyword
    const down = timer(to, line, rangeOf(node, 'DOWN'))
    const up = line.words[1] === undefined ? USUAL_DELAY : timer(to, line, rangeOf(node, 'UP'), 1)
    if (!isInterfaceName(name.text)) badValue(to, 'interface_up_down_delays', name, 'is no interface name')
    else if (draft.delays.some((one) => one.interface === name.text))
      to.report.warning('remark', name.at, `${name.text} has its delays already; the first ones are used`)
    else if (down !== undefined && up !== undefined) draft.delays.push({ interface: name.text, down, up })
  }
}

export function vrrpSettingsOf(draft: VrrpSettingsDraft): VrrpSettings | undefined {
  const { groups, delays, rest, most, lateness, messageSize: size, messages = USUAL_MESSAGES } = draft
  const settings: VrrpSettings = {
    ...(groups.length === 0 ? {} : { garpGroups: groups }),
    ...(delays.length === 0 ? {} : { interfaceDelays: delays }),
    ...rest,
    ...(size === undefined ? {} : { receiveRoom: { size, messages } }),
    ...(most === undefined || most < 1 ? {} : { autoPriority: { most, lateness: micros(lateness ?? USUAL_LATENESS) } }),
  }
  return Object.keys(settings).length === 0 ? undefined : settings
}
