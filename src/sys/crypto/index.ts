/**
 * Keyed digests of the system's OpenSSL. It is loaded when the first key is: most daemons have none, and the vrrp role counts
 * its memory. Owns the keys it is given for as long as the caller keeps what it got for them.
 */

export { type Hmac, openHmac } from './hmac.ts'
