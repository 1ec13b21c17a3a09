import {
  type Configuration,
  DNS_PORT,
  type ForwardingSettings,
  fifoNames,
  type GlobalDefs,
  tableSizeNames,
  tableSizes,
  type VrrpSettings,
} from '../../model/index.ts'
import { catchUpText, connectionSyncText } from './connection-sync.ts'
import { daemonLines } from './daemon-settings.ts'
import { interfaceSettingLines } from './virtual-link.ts'
import { commandText, identityWords, keptText, type Text, timeText, word } from './words.ts'

/** global_defs, lvs_settings and child_wait_time. The least gaps of announcements are global there, so the first router's are taken. */
export function globalText({ global, virtualRouters }: Configuration, secrets: 'shown' | 'hidden'): readonly Text[] {
  const { mail } = global
  const gaps = virtualRouters[0]?.announcements
  const body: Text[] = [`router_id ${word(global.routerId)}`]
  const line = (keyword: string, value: string | number | undefined) => {
    if (value !== undefined) body.push(`${keyword} ${value}`)
  }
  const flag = (keyword: string, on: boolean) => {
    if (on) body.push(keyword)
  }
  if (mail.recipients.length > 0) body.push({ head: 'notification_email', body: mail.recipients.map(word) })
  line('notification_email_from', mail.from === undefined ? undefined : word(mail.from))
  line('smtp_server', mail.server === undefined ? undefined : `${word(mail.server)} ${mail.port}`)
  line('smtp_helo_name', mail.heloName === undefined ? undefined : word(mail.heloName))
  line('smtp_connect_timeout', timeText(mail.connectTimeout))
  // Each object of which mail is sent says so itself.
  if (mail.recipients.length > 0 && mail.server !== undefined) body.push('smtp_alert off')
  flag('no_email_faults', mail.withoutFaults === true)
  flag('no_checker_emails', mail.withoutCheckers === true)
  const { scriptUser } = global
  line('script_user', scriptUser === undefined ? undefined : identityWords(scriptUser).map(word).join(' '))
  flag('set_supplementary_groups', global.supplementaryGroups === true)
  flag('enable_script_security', global.enableScriptSecurity)
  line('startup_script', global.startupScript === undefined ? undefined : commandText(global.startupScript))
  line('shutdown_script', global.shutdownScript === undefined ? undefined : commandText(global.shutdownScript))
  if (global.startupScriptTimeout !== undefined) line('startup_script_timeout', timeText(global.startupScriptTimeout))
  if (global.shutdownScriptTimeout !== undefined)
    line('shutdown_script_timeout', timeText(global.shutdownScriptTimeout))
  body.push(...fifoLines(global))
  flag('fifo_write_vrrp_states_on_reload', global.fifoStatesOnReload === true)
  flag('rs_init_notifies', global.realServerInitNotifies === true)
  line('state_dump_file', global.stateDumpFile === undefined ? undefined : word(global.stateDumpFile))
  body.push(...daemonLines(global.daemon))
  line('vrrp_rt_priority', global.vrrpRtPriority)
  line('vrrp_startup_delay', global.vrrpStartupDelay === undefined ? undefined : timeText(global.vrrpStartupDelay))
  body.push(...interfaceSettingLines(global.interfaceSettings ?? {}))
  body.push(...vrrpSettingLines(global.vrrpSettings ?? {}))
  for (const { address, port } of global.nameServers ?? [])
    line('nameserver', port === DNS_PORT ? address : `${address} ${port}`)
  flag('lvs_flush', global.lvsFlush)
  flag('lvs_flush_on_stop', global.lvsFlushOnStop)
  const { lvsTimeouts: timeouts, lvsSettings: settings } = global
  if (timeouts !== undefined) line('lvs_timeouts', `tcp ${timeouts.tcp} tcpfin ${timeouts.tcpFin} udp ${timeouts.udp}`)
  if (global.connectionSync !== undefined) line('lvs_sync_daemon', connectionSyncText(global.connectionSync))
  for (const key of global.connectionSync?.keys ?? [])
    line('lvs_sync_key', secrets === 'shown' ? `hex:${key}` : '********')
  line('lvs_sync_catch_up', catchUpText(global.connectionSync?.catchUp))
  if (gaps !== undefined && gaps.garpInterval > 0) line('vrrp_garp_interval', timeText(gaps.garpInterval))
  if (gaps !== undefined && gaps.gnaInterval > 0) line('vrrp_gna_interval', timeText(gaps.gnaInterval))
  body.push(...keptText(global.kept))
  const own = settings === undefined ? [] : [{ head: 'lvs_settings', body: settingLines(settings) }]
  return [
    { head: 'global_defs', body },
    ...vrrpBlocks(global.vrrpSettings ?? {}),
    ...own,
    `child_wait_time ${timeText(global.childWaitTime)}`,
    ...placeLines(global),
    ...keptText(global.keptAtTop),
  ]
}

