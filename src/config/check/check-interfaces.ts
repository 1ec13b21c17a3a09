import type { LoweredRouter, LoweredStatics } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Are the interfaces there? One that is missing may still come; until then its virtual router stays in fault. */
export function checkInterfaces(
  routers: readonly LoweredRouter[],
  statics: LoweredStatics['interfaces'],
  interfaceExists: (name: string) => boolean,
  report: Report,
): void {
  for (const { name, at } of statics)
    if (!interfaceExists(name))
      report.warning('interface', at, `${name}: no such interface; what is static there waits for it`, {
        remedy: 'create it or correct the name',
      })
  for (const { value, interface: at, otherInterfaces } of routers) {
    if (value.interface !== '' && !interfaceExists(value.interface))
      report.warning(
        'interface',
        at,
        `${value.interface}: no such interface; vrrp_instance ${value.name} stays in fault`,
        {
          remedy: 'create it or correct the name',
        },
      )
    for (const { kind, name } of value.tracks)
      if (kind === 'interface' && !interfaceExists(name))
        report.warning('interface', at, `${name}: no such interface; vrrp_instance ${value.name} tracks it as down`, {
          remedy: 'create it or correct the name',
        })
    for (const other of otherInterfaces)
      if (other.name !== value.interface && !interfaceExists(other.name))
        report.warning('interface', other.at, `${other.name}: no such interface; it is needed here`, {
          remedy: 'create it or correct the name',
        })
  }
}
