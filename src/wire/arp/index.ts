/** ARP (RFC 826): packets, the gratuitous request, and who claims an address. Owns nothing. */

export * from './claim.ts'
export * from './gratuitous-arp.ts'
export * from './packet.ts'
