import type { StaticItems } from '../../model/index.ts'
import type { Report, Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type Lowering, required, shown } from './arguments.ts'
import { type RouteLine, routeLine } from './route-line.ts'
import { type Preferences, type RuleLine, ruleLine } from './rule-line.ts'
import { addressLine } from './virtual-address.ts'

/** Static items, and where their interfaces are named. */
export type LoweredStatics = {
  readonly value: StaticItems
  readonly interfaces: readonly { readonly name: string; readonly at: Span }[]
  /** Names of virtual routers as the groups have them. */
  readonly members: readonly { readonly group: string; readonly name: string; readonly at: Span }[]
}

/** The lines of a block that is a list, without those that are no lines. */
export function linesOf(to: Lowering, node: Node, what: string): readonly Node[] {
  return (node.block?.nodes ?? []).filter((line) => {
    if (line.block !== undefined) to.report.error('syntax', line.block.at, `unexpected { in a list of ${what}`)
    return line.block === undefined && !line.broken
  })
}

export const routeLines = (to: Lowering, node: Node): readonly RouteLine[] =>
  linesOf(to, node, 'routes').flatMap((line) => routeLine(to, line) ?? [])

export const ruleLines = (to: Lowering, node: Node, free: Preferences): readonly RuleLine[] =>
  linesOf(to, node, 'rules').flatMap((line) => ruleLine(to, line, free) ?? [])

/** Of a virtual router: what is static only is remarked on, and has no effect. */
export function ofRouter<T extends { readonly trackGroup?: Word }>(to: Lowering, lines: readonly T[]): readonly T[] {
  for (const { trackGroup } of lines)
    if (trackGroup !== undefined)
      to.report.warning('remark', trackGroup.at, 'track_group is for static items; it has no effect here', {
        remedy: 'remove it: a virtual router needs the interfaces of its own lines anyway',
      })
  return lines
}

/** static_ipaddress, static_routes, static_rules and track_group of the whole file. */
export function lowerStatics(
  to: Lowering,
  nodes: readonly Node[],
  free: Preferences,
  defaultInterface: string,
): LoweredStatics {
  const interfaces: { name: string; at: Span }[] = []
  const groups = new Map<string, { members: Word[]; at: Span }>()
  for (const node of nodes) if (node.keyword.text === 'track_group') readGroup(to, node, groups)
  const addresses: StaticItems['addresses'][number][] = []
  const routes: StaticItems['routes'][number][] = []
  const rules: StaticItems['rules'][number][] = []
  const note = (at: Span, ...names: readonly (string | undefined)[]) => {
    for (const name of names) if (name !== undefined) interfaces.push({ name, at })
  }
  const groupOf = (word: Word | undefined, hasInterface: boolean): { trackGroup?: string } => {
    if (word === undefined) return {}
    if (!groups.has(word.text)) {
      to.report.error('value', word.at, `there is no track_group ${shown(word)}; it has no effect`, {
        remedy: `add track_group ${word.text} { group { … } }, or remove the words`,
      })
      return {}
    }
    if (hasInterface) return { trackGroup: word.text }
    to.report.warning('remark', word.at, 'track_group has no effect without an interface', { remedy: 'add dev' })
    return {}
  }
  for (const node of nodes)
    switch (node.keyword.text) {
      case 'static_ipaddress':
        for (const line of linesOf(to, node, 'addresses')) {
          const read = addressLine(to, line)
          if (read === undefined) continue
          const { onVirtualLink, ...rest } = read.value
          if (onVirtualLink)
            to.report.warning('remark', read.at, 'use_vmac is for virtual addresses; it has no effect here')
          const value = { ...rest, interface: rest.interface ?? defaultInterface }
          note(read.at, value.interface)
          addresses.push({ ...value, ...groupOf(read.trackGroup, true) })
        }
        break
      case 'static_routes':
        for (const { value, at, trackGroup } of routeLines(to, node)) {
          const names = [value.interface, ...value.nextHops.map((hop) => hop.interface)]
          note(at, ...names)
          routes.push({
            ...value,
            ...groupOf(
              trackGroup,
              names.some((name) => name !== undefined),
            ),
          })
        }
        break
      case 'static_rules':
        for (const { value, at, trackGroup } of ruleLines(to, node, free)) {
          const names = [value.inputInterface, value.outputInterface]
          note(at, ...names)
          rules.push({
            ...value,
            ...groupOf(
              trackGroup,
              names.some((name) => name !== undefined),
            ),
          })
        }
        break
    }
  return {
    value: {
      addresses,
      routes,
      rules,
      trackGroups: [...groups].map(([name, { members }]) => ({ name, members: members.map(({ text }) => text) })),
    },
    interfaces,
    members: [...groups].flatMap(([group, { members }]) => members.map(({ text: name, at }) => ({ group, name, at }))),
  }
}

/** `track_group NAME { group { INSTANCE … } }`; the second of a name is left out. */
function readGroup(to: Lowering, node: Node, groups: Map<string, { members: Word[]; at: Span }>): void {
  const name = required(to, node, 'a name')
  if (name === undefined) return
  const first = groups.get(name.text)
  if (first !== undefined) {
    to.report.error('object', node.at, `track_group ${name.text} is there twice; the second is left out`, {
      related: [{ at: first.at, message: 'first written here' }],
    })
    return
  }
  const members = (node.block?.nodes ?? [])
    .flatMap((line) => line.block?.nodes ?? [])
    .flatMap((line) => (line.broken ? [] : [line.keyword, ...line.words]))
  if (members.length > 0) groups.set(name.text, { members, at: node.at })
  else
    to.report.error('object', node.at, `track_group ${name.text} has no members; it is left out`, {
      remedy: 'add group { … } with names of vrrp_instances',
    })
}

/** Leaves out members that are no virtual routers, and groups without any. */
export function checkMembers(statics: LoweredStatics, routers: ReadonlySet<string>, report: Report): StaticItems {
  for (const { group, name, at } of statics.members)
    if (!routers.has(name))
      report.error('value', at, `there is no vrrp_instance ${name}; track_group ${group} goes without it`)
  const trackGroups = statics.value.trackGroups
    .map(({ name, members }) => ({ name, members: members.filter((member) => routers.has(member)) }))
    .filter(({ members }) => members.length > 0)
  const left = new Set(trackGroups.map(({ name }) => name))
  const grouped = <Item extends { readonly trackGroup?: string }>(item: Item): Item => {
    if (item.trackGroup === undefined || left.has(item.trackGroup)) return item
    const { trackGroup, ...rest } = item
    return rest as Item
  }
  const { addresses, routes, rules } = statics.value
  return {
    addresses: addresses.map(grouped),
    routes: routes.map(grouped),
    rules: rules.map(grouped),
    trackGroups,
  }
}