const fifoLines = ({ fifos = {} }: GlobalDefs): readonly Text[] =>
  fifoNames.flatMap((name) => {
    const fifo = fifos[name]
    if (fifo === undefined) return []
    const keyword = name === 'all' ? 'notify_fifo' : `${name}_notify_fifo`
    const owner = [fifo.path, fifo.user, fifo.group].flatMap((one) => (one === undefined ? [] : [word(one)]))
    return [
      `${keyword} ${owner.join(' ')}`,
      ...(fifo.reader === undefined ? [] : [`${keyword}_script ${commandText(fifo.reader)}`]),
    ]
  })

function settingLines(settings: ForwardingSettings): readonly Text[] {
  const { ipvs, interfaces, xdp } = settings
  return [
    ...Object.entries(ipvs).map(([name, value]) => `${name} ${value}`),
    ...tableSizeNames.flatMap((name) => {
      const size = settings[tableSizes[name].field]
      return size === undefined ? [] : [`${name} ${size}`]
    }),
    ...(interfaces === undefined ? [] : [`interfaces ${interfaces.map(word).join(' ')}`]),
    ...(xdp === undefined ? [] : [`xdp ${typeof xdp === 'string' ? xdp : xdp.map(word).join(' ')}`]),
  ]
}

function vrrpSettingLines(settings: VrrpSettings) {
  const { logUnknownIds, disableLocalIgmp, delayAfterBoot, autoPriority, receiveRoom } = settings
  return [
    ...(receiveRoom === undefined
      ? []
      : [`vrrp_rx_bufs_policy ${receiveRoom.size}`, `vrrp_rx_bufs_multiplier ${receiveRoom.messages}`]),
    ...(logUnknownIds === true ? ['log_unknown_vrids'] : []),
    ...(disableLocalIgmp === true ? ['disable_local_igmp'] : []),
    ...(delayAfterBoot === undefined ? [] : [`vrrp_delay_after_boot ${timeText(delayAfterBoot)}`]),
    ...(autoPriority === undefined
      ? []
      : [`max_auto_priority ${autoPriority.most}`, `min_auto_priority_delay ${autoPriority.lateness}`]),
  ]
}

const vrrpBlocks = ({ garpGroups = [], interfaceDelays = [] }: VrrpSettings): readonly Text[] => [
  ...garpGroups.map((group) => ({
    head: 'garp_group',
    body: [
      `garp_interval ${timeText(group.garpInterval)}`,
      `gna_interval ${timeText(group.gnaInterval)}`,
      { head: 'interfaces', body: group.interfaces.map(word) },
    ],
  })),
  ...(interfaceDelays.length === 0
    ? []
    : [
        {
          head: 'interface_up_down_delays',
          body: interfaceDelays.map((one) => `${word(one.interface)} ${timeText(one.down)} ${timeText(one.up)}`),
        },
      ]),
]

const placeLines = ({ daemon, netNamespace, netNamespaceIpvs }: GlobalDefs): readonly string[] => [
  ...(daemon?.instance === undefined ? [] : [`instance ${word(daemon.instance)}`]),
  ...(netNamespace === undefined ? [] : [`net_namespace ${word(netNamespace)}`]),
  ...(netNamespaceIpvs === undefined
    ? []
    : [`net_namespace_ipvs ${netNamespaceIpvs === '' ? '' : word(netNamespaceIpvs)}`.trimEnd()]),
]
