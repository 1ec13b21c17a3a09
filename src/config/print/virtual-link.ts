import type { AnnouncementSettings, InterfaceSettings, VirtualLink } from '../../model/index.ts'
import { timeText, word } from './words.ts'

/** Of a vrrp_instance. */
export function linkLines(link: VirtualLink): readonly string[] {
  const { name, group, address } = link
  const words = [
    link.kind === 'macvlan' ? 'use_vmac' : 'use_ipvlan',
    ...(name === undefined ? [] : ['name', word(name)]),
    ...(link.mac === undefined ? [] : [link.mac]),
    ...(address === undefined ? [] : [`${address.address}/${address.prefixLength}`]),
    ...(link.mode === undefined ? [] : [link.mode]),
    ...(link.notifiesBase === undefined ? [] : ['netlink_notify_msg']),
    ...(group === undefined ? [] : [`group ${group}`]),
  ]
  return [words.join(' '), ...(link.transmitsOnBase ? ['vmac_xmit_base'] : [])]
}

/** Of global_defs. */
export const interfaceSettingLines = (settings: InterfaceSettings): readonly string[] => [
  ...(settings.linkPrefix === undefined ? [] : [`vmac_prefix ${word(settings.linkPrefix)}`]),
  ...(settings.addressLinkPrefix === undefined ? [] : [`vmac_addr_prefix ${word(settings.addressLinkPrefix)}`]),
  ...(settings.table === undefined ? [] : [`nftables ${word(settings.table)}`]),
  ...(settings.chainPriority === undefined ? [] : [`nftables_priority ${settings.chainPriority}`]),
  ...(settings.countPackets === undefined ? [] : ['nftables_counters']),
]

/** Of a vrrp_instance: what is announced on other interfaces. */
export const extraLines = ({ extraInterval, extraOnAll }: AnnouncementSettings): readonly string[] =>
  extraInterval === undefined ? [] : [`garp_extra_if ${extraOnAll === true ? 'all ' : ''}${timeText(extraInterval)}`]
