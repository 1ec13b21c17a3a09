import type { Log } from '../../base/index.ts'
import type { SmallFiles } from './ports.ts'

const SETTING = '/proc/sys/net/ipv4/igmp_link_local_mcast_reports'

/** disable_local_igmp: the host reports no membership of link-local groups while virtual routers run. */
export function openLocalIgmp(files: SmallFiles, log: Log): { disable(wanted: boolean): void } {
  let before: string | undefined
  return {
    disable(wanted) {
      if (wanted === (before !== undefined)) return
      if (!wanted) {
        files.write(SETTING, before ?? '1')
        before = undefined
        return
      }
      before = files.read(SETTING)?.trim()
      if (before === undefined || !files.write(SETTING, '0')) {
        log.warn('IGMP reports for link-local groups cannot be turned off', { setting: SETTING })
        before = undefined
      }
    },
  }
}
