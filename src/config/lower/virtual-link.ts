import type { Family } from '../../base/index.ts'
import { familyOf, type IpAddress, macText, parseAddress } from '../../base/index.ts'
import type { VirtualLink } from '../../model/index.ts'
import { MOST_32, type OptionFacts, usualOptionChoice } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, isInterfaceName, type Lowering, shown } from './arguments.ts'
import { type LineWord, lineWords } from './line-words.ts'

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
  for (const one of lineWords('use_vmac', node.words)) {
    const { word } = one
    if (one.option === 'netlink_notify_msg') draft.notifiesBase = true
    else if (one.option !== undefined) readShared(to, node, one, draft)
    else if (word.text.includes(':')) readMac(to, word, draft)
    else readName(to, node.keyword.text, word, draft)
  }
  return draft
}

/** `use_ipvlan [[name] IF] [ADDRESS] [bridge|private|vepa] [group G]`, in any order. */
export function readIpvlan(to: Lowering, node: Node): LinkDraft {
  const draft: LinkDraft = { kind: 'ipvlan', at: node.at }
  for (const one of lineWords('use_ipvlan', node.words)) {
    const { word } = one
    if (one.option === 'bridge' || one.option === 'private' || one.option === 'vepa') draft.mode = one.option
    else if (one.option !== undefined) readShared(to, node, one, draft)
    else if (!readOwnAddress(to, word, draft)) readName(to, node.keyword.text, word, draft)
  }
  return draft
}

const USUAL_MODE = usualOptionChoice('use_ipvlan', 'bridge', ['bridge', 'private', 'vepa'])

/** False: the word is no address. */
function readOwnAddress(to: Lowering, word: Word, draft: LinkDraft): boolean {
  const [text, prefix] = word.text.split('/') as [string, string | undefined]
  const address = parseAddress(text)
  if (address === undefined) return false
  const full = familyOf(address) === 4 ? 32 : 128
  const length = prefix === undefined ? full : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (length <= full) draft.address = { address, prefixLength: length }
  else badValue(to, 'use_ipvlan', word, `has no prefix length from 0 to ${full}`)
  return true
}

/** What both have. */
function readShared(
  to: Lowering,
  { keyword: { text: keyword } }: Node,
  { option, facts, word, value }: Extract<LineWord<'use_vmac' | 'use_ipvlan'>, { facts: unknown }>,
  draft: LinkDraft,
): void {
  const what = option === 'group' ? 'a number or a name' : 'an interface name'
  if (value === undefined)
    to.report.error('missing-argument', word.at, `${keyword} ${option} needs ${what}; it has no effect`)
  else if (option === 'name') readName(to, keyword, value, draft)
  else draft.group = groupOf(to, keyword, facts, value) ?? draft.group ?? 0
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

/** A number, or a name of a group of interfaces. */
function groupOf(to: Lowering, keyword: string, { max = MOST_32 }: OptionFacts, word: Word): number | undefined {
  const group = to.names.numberOf('group', word.text)
  if (group !== undefined && group <= max) return group
  return badValue(to, `${keyword} group`, word, `is no number up to ${max} and no name in group of iproute2`)
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
    return { kind, ...shared, transmitsOnBase: false, mode: mode ?? USUAL_MODE, ...(address && { address }) }
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
    ...(bytes === undefined ? {} : { mac: macText(Uint8Array.from(bytes)) }),
    transmitsOnBase: unicast || transmitsOnBase !== undefined,
    ...(notifiesBase === undefined ? {} : { notifiesBase }),
  }
}
