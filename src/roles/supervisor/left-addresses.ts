import { address, addressFromBytes, fail, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { noStaticItems, type Prefix, type StaticItems, type VirtualRouter } from '../../model/index.ts'
import type { RouteClient } from '../../sys/netlink/index.ts'
import { withinNetworkNamespace } from '../../sys/privileges/index.ts'
import { FRA_PRIORITY, findAttribute, findUint32, RTA_DST, RTA_TABLE } from '../../wire/netlink/index.ts'

/**
 * Takes addresses with our mark off the interfaces, and routes and rules out of the kernel: for when no vrrp role is there to
 * do it. Blocks for about a millisecond.
 * @param namespace where the roles work; undefined: here
 * @param routers   only what is of these; undefined: all addresses, and no routes, for their mark is keepalived's as well
 * @param statics   these too
 * @returns the addresses removed, `address/prefix`
 */
export async function removeLeftAddresses(
  namespace: string | undefined,
  routers: readonly VirtualRouter[] | undefined,
  statics: StaticItems = noStaticItems,
): Promise<Result<readonly string[], { readonly message: string }>> {
  // Not at the start: most daemons end without ever needing it.
  const { ADDRESS_PROTOCOL, openRouteClient, VIRTUAL_LINK_MARK } = await import('../../sys/netlink/index.ts')
  const client = namespace === undefined ? openRouteClient() : withinNetworkNamespace(namespace, openRouteClient)
  if (!client.ok) return client
  const routes = client.value
  try {
    const links = routes.links()
    if (!links.ok) return links
    const addresses = routes.addresses()
    if (!addresses.ok) return addresses
    // A virtual link has a name that the role has found for it: of its addresses the mark says enough.
    const names = new Map(links.value.map(({ index, name, alias }) => [index, alias === VIRTUAL_LINK_MARK ? '' : name]))
    const wanted =
      routers &&
      new Set(
        [...routers.flatMap(addressesOf), ...statics.addresses].map((one) =>
          placeOf('onVirtualLink' in one ? '' : one.interface, one),
        ),
      )
    if (routers !== undefined) {
      const cleared = removeRouting(routes, routers, statics)
      if (!cleared.ok) return cleared
    }
    const removed: string[] = []
    for (const one of addresses.value) {
      const its = placeOf(names.get(one.interfaceIndex) ?? '', one)
      if (one.protocol !== ADDRESS_PROTOCOL || wanted?.has(its) === false) continue
      const done = routes.deleteAddress(one)
      if (!done.ok) return fail(done.error)
      removed.push(`${one.address}/${one.prefixLength}`)
    }
    return ok(removed)
  } finally {
    routes.close()
  }
}

const addressesOf = (router: VirtualRouter) => [...router.addresses, ...router.excludedAddresses]

const placeOf = (name: string, of: { readonly address: string; readonly prefixLength: number }): string =>
  `${name} ${of.address}/${of.prefixLength}`

/** Those that could be these, by destination and table or by preference. */
function removeRouting(
  client: RouteClient,
  routers: readonly VirtualRouter[],
  statics: StaticItems,
): Result<void, { readonly message: string }> {
  const all = [...routers, statics]
  const routes = new Set(
    all
      .flatMap(({ routes: its = [] }) => its)
      .map(({ family, destination, table }) => routeKey(family, destination, table)),
  )
  const rules = new Set(
    all.flatMap(({ rules: its = [] }) => its).map(({ family, preference }) => `${family} ${preference}`),
  )
  if (routes.size + rules.size === 0) return ok(undefined)
  const marked = client.markedRouting()
  if (!marked.ok) return marked
  for (const rule of marked.value.rules)
    if (rules.has(`${familyOfNumber(rule.family)} ${findUint32(rule.attributes, FRA_PRIORITY, hostIsLittleEndian)}`)) {
      const done = client.deleteRule(rule)
      if (!done.ok) return done
    }
  for (const route of marked.value.routes) {
    const family = familyOfNumber(route.family)
    const address = findAttribute(route.attributes, RTA_DST)
    const destination = address === undefined ? everything[family] : addressFromBytes(address)
    const table = findUint32(route.attributes, RTA_TABLE, hostIsLittleEndian) ?? route.table
    if (!routes.has(routeKey(family, { address: destination, length: route.destinationLength }, table))) continue
    const done = client.deleteRoute(route)
    if (!done.ok) return done
  }
  return ok(undefined)
}

const familyOfNumber = (of: number): 4 | 6 => (of === 2 ? 4 : 6)
const everything = { 4: address('0.0.0.0'), 6: address('::') } as const
const routeKey = (family: 4 | 6, { address: to, length }: Prefix, table: number): string =>
  `${family} ${to}/${length} ${table}`
