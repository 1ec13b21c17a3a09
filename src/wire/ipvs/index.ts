/**
 * The messages of the kernel's IPVS (generic netlink family IPVS, linux/ip_vs.h) and the lines of its connection table in
 * /proc, as values. What the numbers mean to forwarding is src/forwarding/ipvs's business. Attributes that are not named
 * here are left out; nests are read with and without NLA_F_NESTED. Nothing here throws for what comes from outside.
 */

export * from './command.ts'
export * from './connection-line.ts'
export * from './daemon.ts'
export * from './destination.ts'
export * from './info.ts'
export * from './service.ts'
export * from './statistics.ts'
export * from './timeouts.ts'
