/**
 * Neighbour discovery as far as holding an address needs it: the unsolicited advertisement as a whole frame, and who
 * claims an address. Owns nothing.
 */

export * from './claim.ts'
export * from './unsolicited-advertisement.ts'
