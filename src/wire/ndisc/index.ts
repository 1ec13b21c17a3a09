/**
 * Neighbour discovery as far as holding an address needs it: the unsolicited advertisement and the solicitation as whole frames, and
 * who claims an address. Owns nothing.
 */

export * from './claim.ts'
export * from './claim-frame.ts'
export * from './solicitation.ts'
export * from './unsolicited-advertisement.ts'
