/**
 * Values without a domain: units of time, results, addresses, checksums, the log's shape. Imports nothing, touches
 * nothing; everyone may use it.
 */

export * from './address.ts'
export * from './assert-never.ts'
export * from './byte-order.ts'
export * from './bytes.ts'
export * from './checksum.ts'
export * from './log.ts'
export * from './mac.ts'
export * from './pseudo-header.ts'
export * from './rare-lines.ts'
export * from './result.ts'
export * from './units.ts'
