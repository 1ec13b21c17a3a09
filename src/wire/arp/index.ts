/** ARP as far as holding an address needs it: the gratuitous request, as a whole Ethernet frame. Owns nothing. */

export * from './gratuitous-arp.ts'
