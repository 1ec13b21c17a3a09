/**
 * Requests to nf_tables as bytes (linux/netfilter/nf_tables.h, nfnetlink.h): tables, chains, sets with their elements, rules
 * of expressions, and the batch that makes many of them one transaction; the kernel acknowledges as for any netlink message.
 * Of what it tells by itself only from which tables something was removed. No I/O: src/sys/netlink carries them.
 */

export * from './batch.ts'
export * from './expression.ts'
export * from './notification.ts'
export * from './request.ts'
