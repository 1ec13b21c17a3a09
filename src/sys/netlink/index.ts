/**
 * The kernel's links, addresses, routes and neighbours: a client that asks and changes, and a monitor that is told of
 * changes (rtnetlink(7)); a client for families of generic netlink, such as IPVS's; and a monitor of processes (the kernel's
 * connector). Owns one netlink socket each; the bytes are src/wire/netlink's. Requests are synchronous, because the kernel
 * carries them out within sendmsg: a caller that returns from adding an address may announce it. Not for large routing
 * tables, which nobody here reads.
 */

export { openGenericClient } from './generic-client.ts'
export * from './link-pair.ts'
export { type ChangeNftables, changeNftables } from './nftables.ts'
export * from './nftables-monitor.ts'
export * from './ports.ts'
export { openProcessMonitor, type ProcessNews } from './process-monitor.ts'
export { openRouteClient } from './route-client.ts'
export { openRouteMonitor } from './route-monitor.ts'
export * from './virtual-link.ts'
