/**
 * The rules of auth_hmac around the digest (draft-cassen-vrrp-auth-hmac, keepalived.conf(5)): which sequence number to send
 * next, and whether a trailer is accepted, by its age, its key, its HMAC and what its sender has sent before. Pure: wall-clock
 * time comes as an argument, and so does the answer whether the HMAC is right. Weak by design of the extension: four
 * multicast senders are remembered, a restart forgets them all, and whoever has a key can speak for any source.
 */

export { checkHmac, type HmacArrival, type HmacRejection, type Verified } from './check.ts'
export { type Marks, noMarks } from './marks.ts'
export { nextSequence } from './sequence.ts'
