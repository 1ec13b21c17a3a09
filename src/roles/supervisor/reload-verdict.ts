import { fail, ok, type Result } from '../../base/index.ts'
import { type Configuration, hasStatics } from '../../model/index.ts'
import type { LoadedConfiguration } from './ports.ts'

/**
 * Whether a configuration read for a reload may replace the one that runs. One error anywhere refuses all of it, also in
 * an object that does not run: at a start an error costs the object it is about, on a reload it would take down one that
 * runs, and whoever edited the file waits for an answer. The failure is every error with its place, a line each.
 * What would leave nothing at all is refused too, unless that is wanted.
 * (keepalived reloads, drops the object, or dies and leaves its addresses behind.)
 */
export function reloadVerdict(
  loaded: LoadedConfiguration,
  file: string,
  allowEmpty = false,
  running?: Configuration,
): Result<Configuration, string> {
  const errors = loaded.complaints.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) return fail(errors.map(({ text }) => text).join('\n'))
  const { configuration } = loaded
  if (configuration === undefined) return fail(`${file}: no configuration that could be used`)
  if (isEmpty(configuration) && !allowEmpty)
    return fail(
      `${file}: no vrrp_instance, no virtual_server and no bfd_instance in it; \`holdfast reload --allow-empty\` takes it all the same`,
    )
  for (const [keyword, field] of FOR_LIFE)
    if (running !== undefined && running.global[field] !== configuration.global[field])
      return fail(`${file}: ${keyword} cannot change while the daemon runs; restart it`)
  if (running !== undefined && running.global.daemon?.instance !== configuration.global.daemon?.instance)
    return fail(`${file}: instance cannot change while the daemon runs; restart it`)
  return ok(configuration)
}

/** What a process takes with it to its end. */
const FOR_LIFE = [
  ['net_namespace', 'netNamespace'],
  ['net_namespace_ipvs', 'netNamespaceIpvs'],
] as const

export const isEmpty = (configuration: Configuration): boolean =>
  configuration.virtualRouters.length + configuration.virtualServers.length + configuration.bfdSessions.length === 0 &&
  !hasStatics(configuration.statics)
