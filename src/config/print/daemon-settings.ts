import type { DaemonSettings, ProcessSettings } from '../../model/index.ts'
import { word } from './words.ts'

/** Lines of global_defs about the daemon itself. */
export function daemonLines(of: DaemonSettings | undefined): readonly string[] {
  if (of === undefined) return []
  const line = (keyword: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [`${keyword} ${value}`]
  return [
    ...(of.dumpsWithInstance === true ? ['data_use_instance'] : []),
    ...line('process_name', of.processName && word(of.processName)),
    ...processLines('vrrp', of.vrrp),
    ...line('vrrp_netlink_cmd_rcv_bufs', of.vrrp?.commandBuffer),
    ...line('vrrp_netlink_monitor_rcv_bufs', of.vrrp?.monitorBuffer),
    ...processLines('checker', of.checker),
    ...line('lvs_netlink_cmd_rcv_bufs', of.checker?.commandBuffer),
    ...line('lvs_netlink_monitor_rcv_bufs', of.checker?.monitorBuffer),
    ...line('process_monitor_rcv_bufs', of.processMonitorBuffer),
    ...line('umask', of.umask === undefined ? undefined : `0${of.umask.toString(8)}`),
    ...line('stats_dump_file', of.statsDumpFile && word(of.statsDumpFile)),
    ...line('json_dump_file', of.jsonDumpFile && word(of.jsonDumpFile)),
    ...line('json_version', of.jsonVersion),
    ...line('config_save_dir', of.configurationCopies && word(of.configurationCopies)),
    ...line('reload_time_file', of.reloadTimeFile && word(of.reloadTimeFile)),
    ...(of.reloadRepeat === true ? ['reload_repeat'] : []),
    ...(of.reloadCheckLog === undefined
      ? []
      : [of.reloadCheckLog === '' ? 'reload_check_config' : `reload_check_config ${word(of.reloadCheckLog)}`]),
    ...(of.reloadFile === undefined
      ? []
      : [of.reloadFile === '' ? 'reload_file' : `reload_file ${word(of.reloadFile)}`]),
  ]
}

function processLines(role: string, of: ProcessSettings | undefined): readonly string[] {
  if (of === undefined) return []
  return [
    ...(of.name === undefined ? [] : [`${role}_process_name ${word(of.name)}`]),
    ...(of.nice === undefined ? [] : [`${role}_priority ${of.nice}`]),
    ...(of.realTimePriority === undefined ? [] : [`${role}_rt_priority ${of.realTimePriority}`]),
    ...(of.cpus === undefined ? [] : [`${role}_cpu_affinity ${of.cpus.join(' ')}`]),
    ...(of.locksProgram === true ? [`${role}_no_swap`] : []),
    ...(of.processorTime === undefined ? [] : [`${role}_rlimit_rttime ${of.processorTime}`]),
  ]
}
