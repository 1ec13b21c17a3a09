import { compareAddresses, type IpAddress, isLinkLocal6, isMulticast } from '../../base/index.ts'
import type { ListedServer } from '../../model/index.ts'

/**
 * Can packets for a real server be sent there, from any interface? What the DNS says is not taken for more: not this host itself,
 * not everybody, not a neighbour of one interface.
 */
export const isServerAddress = (address: IpAddress): boolean =>
  !isMulticast(address) &&
  !isLinkLocal6(address) &&
  address !== '::' &&
  address !== '::1' &&
  !/^(?:0|127)\./.test(address) &&
  address !== '255.255.255.255'

/** In an order that does not depend on how the answer was shuffled; each address and port once. */
export function inOrder(servers: readonly ListedServer[]): readonly ListedServer[] {
  const sorted = servers.toSorted(
    (a, b) =>
      compareAddresses(a.address, b.address) ||
      (a.port ?? 0) - (b.port ?? 0) ||
      (b.weight ?? 0) - (a.weight ?? 0) ||
      ((a.hostName ?? '') < (b.hostName ?? '') ? -1 : 1),
  )
  return sorted.filter((one, i) => {
    const before = sorted[i - 1]
    return before?.address !== one.address || before.port !== one.port
  })
}
