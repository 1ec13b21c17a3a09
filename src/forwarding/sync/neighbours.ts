import { type IpAddress, inSubnet } from '../../base/index.ts'

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
    held.every(({ address }) => address !== source) &&
    held.some(({ address, prefixLength }) => inSubnet(address, source, prefixLength))
  return (source) => {
    if (isOther(source)) return true
    if (now() - readAt < REFRESH) return false
    held = read()
    readAt = now()
    return isOther(source)
  }
}
