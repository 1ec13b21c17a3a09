import type { Configuration } from '../../model/index.ts'
import { commandText, type Text, timeText, word } from './words.ts'

/** global_defs and child_wait_time. The least gaps of announcements are global there, so the first router's are taken. */
export function globalText({ global, virtualRouters }: Configuration): readonly Text[] {
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
  const { scriptUser } = global
  const scriptGroup = scriptUser?.group === undefined ? '' : ` ${word(scriptUser.group)}`
  line('script_user', scriptUser === undefined ? undefined : word(scriptUser.user) + scriptGroup)
  flag('enable_script_security', global.enableScriptSecurity)
  line('startup_script', global.startupScript === undefined ? undefined : commandText(global.startupScript))
  line('shutdown_script', global.shutdownScript === undefined ? undefined : commandText(global.shutdownScript))
  line('state_dump_file', global.stateDumpFile === undefined ? undefined : word(global.stateDumpFile))
  line('vrrp_rt_priority', global.vrrpRtPriority)
  flag('lvs_flush', global.lvsFlush)
  flag('lvs_flush_on_stop', global.lvsFlushOnStop)
  if (gaps !== undefined && gaps.garpInterval > 0) line('vrrp_garp_interval', timeText(gaps.garpInterval))
  if (gaps !== undefined && gaps.gnaInterval > 0) line('vrrp_gna_interval', timeText(gaps.gnaInterval))
  return [{ head: 'global_defs', body }, `child_wait_time ${timeText(global.childWaitTime)}`]
}
