import type { Family } from '../../base/index.ts'
import { familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import type { VirtualLink } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integerWord, isInterfaceName, type Lowering, MOST_32, shown } from './arguments.ts'

/** use_vmac or use_ipvlan as written. */
export type LinkDraft = {
  readonly kind: 'macvlan' | 'ipvlan'
  readonly at: Span
  name?: Word
  /** Five or six bytes. */
  mac?: { readonly bytes: readonly number[]; readonly at: Span }
  mode?: 'bridge' | 'private' | 'vepa'
  address?: { readonly address: IpAddress; readonly prefixLength: number }
  group?: number
  notifiesBase?: true
}

/** `use_vmac [[name] IF] [MAC] [netlink_notify_msg] [group G]`, in any order. */
export function readVmac(to: Lowering, node: Node): LinkDraft {
  const draft: LinkDraft = { kind: 'macvlan', at: node.at }
  readWords(to, node, draft, (word) => {
    if (word.text === 'netlink_notify_msg') draft.notifiesBase = true
    else if (word.text.includes(':')) readMac(to, word, draft)
    else return false
    return true
  })
  return draft
}

/** `use_ipvlan [[name] IF] [ADDRESS] [bridge|private|vepa] [group G]`, in any order. */
export function readIpvlan(to: Lowering, node: Node): LinkDraft {
  const draft: LinkDraft = { kind: 'ipvlan', at: node.at }
  readWords(to, node, draft, (word) => {
    const [text, prefix] = word.text.split('/') as [string, string | undefined]
    const address = parseAddress(text)
    if (word.text === 'bridge' || word.text === 'private' || word.text === 'vepa') draft.mode = word.text
    else if (address !== undefined) {
      const full = familyOf(address) === 4 ? 32 : 128
      const length = prefix === undefined ? full : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
      if (length <= full) draft.address = { address, prefixLength: length }
      else badValue(to, 'use_ipvlan', word, `has no prefix length from 0 to ${full}`)
    } else return false
    return true
  })
  return draft
}

function readWords(to: Lowering, node: Node, draft: LinkDraft, read: (word: Word) => boolean): void {
  const keyword = node.keyword.text
  for (let i = 0; i < node.words.length; i++) {
    const word = node.words[i] as Word
    if (word.text === 'group') {
      const group = node.words[++i]
      if (group === undefined)
        to.report.error('missing-argument', word.at, `${keyword} group needs a number or a name; it has no effect`)
      else draft.group = groupOf(to, keyword, group) ?? draft.group ?? 0
    } else if (word.text === 'name') {
      const name = node.words[++i]
      if (name === undefined)
        to.report.error('missing-argument', word.at, `${keyword} name needs an interface name; it has no effect`)
      else readName(to, keyword, name, draft)
    } else if (!read(word)) readName(to, keyword, word, draft)
  }
}

function readName(to: Lowering, keyword: string, word: Word, draft: LinkDraft): void {
  if (!isInterfaceName(word.text)) badValue(to, keyword, word, 'is no interface name')
  else if (draft.name !== undefined)
    to.report.error(
      'value',
      word.at,
      `${keyword} has the name ${draft.name.text} already; ${shown(word)} has no effect`,
    )
  else draft.name = word
}

/** Six octets, or five that the virtual router id follows. */
function readMac(to: Lowering, word: Word, draft: LinkDraft): void {
  const octets = word.text.split(':')
  const bytes = octets.map((octet) => (/^[0-9a-f]{1,2}$/i.test(octet) ? Number.parseInt(octet, 16) : Number.NaN))
  if ((bytes.length !== 5 && bytes.length !== 6) || bytes.some(Number.isNaN))
    badValue(to, 'use_vmac', word, 'is no MAC address of 6 octets, or of 5 with the virtual_router_id for the last')
  else if (((bytes[0] as number) & 1) !== 0) badValue(to, 'use_vmac', word, 'is a multicast address')
  else if (/^0{1,2}:0{1,2}:5e:0{1,2}:0?[12]$/i.test(octets.slice(0, 5).join(':')))
    badValue(to, 'use_vmac', word, 'is of those that VRRP itself gives', 'leave it out')
  else draft.mac = { bytes, at: word.at }
}

/** A number, or a name of /etc/iproute2/group. */
function groupOf(to: Lowering, keyword: string, word: Word): number | undefined {
  if (word.text === 'default') return 0
  if (/^\d/.test(word.text)) return integerWord(to, `${keyword} group`, word, { min: 0, max: MOST_32 })
  for (const path of ['/etc/iproute2/group', '/usr/share/iproute2/group']) {
    const file = to.read(path)
    if (!file.ok) continue
    for (const line of new TextDecoder().decode(file.value.bytes).split('\n')) {
      const [number, name] = line.trim().split(/\s+/)
      if (name === word.text && /^\d+$/.test(number ?? '')) return Number(number)
    }
  }
  badValue(to, `${keyword} group`, word, 'is no number and not in /etc/iproute2/group')
  return undefined
}

type Of = {
  readonly title: string
  readonly family: Family
  readonly virtualRouterId: number
  readonly unicast: boolean
  /** Where vmac_xmit_base was written. */
  readonly transmitsOnBase: Span | undefined
}

/** Undefined where there is none, and `bad` where the virtual router cannot run with what is written. */
export function virtualLinkOf(to: Lowering, draft: LinkDraft | undefined, of: Of): VirtualLink | undefined | 'bad' {
  const { title, family, virtualRouterId, unicast, transmitsOnBase } = of
  if (draft === undefined) {
    if (transmitsOnBase !== undefined)
      to.report.warning('remark', transmitsOnBase, 'vmac_xmit_base has no effect without use_vmac', {
        remedy: 'add use_vmac or remove the line',
      })
    return undefined
  }
  const { kind, name, mac, mode, address, group, notifiesBase } = draft
  const shared = {
    ...(name === undefined ? {} : { name: name.text }),
    ...(group === undefined ? {} : { group }),
  }
  if (kind === 'ipvlan') {
    if (address === undefined && family === 4) {
      to.report.error('object', draft.at, `${title} is IPv4 and its use_ipvlan has no address; it is left out`, {
        remedy: 'add the address that advertisements are to leave from',
      })
      return 'bad'
    }
    if (address !== undefined && familyOf(address.address) !== family) {
      to.report.error(
        'object',
        draft.at,
        `${title} is IPv${family} and the address of its use_ipvlan is not; it is left out`,
      )
      return 'bad'
    }
    return { kind, ...shared, transmitsOnBase: false, mode: mode ?? 'bridge', ...(address && { address }) }
  }
  if (unicast && transmitsOnBase === undefined)
    to.report.warning(
      'remark',
      draft.at,
      `${title} speaks to unicast peers, so its advertisements go by the interface itself`,
      {
        remedy: 'add vmac_xmit_base',
      },
    )
  const bytes = mac && (mac.bytes.length === 5 ? [...mac.bytes, virtualRouterId] : mac.bytes)
  return {
    kind,
    ...shared,
    ...(bytes === undefined ? {} : { mac: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':') }),
    transmitsOnBase: unicast || transmitsOnBase !== undefined,
    ...(notifiesBase === undefined ? {} : { notifiesBase }),
  }
}
