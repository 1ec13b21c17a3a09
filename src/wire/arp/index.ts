/** ARP as far as holding an address needs it: the gratuitous request, and who claims an address. Owns nothing. */

export * from './claim.ts'
export * from './gratuitous-arp.ts'
