/**
 * IP datagrams as packet sockets see them: whole Ethernet frames in, addresses and payload out. Owns nothing; puts no fragments together
 * and passes over no extension headers, which none of our protocols uses.
 */

export * from './framed-datagram.ts'
