import type { VirtualRouter } from '../../model/index.ts'
import { OWNER } from '../../proto/vrrp/index.ts'
import { ADDRESS_PROTOCOL, type LinkAddress } from '../../sys/netlink/index.ts'
import { place } from './address-keeper.ts'
import { addressId, type NetworkView } from './network-view.ts'

/**
 * The addresses that an earlier run left behind: those with our mark, anywhere, and the configured virtual ones (kernels
 * before 5.18 keep no mark), but for those in `held` and those of an owner, which may be the host's own.
 */
export function leftovers(
  routers: readonly VirtualRouter[],
  view: NetworkView,
  held: (id: string) => boolean,
): readonly LinkAddress[] {
  const configured = new Set<string>()
  const owned = new Set<string>()
  for (const router of routers)
    for (const address of [...router.addresses, ...router.excludedAddresses]) {
      const placed = place(address, view)
      if (placed !== undefined) (router.priority === OWNER ? owned : configured).add(addressId(placed))
    }
  return [...view.addresses()].filter((address) => {
    const id = addressId(address)
    if (held(id)) return false
    if (address.protocol === ADDRESS_PROTOCOL) return true
    return configured.has(id) && !owned.has(id)
  })
}
