import {
  type ForwardingSettings,
  type IpvsSettings,
  type SettingName,
  settingRules,
  type TableSizeName,
  type Timeouts,
  tableSizes,
} from '../../model/index.ts'
import { firstWordsIn, type OptionName, optionWords } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, integer, isInterfaceName, type Lowering, noneOf, required } from './arguments.ts'
import { lineWords, optionNumber } from './line-words.ts'

/** lvs_settings as written so far; blocks merge into it, the last word on a setting counts. */
export type SettingsDraft = { -readonly [Key in keyof ForwardingSettings]: ForwardingSettings[Key] } & {
  ipvs: { -readonly [Name in SettingName]?: number } & Partial<IpvsSettings>
}

const isSetting = (name: string): name is SettingName => Object.hasOwn(settingRules, name)
const isTableSize = (name: string): name is TableSizeName => Object.hasOwn(tableSizes, name)

/** One line of `lvs_settings { … }`. */
export function readSettingLine(to: Lowering, node: Node, draft: SettingsDraft): void {
  const name = node.keyword.text
  if (isSetting(name)) {
    const value = integer(to, node)
    if (value !== undefined) draft.ipvs[name] = value
    return
  }
  if (isTableSize(name)) {
    const size = integer(to, node)
    if (size !== undefined) draft[tableSizes[name].field] = size
    return
  }
  switch (name) {
    case 'interfaces': {
      const names = interfaceNames(to, node, 'an interface')
      if (names.length > 0) draft.interfaces = names
      return
    }
    case 'xdp': {
      const [first, second] = node.words
      const named = firstWordsIn(node.known?.facts.takes ?? '').includes(first?.text ?? '')
      if (named && second === undefined) {
        draft.xdp = first?.text === 'auto' ? 'auto' : 'off'
        return
      }
      const names = interfaceNames(to, node, 'auto, off or an interface')
      if (names.length > 0) draft.xdp = names
      return
    }
  }
}

function interfaceNames(to: Lowering, node: Node, what: string): readonly string[] {
  required(to, node, what)
  const names = node.words.filter((word) => {
    if (isInterfaceName(word.text)) return true
    badValue(to, node.keyword.text, word, 'is no interface name')
    return false
  })
  // One name that cannot be would leave the line with another meaning than was written.
  return names.length === node.words.length ? [...new Set(names.map((word) => word.text))] : []
}

const timeoutFields = { tcp: 'tcp', tcpfin: 'tcpFin', udp: 'udp' } as const satisfies Record<
  OptionName<'lvs_timeouts'>,
  keyof Timeouts
>

/** `lvs_timeouts [tcp N] [tcpfin N] [udp N]`: what is not named, and 0, leaves a timeout as it is. */
export function readTimeouts(to: Lowering, node: Node, before: Timeouts | undefined): Timeouts | undefined {
  if (required(to, node, 'tcp N, tcpfin N or udp N') === undefined) return before
  const read = { tcp: 0, tcpFin: 0, udp: 0, ...before }
  for (const { word, ...one } of lineWords('lvs_timeouts', node.words)) {
    if (one.option === undefined)
      return badValue(to, 'lvs_timeouts', word, noneOf(optionWords('lvs_timeouts'))) ?? before
    if (one.value === undefined) {
      required(to, node, 'a number of seconds', node.words.length)
      return before
    }
    const seconds = optionNumber(to, `lvs_timeouts ${one.option}`, one.facts, one.value)
    if (seconds === undefined) return before
    read[timeoutFields[one.option]] = seconds
  }
  return read.tcp + read.tcpFin + read.udp === 0 ? undefined : read
}
