import { fail, ok, type Result } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import { withinNetworkNamespace } from '../../sys/privileges/index.ts'

/**
 * Takes addresses with our mark off the interfaces: for when no vrrp role is there to do it. Blocks for about a millisecond.
 * @param namespace where the roles work; undefined: here
 * @param routers   only addresses of these; undefined: all
 * @returns those removed, `address/prefix`
 */
export async function removeLeftAddresses(
  namespace: string | undefined,
  routers: readonly VirtualRouter[] | undefined,
): Promise<Result<readonly string[], { readonly message: string }>> {
  // Not at the start: most daemons end without ever needing it.
  const { ADDRESS_PROTOCOL, openRouteClient } = await import('../../sys/netlink/index.ts')
  const client = namespace === undefined ? openRouteClient() : withinNetworkNamespace(namespace, openRouteClient)
  if (!client.ok) return client
  const routes = client.value
  try {
    const links = routes.links()
    if (!links.ok) return links
    const addresses = routes.addresses()
    if (!addresses.ok) return addresses
    const names = new Map(links.value.map(({ index, name }) => [index, name]))
    const wanted = routers && new Set(routers.flatMap(addressesOf).map((one) => placeOf(one.interface, one)))
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
