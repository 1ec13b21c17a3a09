import { micros, seconds } from '../../base/index.ts'
import { OWNER_PRIORITY, strictNumber, strictTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'
import { priorityOf, type RouterDraft } from './virtual-router-lines.ts'

const strict = {
  downTimerAdverts: strictNumber('down_timer_adverts'),
  lowerPrioDelay: seconds(strictNumber('garp_lower_prio_delay')),
  lowerPrioRepeat: strictNumber('garp_lower_prio_repeat'),
  lowerPrioNoAdvert: strictTruth('lower_prio_no_advert'),
  higherPrioSendAdvert: strictTruth('higher_prio_send_advert'),
  ownerIgnoreAdverts: strictTruth('owner_ignore_adverts'),
}

/**
 * What strict mode (vrrp_strict, strict_mode) allows of a virtual router: RFC 9568 and RFC 3768 to the letter. What
 * contradicts them is said and put right; what cannot be put right leaves the virtual router out.
 * @returns the draft as it counts; undefined: it cannot run
 */
export function strictly(
  to: Lowering,
  node: Node,
  draft: RouterDraft,
  { title, version }: { readonly title: string; readonly version: 2 | 3 },
): RouterDraft | undefined {
  const placeOf = (keyword: string): Span =>
    node.block?.nodes.find((line) => line.keyword.text === keyword)?.at ?? node.at
  const drop = (keyword: string, message: string, remedy: string): undefined => {
    to.report.error('object', placeOf(keyword), `${title} ${message}; it is left out`, { remedy })
  }
  const remark = (keyword: string, message: string, remedy: string) =>
    to.report.warning('remark', placeOf(keyword), `strict mode: ${message}`, { remedy })

  if (draft.peers.length > 0) {
    return drop(
      'unicast_peer',
      'has unicast peers, which strict mode does not know',
      'remove them, or write strict_mode off',
    )
  }
  if ((draft.addresses ?? []).length === 0)
    return drop(
      'no_virtual_ipaddress',
      'has no virtual address, and strict mode needs one',
      'add virtual_ipaddress { … }',
    )
  const first = draft.addresses?.[0]?.value.address
  if (first?.includes(':') && !/^fe[89ab]/i.test(first))
    return drop(
      'virtual_ipaddress',
      `begins with ${first}, and strict mode wants a link-local address first`,
      'put fe80::… first',
    )

  const priority = priorityOf(draft)
  const owner = priority === OWNER_PRIORITY
  const state = owner ? 'master' : 'backup'
  if (draft.state !== undefined && draft.state !== state)
    remark(
      'state',
      `${title} has priority ${priority}, so its state is ${state.toUpperCase()}`,
      `write state ${state.toUpperCase()}`,
    )
  if (draft.authentication !== undefined)
    remark('authentication', 'authentication has no effect', 'remove it, or use auth_hmac')
  if (draft.hmac !== undefined && draft.hmac.mode !== 'enforce')
    remark('auth_hmac', 'auth_hmac enforces', 'write mode enforce')
  const { preemptDelay, downTimerAdverts, link } = draft
  if (preemptDelay !== undefined && preemptDelay.value > 0)
    remark('preempt_delay', 'preempt_delay has no effect', 'remove it')
  if (downTimerAdverts !== undefined && downTimerAdverts !== strict.downTimerAdverts)
    remark(
      'down_timer_adverts',
      `down_timer_adverts is ${strict.downTimerAdverts}, not ${downTimerAdverts}`,
      'remove it',
    )
  if (draft.accept === true && version === 2 && !owner)
    remark('accept', 'version 2 has no accept mode, so packets to the virtual addresses are dropped', 'write version 3')
  if (link?.mac !== undefined)
    to.report.error(
      'value',
      link.mac.at,
      'strict mode: the virtual MAC is given by the virtual_router_id; this one has no effect',
    )
  if (draft.transmitsOnBase !== undefined) remark('vmac_xmit_base', 'vmac_xmit_base has no effect', 'remove it')
  const { authentication: _, transmitsOnBase: __, hmac, ...rest } = draft
  const { mac: ___, ...linkRest } = link ?? {}
  return {
    ...rest,
    ...(draft.state === undefined ? {} : { state }),
    ...(hmac === undefined ? {} : { hmac: { ...hmac, mode: 'enforce' } }),
    ...(link === undefined ? {} : { link: { ...linkRest, kind: link.kind, at: link.at } }),
    ...(preemptDelay === undefined ? {} : { preemptDelay: { ...preemptDelay, value: micros(0) } }),
    noAddresses: false,
    downTimerAdverts: strict.downTimerAdverts,
    accept: owner || (version === 3 && draft.accept === true),
    announcements: {
      ...draft.announcements,
      lowerPrioDelay: strict.lowerPrioDelay,
      lowerPrioRepeat: strict.lowerPrioRepeat,
    },
    lowerPrioNoAdvert: strict.lowerPrioNoAdvert,
    higherPrioSendAdvert: strict.higherPrioSendAdvert,
    ownerIgnoreAdverts: strict.ownerIgnoreAdverts,
  }
}
