/**
 * The files of two directors beside each other: what must agree for them to be a pair (virtual_router_id, version, interval,
 * authentication, addresses, services), and what must not (router_id, priority, both of state MASTER). Virtual routers
 * belong together by id and family, whatever their names and interfaces. Each complaint stands at its place in the first
 * file and names the place in the second. Passwords are compared and never shown. Knows nothing of the network between.
 */

import type { Diagnostic } from '../diagnostic.ts'
import { type LoadedConfiguration, loadAnd } from '../load.ts'
import type { ConfigPorts, LoadOptions } from '../ports.ts'
import { complaint } from '../report.ts'
import { compareRouters } from './routers.ts'
import { compareServices } from './services.ts'
import { type Finding, type Side, sideOf } from './side.ts'

export { pairRules } from './pair-rules.ts'

export type Comparison = {
  /** Both files as loaded, with their own complaints. */
  readonly first: LoadedConfiguration
  readonly second: LoadedConfiguration
  /** What the two say against each other; none if one of them could not be read. */
  readonly differences: readonly Diagnostic[]
}

/**
 * @param options of each, since a director's configuration id may decide what its file says
 * @param without names of `pairRules` that are not asked
 */
export function compareConfigurations(
  ports: ConfigPorts,
  one: { readonly path: string; readonly options: LoadOptions },
  other: { readonly path: string; readonly options: LoadOptions },
  without: readonly string[] = [],
): Comparison {
  const [first, a] = side(ports, one)
  const [second, b] = side(ports, other)
  const findings =
    a === undefined || b === undefined ? [] : [...globals(a, b), ...compareRouters(a, b), ...compareServices(a, b)]
  return { first, second, differences: findings.filter(({ rule }) => !without.includes(rule)).map(asDiagnostic) }
}

function side(
  ports: ConfigPorts,
  { path, options }: { readonly path: string; readonly options: LoadOptions },
): readonly [LoadedConfiguration, Side | undefined] {
  let found: Side | undefined
  const loaded = loadAnd(ports, path, options, (checked, _, placeOf) => {
    found = sideOf(checked, placeOf, { file: path, line: 1, column: 1 })
  })
  return [loaded, found]
}

function* globals(a: Side, b: Side): Generator<Finding> {
  const id = a.checked.configuration.global.routerId
  if (id === b.checked.configuration.global.routerId)
    yield {
      rule: 'pair-router-id',
      severity: 'warning',
      at: a.inGlobals('router_id'),
      other: b.inGlobals('router_id'),
      message: `both directors call themselves ${id}`,
      remedy: 'give each its own router_id, or leave it out: it is the host name then',
    }
}

const asDiagnostic = (of: Finding): Diagnostic =>
  complaint(of.severity, 'lint', of.at, of.message, {
    rule: of.rule,
    ...(of.remedy === undefined ? {} : { remedy: of.remedy }),
    ...(of.other === undefined ? {} : { related: [{ ...of.other, message: of.otherMessage ?? 'in the other file' }] }),
  })
