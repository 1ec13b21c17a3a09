import type { Lowered } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Connections that go with a virtual router are synchronised only where that virtual router is still there. */
export function checkConnectionSync(lowered: Lowered, report: Report): Lowered {
  const { connectionSync, ...rest } = lowered
  if (connectionSync === undefined) return lowered
  const { instance } = connectionSync.value
  if (instance === undefined || lowered.routers.some(({ value }) => value.name === instance)) return lowered
  report.error(
    'object',
    connectionSync.at,
    `vrrp_instance ${instance} is left out, and so is the synchronisation with it`,
  )
  return rest
}
