import { virtualRouterKey } from '../../model/index.ts'
import type { LoweredRouter } from '../lower/index.ts'
import type { Report } from '../report.ts'

/**
 * Does each virtual router have an id of its own on its interface, in its family? The second one is left out. keepalived
 * allows the same id again with another multicast group or other unicast peers; here the id is the identity.
 */
export function checkVirtualRouterIds(routers: readonly LoweredRouter[], report: Report): readonly LoweredRouter[] {
  const taken = new Map<string, LoweredRouter>()
  return routers.filter((router) => {
    const { value } = router
    const key = virtualRouterKey(value)
    const first = taken.get(key)
    if (first === undefined) {
      taken.set(key, router)
      return true
    }
    report.error(
      'object',
      router.virtualRouterId,
      `virtual_router_id ${value.virtualRouterId} is used twice for IPv${value.family} ${value.interface === '' ? 'without an interface' : `on ${value.interface}`}; vrrp_instance ${value.name} is left out`,
      {
        rule: 'duplicate-virtual-router-id',
        remedy: 'give it another id',
        related: [{ at: first.virtualRouterId, message: `first used here, by vrrp_instance ${first.value.name}` }],
      },
    )
    return false
  })
}
