import {
  type ForwardingSettings,
  type IpvsSettings,
  type SettingName,
  settingRules,
  type TableSizeName,
  type Timeouts,
  tableSizes,
} from '../../model/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integer, integerWord, isInterfaceName, type Lowering, required } from './arguments.ts'

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
      if ((first?.text === 'auto' || first?.text === 'off') && second === undefined) {
        draft.xdp = first.text
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

const LONGEST_TIMEOUT = 2_678_400
const timeoutNames: Readonly<Record<string, keyof Timeouts>> = { tcp: 'tcp', tcpfin: 'tcpFin', udp: 'udp' }

/** `lvs_timeouts [tcp N] [tcpfin N] [udp N]`: what is not named, and 0, leaves a timeout as it is. */
export function readTimeouts(to: Lowering, node: Node, before: Timeouts | undefined): Timeouts | undefined {
  if (required(to, node, 'tcp N, tcpfin N or udp N') === undefined) return before
  const read = { tcp: 0, tcpFin: 0, udp: 0, ...before }
  for (let i = 0; i < node.words.length; i += 2) {
    const word = node.words[i] as Word
    const name = timeoutNames[word.text]
    const value = required(to, node, 'a number of seconds', i + 1)
    if (value === undefined) return before
    if (name === undefined) return badValue(to, 'lvs_timeouts', word, 'is not tcp, tcpfin or udp') ?? before
    const seconds = integerWord(to, `lvs_timeouts ${word.text}`, value, { min: 0, max: LONGEST_TIMEOUT })
    if (seconds === undefined) return before
    read[name] = seconds
  }
  return read.tcp + read.tcpFin + read.udp === 0 ? undefined : read
}
