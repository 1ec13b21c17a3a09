import type { IpAddress } from '../../base/index.ts'
import type { VirtualAddress, VirtualRouter, VirtualRouterNotifications } from '../../model/index.ts'
import { addressText, routingText } from './routing.ts'
import { tracksText } from './tracker.ts'
import { extraLines, linkLines } from './virtual-link.ts'
import { commandText, keptText, onOff, type Text, timeText, word } from './words.ts'

const NOTIFY: readonly (readonly [keyof VirtualRouterNotifications, string])[] = [
  ['master', 'notify_master'],
  ['backup', 'notify_backup'],
  ['fault', 'notify_fault'],
  ['stop', 'notify_stop'],
  ['deleted', 'notify_deleted'],
  ['masterRxLowerPri', 'notify_master_rx_lower_pri'],
  ['any', 'notify'],
]

const interfaceLine = ({ interface: on, anyInterface }: VirtualRouter): readonly string[] =>
  on === '' ? [] : [`${anyInterface === true ? 'vrf' : 'interface'} ${word(on)}`]

/** Everything in words, nothing left to defaults but what a flag cannot say. */
export function routerText(router: VirtualRouter, secrets: 'shown' | 'hidden'): Text {
  const unicast = router.unicastPeers.length > 0
  const body: Text[] = [
    `state ${router.initialState === 'master' ? 'MASTER' : 'BACKUP'}`,
    ...interfaceLine(router),
    ...(router.virtualLink === undefined ? [] : linkLines(router.virtualLink)),
    `virtual_router_id ${router.virtualRouterId}`,
    `priority ${router.priority}`,
    `version ${router.version}`,
    `advert_int ${timeText(router.advertisementInterval)}`,
  ]
  const when = (condition: boolean, ...lines: Text[]) => {
    if (condition) body.push(...lines)
  }
  if (router.authentication !== undefined) {
    const password = secrets === 'shown' ? word(router.authentication.password) : '********'
    body.push({
      head: 'authentication',
      body: [`auth_type ${router.authentication.type.toUpperCase()}`, `auth_pass ${password}`],
    })
  }
  const { hmac } = router
  if (hmac !== undefined) {
    const keys = hmac.keys.map(({ id, key }) => `key ${id} ${secrets === 'shown' ? `hex:${key}` : '********'}`)
    const rest = [`active_key ${hmac.activeKey}`, `time_window ${hmac.window}`, `anti_replay ${hmac.antiReplay}`]
    body.push({ head: 'auth_hmac', body: [...keys, ...rest, `mode ${hmac.mode}`] })
  }
  body.push(...keptText(router.kept))
  when(router.strict === true, 'strict_mode on')
  when(router.dropsPackets === true, 'no_accept')
  when(router.strict === true && router.dropsPackets !== true && router.priority !== 255, 'accept')
  when(!router.preempt, 'nopreempt')
  when(router.preemptDelay > 0, `preempt_delay ${timeText(router.preemptDelay)}`)
  when(router.source !== undefined, `${unicast ? 'unicast_src_ip' : 'mcast_src_ip'} ${router.source}`)
  when(router.tracksSource === true, 'track_src_ip')
  when(
    router.multicastGroup !== (router.family === 4 ? '224.0.0.18' : 'ff02::12'),
    `mcast_dst_ip ${router.multicastGroup}`,
  )
  when(unicast, { head: 'unicast_peer', body: router.unicastPeers.map((peer) => peerText(peer, router)) })
  when(router.unicastTtl !== (router.family === 4 ? 255 : 64), `unicast_ttl ${router.unicastTtl}`)
  when(router.lacksPeers === true, { head: 'unicast_peer', body: [] }, 'unicast_fault_no_peer')
  when(router.checkUnicastSource, 'check_unicast_src')
  when(router.oversleptPriority !== undefined, `timer_expired_backup ${router.oversleptPriority}`)
  when(
    router.oldUnicastChecksum !== undefined,
    `old_unicast_checksum${router.oldUnicastChecksum === 'never' ? ' never' : ''}`,
  )
  when(router.receiveBuffer !== undefined, `kernel_rx_buf_size ${router.receiveBuffer}`)
  when(router.promotesSecondaries === true, 'promote_secondaries')
  when(router.dontTrackPrimary, 'dont_track_primary')
  when(router.ownerIgnoreAdverts, 'owner_ignore_adverts on')
  body.push(
    `down_timer_adverts ${router.downTimerAdverts}`,
    `lower_prio_no_advert ${onOff(router.lowerPrioNoAdvert)}`,
    `higher_prio_send_advert ${onOff(router.higherPrioSendAdvert)}`,
    `skip_check_adv_addr ${onOff(router.skipCheckAdvAddr)}`,
    `v3_checksum_as_v2 ${onOff(router.v3ChecksumAsV2)}`,
    `garp_master_delay ${timeText(router.announcements.masterDelay)}`,
    `garp_master_repeat ${router.announcements.masterRepeat}`,
    `garp_master_refresh ${timeText(router.announcements.masterRefresh)}`,
    `garp_master_refresh_repeat ${router.announcements.masterRefreshRepeat}`,
    `garp_lower_prio_delay ${timeText(router.announcements.lowerPrioDelay)}`,
    `garp_lower_prio_repeat ${router.announcements.lowerPrioRepeat}`,
    ...extraLines(router.announcements),
  )
  body.push(...tracksText(router.tracks))
  when(router.tellsPriority === true, 'notify_priority_changes')
  when(router.smtpAlert === true, 'smtp_alert')
  when(router.tellsDeleted === true && router.notify.deleted === undefined, 'notify_deleted')
  for (const [key, keyword] of NOTIFY) {
    const command = router.notify[key]
    if (command !== undefined) body.push(`${keyword} ${commandText(command)}`)
  }
  when(router.addresses.length === 0 && router.family === 6, 'native_ipv6')
  when(router.addresses.length === 0, 'no_virtual_ipaddress')
  const lines = (of: readonly VirtualAddress[]) => of.map((one) => addressText(one, router))
  when(router.addresses.length > 0, { head: 'virtual_ipaddress', body: lines(router.addresses) })
  when(router.excludedAddresses.length > 0, {
    head: 'virtual_ipaddress_excluded',
    body: lines(router.excludedAddresses),
  })
  body.push(...routingText(router))
  return { head: `vrrp_instance ${word(router.name)}`, body }
}

const peerText = (peer: IpAddress, { peerTtlLimits = [] }: VirtualRouter): string => {
  const limits = peerTtlLimits.find((one) => one.peer === peer)
  return limits === undefined ? peer : `${peer} min_ttl ${limits.min} max_ttl ${limits.max}`
}
