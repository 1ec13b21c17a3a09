import type { Result } from '../../base/index.ts'

/** The first field that is wrong, and what it held. */
export type Decoded<T> = Result<T, { readonly field: string; readonly got: number }>

/**
 * Netlink is written in the order of the host that speaks it: true for least significant byte first. Only fields that
 * come from the wire (addresses, ports) are in network order.
 */
export type LittleEndian = boolean

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
