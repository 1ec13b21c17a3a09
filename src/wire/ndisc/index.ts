/** Neighbour discovery as far as holding an address needs it: the unsolicited advertisement as a whole frame. Owns nothing. */

export * from './unsolicited-advertisement.ts'
