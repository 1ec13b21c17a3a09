import type { InterfaceDelay } from '../../model/index.ts'
import type { Lowered } from '../lower/index.ts'
import type { Report } from '../report.ts'

/**
 * Does a master hear of its interface before the others miss it? A delay that is not shorter than that is left out
 * (keepalived).
 */
export function checkInterfaceDelays(lowered: Lowered, report: Report): Lowered {
  const { vrrpSettings, ...defs } = lowered.globals.defs
  const { interfaceDelays, ...rest } = vrrpSettings ?? {}
  if (interfaceDelays === undefined) return lowered
  const isShort = ({ interface: name, down }: InterfaceDelay): boolean => {
    const hasty = lowered.routers.find(
      ({ value }) => value.interface === name && down >= (value.downTimerAdverts - 1) * value.advertisementInterval,
    )
    if (hasty !== undefined)
      report.warning(
        'remark',
        hasty.interface,
        `${name} has a down delay in which vrrp_instance ${hasty.value.name} is missed; its delays are left out`,
        { remedy: 'make it shorter than down_timer_adverts - 1 advertisements' },
      )
    return hasty === undefined
  }
  const kept = interfaceDelays.filter(isShort)
  const settings = { ...rest, ...(kept.length === 0 ? {} : { interfaceDelays: kept }) }
  return {
    ...lowered,
    globals: {
      ...lowered.globals,
      defs: Object.keys(settings).length === 0 ? defs : { ...defs, vrrpSettings: settings },
    },
  }
}
