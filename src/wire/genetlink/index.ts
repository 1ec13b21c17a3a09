/**
 * Generic netlink: the header that every family's messages have within a netlink message, and the one request that tells a
 * family's number (linux/genetlink.h). Families such as IPVS's build on it; src/sys/netlink carries the bytes.
 */

export * from './family.ts'
export * from './generic-message.ts'
