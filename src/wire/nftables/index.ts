/**
 * Requests to nf_tables as bytes (linux/netfilter/nf_tables.h, nfnetlink.h): tables, chains, sets with their elements, rules
 * of expressions, and the batch that makes many of them one transaction. Only what is asked, nothing of what is answered:
 * the kernel acknowledges as for any netlink message. No I/O: src/sys/netlink carries them.
 */

export * from './batch.ts'
export * from './expression.ts'
export * from './request.ts'
