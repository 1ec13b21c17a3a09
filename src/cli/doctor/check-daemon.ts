import type { Facts } from './facts.ts'
import { broken, type Finding, warning } from './finding.ts'

/** The daemon's own state. */
export function checkDaemon({ daemon, configuration, file }: Facts): Finding[] {
  if (daemon === undefined)
    return configuration === undefined
      ? []
      : [
          broken(
            'daemon',
            'holdfastd is not running on this host',
            'this director does nothing, and cannot take over',
            'systemctl start holdfast, and journalctl -u holdfast',
          ),
        ]
  const { lastReloadError, roles, virtualRouters, deliveries } = daemon
  return [
    ...(lastReloadError === undefined
      ? []
      : [
          broken(
            'reload-refused',
            `the last reload was refused: ${lastReloadError}`,
            `what runs is older than ${file}`,
            'holdfast config check, and holdfast reload',
          ),
        ]),
    ...virtualRouters
      .filter(({ state }) => state === 'fault')
      .map(({ name, faultReason }) =>
        broken(
          'router-fault',
          `${name} is in fault: ${faultReason ?? 'no reason is told'}`,
          'it cannot become master',
          `holdfast why ${name}`,
        ),
      ),
    ...virtualRouters.flatMap(({ name, order }) =>
      order === undefined
        ? []
        : [
            warning(
              'stands-aside',
              `${name} stands aside by order of ${order.by} (${order.kind}${order.reason === undefined ? '' : `: ${order.reason}`})`,
              'it takes over only when no other director is there',
              order.kind === 'maintenance' ? 'holdfast maintenance off' : `holdfast release ${name}`,
            ),
          ],
    ),
    ...roles
      .filter(({ restarts }) => restarts > 0)
      .map(({ role, restarts }) =>
        warning(
          'role-restarted',
          `the ${role} process was started again ${restarts} times`,
          'it died',
          'journalctl -u holdfast',
        ),
      ),
    ...(deliveries ?? [])
      .filter(({ lost }) => lost > 0)
      .map(({ to, lost }) =>
        warning(
          'notifications-lost',
          `${lost} notifications to ${to} were given up`,
          'nobody read them, or took them',
          `look at ${to}`,
        ),
      ),
  ]
}
