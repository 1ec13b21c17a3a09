import { addressBytes, familyOf, type IpAddress } from '../../base/index.ts'

/** An address of the interface with its network. */
export type InterfaceAddress = { readonly address: IpAddress; readonly prefixLength: number }

/** Not asked more often, whoever sends. Milliseconds. */
const REFRESH = 1_000

/**
 * Whether a source is another host of the interface's networks: messages have no other proof of where they come from.
 * @param read  the interface's addresses as they are now
 */
export function neighbours(read: () => readonly InterfaceAddress[], now: () => number): (source: IpAddress) => boolean {
  let held = read()
  let readAt = now()
  const isOther = (source: IpAddress) =>
    held.every(({ address }) => address !== source) && held.some((network) => contains(network, source))
  return (source) => {
    if (isOther(source)) return true
    if (now() - readAt < REFRESH) return false
    held = read()
    readAt = now()
    return isOther(source)
  }
}

function contains({ address, prefixLength }: InterfaceAddress, other: IpAddress): boolean {
  if (familyOf(address) !== familyOf(other)) return false
  const [a, b] = [addressBytes(address), addressBytes(other)]
  for (let i = 0; i < a.length; i++) {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * i))
    if ((((a[i] as number) ^ (b[i] as number)) & (0xff00 >> bits) & 0xff) !== 0) return false
  }
  return true
}
